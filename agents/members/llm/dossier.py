"""The dossier of `rag`: one fixed set of look-ups through the tools, in the order in which they help.

A single call with the distribution of a pair's codes and its last 30 events did better than a tool-calling agent at a
tenth of the tokens, and news titles made it worse (REALM 2025).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agents.members.llm.calling import logged
from agents.members.llm.run_log import RunLog
from db.events.snapshot import Snapshot
from db.questions.resolver import criterion_of
from db.records import EventCriterion, Question, RelationQuestion
from tools.registry import toolbox
from tools.tool import Observation
from tools.untrusted import fence

MAX_TITLES = 5
"""Headlines beside the counts of a pair: few, because titles were found to hurt more than they tell."""
MAX_TITLES_ALONE = 15
"""Headlines where there is no pair to count: then they are all there is."""
WEEKS = 13
_NOTHING = "Nothing is stored about this question."

_Call = tuple[str, str, dict[str, Any]]


def dossier(question: Question, snapshot: Snapshot, log: RunLog) -> str:
    """What the store has on the question, as sections under `###` headings; every look-up is logged.

    A question with a pair of countries gets their counts, latest events and a few headlines; one without gets the
    headlines that share its words. What a tool has no answer to is left out.
    """
    tools = logged(toolbox(snapshot), log)
    criterion = criterion_of(question)
    calls = _pair_calls(criterion, isinstance(question, RelationQuestion)) if criterion else _word_calls(question)
    sections = []
    for heading, name, arguments in calls:
        found = tools[name](**arguments)
        limit = MAX_TITLES if criterion else MAX_TITLES_ALONE
        if not found.failed and (text := _shown(name, found, limit)):
            sections.append(f"### {heading}\n\n{text}")
    return "\n\n".join(sections) or _NOTHING


def _pair_calls(criterion: EventCriterion, is_relation: bool) -> Iterator[_Call]:
    pair = {"head_entities": [criterion.subject], "tail_entities": [criterion.object]}
    codes: Mapping[str, Any] = {} if criterion.codes is None else {"relations": list(criterion.codes)}
    one_pair = {"head_entity": criterion.subject, "tail_entity": criterion.object}
    yield "Types of events, recent days counting more", "get_decayed_relation_distribution", one_pair
    window = {"window_days": (criterion.last_day - criterion.first_day).days + 1, "at_least": criterion.at_least}
    heading = "Days with any event" if is_relation else "How often past windows of this length met the criterion"
    yield heading, "get_base_rate", {**pair, **codes, **window}
    yield "Events by week", "get_event_timeline", {**pair, **codes, "bucket": "week"}
    yield "The last week against the time before", "compare_windows", {**pair, **codes}
    yield "The latest events", "get_events", pair
    yield "Headlines behind the latest events", "get_news_articles", pair


def _word_calls(question: Question) -> Iterator[_Call]:
    yield "Headlines that share words with the question", "get_news_articles", {"text_description": question.text[:400]}


def _shown(name: str, found: Observation, max_titles: int) -> str:
    """An observation as the dossier shows it: without addresses, and with few headlines."""
    if name == "get_events":
        return "\n".join(map(_event_line, found.data))
    if name == "get_news_articles":
        titles = [f"{article['date']} {article['title']} ({article['host']})" for article in found.data[:max_titles]]
        return fence("\n".join(titles)) if titles else ""
    if name == "get_event_timeline":
        weeks = found.data[-WEEKS:]
        return "\n".join(f"{week['first_day']} ({week['days']} days): {week['events']} events" for week in weeks)
    return found.text


def _event_line(event: Mapping[str, Any]) -> str:
    tone = "" if event["tone"] is None else f", tone {event['tone']:.1f}"
    return f"{event['date']} {event['code']} {event['title']} (mentions {event['mentions']}{tone})"
