"""The good model: reads the request, calls the tools it is offered, reads what they say and answers from that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.dev.answers import LOOK_BACK_DAYS, Answer, answer
from app.dev.asked import Asked, AskedQuestion
from app.dev.backward import led_back
from app.dev.judging import judged
from app.dev.observed import observe, unquoted
from app.dev.replies import Reply, ToolCall
from app.dev.reviewing import review
from app.dev.supervising import verdict

DISTRIBUTIONS = ("get_decayed_relation_distribution", "get_relation_distribution")
EVENTS = "get_events"
MOVED = 0.3
"""How far towards a number that it is shown the model moves."""

_PRINT_WEIGHTS = """\
for code, weight in {call.python}.items():
    print(code, weight)"""
_PRINT_EVENTS = """\
events = {call.python}
print("The newest", len(events), "of", count_events({call.python_arguments}))
for event in events:
    print(event["date"], event["code"])"""
_PRINTING = {**dict.fromkeys(DISTRIBUTIONS, _PRINT_WEIGHTS), EVENTS: _PRINT_EVENTS}


def scripted(asked: Asked) -> Reply | Answer:
    """The next turn of the good model: a tool call, Python to be run, or the answer."""
    question = asked.question
    if question is None:
        return judged(asked) or led_back(asked) or _small_talk(asked)
    if asked.reviews:
        return review(asked)
    if asked.supervises:
        return verdict(asked)
    if asked.aim:
        return Reply(text=f"I have read what you wrote, and I would look at one thing more. {asked.aim}")
    if asked.shown is not None:
        first, shown = asked.shown
        moved = round(first + MOVED * (shown - first), 4)
        reasons = f"From {first} by {MOVED} of the way towards {shown}."
        return Answer(question.kind, {"rationale": reasons, "probability": moved}, reasons)
    if asked.tools:
        return next_call(asked, question) or answer(question, observe(_told(asked)))
    if asked.writes_python:
        calls = planned(asked, question)
        return look_ups(calls) if calls and not asked.runs else answer(question, observe(map(unquoted, asked.runs)))
    return answer(question, observe([asked.dossier]))


def next_call(asked: Asked, question: AskedQuestion) -> Reply | None:
    """The first planned tool call that has not been made yet; None after the last."""
    made = [(call.name, call.arguments) for call in asked.made_calls]
    for call in planned(asked, question):
        if (call.name, call.arguments) not in made:
            return Reply(tool_calls=(call,))
    return None


def planned(asked: Asked, question: AskedQuestion) -> list[ToolCall]:
    """What to look up, in order: how the pair's codes are distributed, then its latest events."""
    distribution = next((call for name in DISTRIBUTIONS for call in _call(asked, question, name)), None)
    return [*([distribution] if distribution else []), *_call(asked, question, EVENTS)]


def look_ups(calls: Sequence[ToolCall]) -> Reply:
    """A turn of Python that makes planned calls and prints what they find, a line each."""
    return python_block("\n".join(_PRINTING[call.name].format(call=call) for call in calls))


def python_block(code: str) -> Reply:
    """A turn that runs code."""
    return Reply(text=f"I look at the record first.\n\n```python\n{code}\n```")


def written(found: Answer, asked: Asked) -> Reply:
    """The answer as it is asked for: a JSON object alone, or after reasons in a block of its own."""
    if asked.wants_reasons_first and asked.schema is None:
        return Reply(text=f"{found.reasons}\n\nI considered both sides.\n\n```json\n{found.json()}\n```")
    return Reply(text=found.json())


def _call(asked: Asked, question: AskedQuestion, name: str) -> Iterator[ToolCall]:
    """The call of a function with all the arguments that the question settles; none if it cannot be called so."""
    schema = asked.tools.get(name)
    if schema is None and asked.writes_python:
        schema = asked.signature(name)
    if schema is None:
        return
    known = _known_arguments(question, name)
    arguments = {key: known[key] for key in schema.get("properties") or {} if known.get(key) is not None}
    if set(schema.get("required") or ()) <= set(arguments):
        yield ToolCall(name=name, arguments=arguments)


def _known_arguments(question: AskedQuestion, name: str) -> dict[str, Any]:
    """The arguments that the tools may have, with their values for this question; None where it has none."""
    subject, object = question.subject, question.object
    known: dict[str, Any] = {
        "head_entity": subject,
        "tail_entity": object,
        "head_entities": [subject] if subject else None,
        "tail_entities": [object] if object else None,
    }
    if name == EVENTS and question.codes:
        known["relations"] = list(question.codes)
    if question.known_until is not None:
        last = question.known_until - timedelta(days=1)
        first = question.known_until - timedelta(days=LOOK_BACK_DAYS)
        known["date_range"] = [first.isoformat(), last.isoformat()]
    return known


def _told(asked: Asked) -> list[str]:
    return [call.observation for call in asked.made_calls if call.observation and call.name in (*DISTRIBUTIONS, EVENTS)]


def _small_talk(asked: Asked) -> Reply | Answer:
    """The turn of a chat that asks no forecasting question: the first tool once, then what the schema wants."""
    if asked.tools and not asked.made_calls and asked.body.get("tool_choice") != "none":
        name, schema = next(iter(asked.tools.items()))
        return Reply(tool_calls=(ToolCall(name=name, arguments=instance_of(schema)),))
    return Reply(text="OK.") if asked.schema is None else Answer("", instance_of(asked.schema), "OK.")


def instance_of(schema: Mapping[str, Any]) -> Any:
    """A small value that a JSON schema allows (of objects, arrays, enums and plain types)."""
    if "const" in schema or schema.get("enum"):
        return schema.get("const", (schema.get("enum") or [None])[0])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        properties = schema.get("properties") or {}
        return {name: instance_of(properties.get(name) or {}) for name in schema.get("required") or properties}
    if kind == "array":
        return [instance_of(schema.get("items") or {})] * max(int(schema.get("minItems", 1)), 1)
    plain: dict[str, Any] = {"number": 0.5, "integer": 1, "boolean": True, "null": None}
    return schema.get("minimum", plain[kind]) if kind in plain else "OK"
