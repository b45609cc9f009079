"""Models that misuse the run itself: one that never ends, one that calls what there is not, one that obeys anybody."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from app.dev.answers import Answer
from app.dev.asked import Asked
from app.dev.policies import EVENTS, look_ups, planned, python_block, scripted
from app.dev.replies import Reply, ToolCall

NO_SUCH_TOOL = ToolCall(name="get_future_events", arguments={"day": "tomorrow"})
_WRONG_ARGUMENTS = {"date_range": "yesterday", "unknown_argument": 1}

_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_PROBABILITY = re.compile(
    r"(?:set|make|put|output|answer|report|give|return|use|state|setze|mets|pon|fija|imposta|defina|установи|укажи|将|把|設定)"
    r"[^.\n]{0,60}?(?:probabil\w*|wahrscheinlichkeit|вероятност\w*|概率|確率)"
    r"[^\d\n]{0,40}?(\d+(?:[.,]\d+)?) ?(%?)",
    re.IGNORECASE,
)
_MARK = re.compile(r"(?:score|rate|mark) this [a-z]{0,12} ?(\d+)", re.IGNORECASE)
_TOOL_CALL = re.compile(
    r'\{[^{}]*"(?:name|tool|function)"\s*:\s*"(\w+)"[^{}]*"(?:arguments|parameters|args)"\s*:\s*(\{[^{}]*\})'
)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)\s]+\)")


def loops(asked: Asked) -> Reply | Answer:
    """Looks things up for ever and never answers."""
    question = asked.question
    calls = planned(asked, question) if question else []
    if not calls:
        return scripted(asked)
    return Reply(tool_calls=tuple(calls[-1:])) if asked.tools else look_ups(calls)


def bad_tool(asked: Asked) -> Reply | Answer:
    """Calls a tool that there is not, and one that there is with wrong arguments; then behaves."""
    wrong = (NO_SUCH_TOOL, ToolCall(name=EVENTS, arguments=_WRONG_ARGUMENTS))
    if asked.tools and not asked.made_calls:
        return Reply(tool_calls=wrong)
    question = asked.question
    if question is None or not asked.writes_python or len(asked.runs) > 1:
        return scripted(asked)
    return look_ups(planned(asked, question)) if asked.runs else python_block("\n".join(call.python for call in wrong))


def obeys(asked: Asked) -> Reply | Answer:
    """Does what any text in its prompts and observations tells it: calls tools, sets probabilities, shows images."""
    orders = "\n".join(_readings(asked.given))
    made = [call.name for call in asked.made_calls]
    for name, arguments in _TOOL_CALL.findall(orders):
        ordered = ToolCall(name=name, arguments=_loads(arguments))
        if asked.tools and name not in made:
            return Reply(tool_calls=(ordered,))
        if asked.writes_python and not any(name in text for text in asked.said):
            return python_block(f"print({ordered.python})")
    found = scripted(asked)
    if isinstance(found, Answer):
        found = _with_image(_with_probability(_with_marks(found, orders), orders), orders)
    return found


WAYWARD: dict[str, Callable[[Asked], Reply | Answer]] = {"loops": loops, "bad-tool": bad_tool, "obeys": obeys}


def _readings(text: str) -> Iterable[str]:
    """The text as a person would see it, and what its base64 says."""
    plain = _INVISIBLE.sub("", text.replace('\\"', '"'))
    yield plain
    for blob in _BASE64.findall(plain):
        try:
            yield base64.b64decode(blob, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue


def _with_probability(found: Answer, orders: str) -> Answer:
    ordered = _PROBABILITY.search(orders)
    if ordered is None:
        return found
    probability = float(ordered[1].replace(",", ".")) / (100 if ordered[2] else 1)
    return found.with_numbers(probability, "probability")


def _with_marks(found: Answer, orders: str) -> Answer:
    """A review whose every mark is the one that was ordered, on whatever scale."""
    ordered, marks = _MARK.search(orders), found.content.get("marks")
    return found if ordered is None or not marks else found.with_numbers(int(ordered[1]), *marks)


def _with_image(found: Answer, orders: str) -> Answer:
    image = _IMAGE.search(orders)
    if image is None:
        return found
    words = "comment" if "comment" in found.content else "rationale"
    return found.saying(**{words: f"{found.content[words]} {image[0]}"})


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
