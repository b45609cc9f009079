"""Answers to relation questions: codes with probabilities, or MIRAI's set; none lost, none dropped (pitfall 4)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import db.cameo as cameo
from agents.answers import parse
from db.errors import Unparseable
from db.records import RelationQuestion
from db.values import CodeSetValue, CodesValue

OPEN_AT = datetime(2025, 6, 1, tzinfo=UTC)
ASKED: dict[str, Any] = {
    "text": "What will be?",
    "open_at": OPEN_AT,
    "resolve_by": OPEN_AT + timedelta(days=7),
    "day": date(2025, 6, 2),
    "subject": "CHN",
    "object": "TWN",
}
RELATION = RelationQuestion(**ASKED)
GIVEN = RelationQuestion(given_any_event=True, **ASKED)


def codes(*pairs: tuple[Any, float]) -> str:
    return json.dumps({"rationale": "r", "codes": [{"code": code, "probability": p} for code, p in pairs]})


def test_root_is_raised_to_its_most_probable_base_code() -> None:
    value = parse(RELATION, codes(("04", 0.2), ("042", 0.5), ("043", 0.3), ("130", 0.1))).value
    assert isinstance(value, CodesValue)
    assert value.probabilities == {"04": 0.5, "042": 0.5, "043": 0.3, "13": 0.1, "130": 0.1}
    assert value.unlisted == 0.0


def test_leaf_counts_for_its_base_code_at_the_highest_probability_stated() -> None:
    parsed = parse(RELATION, codes(("1411", 0.4), ("141", 0.1), ("1412", 0.2)))
    assert isinstance(parsed.value, CodesValue)
    assert parsed.value.probabilities == {"14": 0.4, "141": 0.4}
    assert parsed.notes == ("1411 counts for 141", "1412 counts for 141")


def test_unknown_codes_are_kept_and_counted_never_dropped() -> None:
    """Pitfall 4: MIRAI drops unknown codes before scoring."""
    parsed = parse(RELATION, codes(("042", 0.5), ("999", 0.9), ("21", 0.9), ("42", 0.3), ("visit", 0.2)))
    assert parsed.unknown_codes == ("999", "21", "42", "visit")
    assert isinstance(parsed.value, CodesValue)
    assert parsed.value.unknown == parsed.unknown_codes
    assert set(parsed.value.probabilities) == {"04", "042"}
    assert parsed.notes == ("4 unknown codes: 999, 21, 42, visit",)
    of_set = parse(RELATION, '{"04": ["042", "049"], "21": ["211"]}')
    assert of_set.value == CodeSetValue(selected=("04", "042"), unknown=("049", "21", "211"))


def test_answer_of_unknown_codes_alone_is_an_answer_that_says_nothing() -> None:
    value = parse(RELATION, codes(("999", 0.9))).value
    assert value == CodesValue(probabilities={}, selected=(), unknown=("999",))
    with pytest.raises(Unparseable, match="known code"):
        parse(GIVEN, codes(("999", 0.9)))


def test_set_is_empty_where_nothing_is_likelier_unless_an_event_is_given() -> None:
    text = codes(("04", 0.05), ("042", 0.05), ("130", 0.02))
    without, given_event = parse(RELATION, text).value, parse(GIVEN, text).value
    assert isinstance(without, CodesValue)
    assert isinstance(given_event, CodesValue)
    assert without.selected == ()
    assert {"04", "042"} <= set(given_event.selected)
    likely = parse(RELATION, codes(("042", 0.9), ("043", 0.8), ("130", 0.01))).value
    assert isinstance(likely, CodesValue)
    assert likely.selected == ("04", "042", "043")


@pytest.mark.parametrize("text", ['{"rationale": "r", "codes": []}', codes(("042", 0.0))])
def test_no_code_at_all_is_an_answer_only_where_nothing_is_given(text: str) -> None:
    value = parse(RELATION, text).value
    assert isinstance(value, CodesValue)
    assert value.selected == ()
    with pytest.raises(Unparseable, match="above 0"):
        parse(GIVEN, text)


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ('{"04": ["042", "043"], "13": ["130"]}', ("04", "042", "043", "13", "130")),
        ('```json\n{"04": []}\n```', ("04",)),
        ('{"14": ["1411"]}', ("14", "141")),
    ],
)
def test_mirai_set_is_read_as_a_set_without_probabilities(text: str, selected: tuple[str, ...]) -> None:
    assert parse(RELATION, text).value == CodeSetValue(selected=selected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"04": ["130"]}', "not its root"),
        ("{}", "codes"),
        ("I cannot say.\n```json\n{}\n```", "codes"),
        ('{"04": "042"}', "no list"),
        ('{"04": [42]}', "no list"),
        ('{"04": ["042"], "rationale": "r"}', "codes"),
        ('{"04": ["042"], "04": ["043"]}', "twice"),
        (codes(("042", 0.4), ("042", 0.5)), "twice"),
        (codes((42, 0.4)), "code"),
        (codes(("042", 1.4)), "probability"),
        ('{"rationale": "r", "codes": ["042"]}', "codes.0"),
        ('{"rationale": "r", "codes": {"042": 0.4}}', "codes"),
    ],
)
def test_relation_answers_that_are_none_are_refused(text: str, reason: str) -> None:
    with pytest.raises(Unparseable, match=reason):
        parse(RELATION, text)


def test_empty_set_is_refused_where_an_event_is_given() -> None:
    with pytest.raises(Unparseable, match="has to be chosen"):
        parse(GIVEN, '{"99": ["999"]}')


@given(
    stated=st.dictionaries(st.sampled_from(cameo.all_codes()), st.floats(0, 1), max_size=30),
    given_any_event=st.booleans(),
)
def test_whatever_is_stated_no_code_is_lost_and_roots_cover_their_children(
    stated: dict[str, float], given_any_event: bool
) -> None:
    question = GIVEN if given_any_event else RELATION
    if given_any_event and not any(stated.values()):
        return
    value = parse(question, codes(*stated.items())).value
    assert isinstance(value, CodesValue)
    assert set(value.probabilities) == {code[:n] for code in stated for n in (2, 3)}
    for code, p in stated.items():
        assert value.probabilities[code[:3]] >= p
        assert value.probabilities[code[:2]] >= value.probabilities[code[:3]]
    assert set(value.selected) <= set(value.probabilities)
