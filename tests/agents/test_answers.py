"""Answers: read strictly or refused with the reason; nothing dropped, nothing guessed (faults 11, pitfall 4)."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import db.cameo as cameo
from agents.answer_forms import schema
from agents.answers import LEVELS, parse
from agents.strict_json import MAX_CHARACTERS
from db.errors import Unparseable
from db.records import BinaryQuestion, MultipleChoiceQuestion, NumericQuestion, Question, RelationQuestion
from db.values import CodeSetValue, CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue

OPEN_AT = datetime(2025, 6, 1, tzinfo=UTC)
COMMON: dict[str, Any] = {"text": "What will be?", "open_at": OPEN_AT, "resolve_by": OPEN_AT + timedelta(days=7)}
BINARY = BinaryQuestion(**COMMON)
CHOICE = MultipleChoiceQuestion(options=("red", "green", "blue"), **COMMON)
NUMERIC = NumericQuestion(lower=0.0, upper=100.0, **COMMON)
RELATION = RelationQuestion(day=date(2025, 6, 2), subject="CHN", object="TWN", **COMMON)
GIVEN = RelationQuestion(day=date(2025, 6, 2), subject="CHN", object="TWN", given_any_event=True, **COMMON)


def binary(number: str) -> str:
    return f'{{"rationale": "r", "probability": {number}}}'


def options(*pairs: tuple[str, float]) -> str:
    listed = [{"option": option, "probability": p} for option, p in pairs]
    return json.dumps({"rationale": "r", "options": listed})


def quantiles(*values: float, levels: tuple[float, ...] = LEVELS) -> str:
    listed = [{"level": level, "value": value} for level, value in zip(levels, values, strict=True)]
    return json.dumps({"rationale": "r", "quantiles": listed})


def codes(*pairs: tuple[Any, float]) -> str:
    return json.dumps({"rationale": "r", "codes": [{"code": code, "probability": p} for code, p in pairs]})


@pytest.mark.parametrize("number", ["0", "1", "0.37", "1e-3", "0.999999"])
def test_probability_within_bounds_is_taken_as_it_stands(number: str) -> None:
    parsed = parse(BINARY, binary(number))
    assert parsed.value == ProbabilityValue(probability=float(number))
    assert parsed.rationale == "r"


@pytest.mark.parametrize(
    "text",
    [
        f"  \n{binary('0.3')}\n",
        f"```json\n{binary('0.3')}\n```",
        f"First I thought.\n\n```python\nprint(1)\n```\n\n```json\n{binary('0.3')}\n```\nGood luck!",
    ],
)
def test_answer_alone_or_in_its_only_block_is_read(text: str) -> None:
    assert parse(BINARY, text).value == ProbabilityValue(probability=0.3)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("I'm sorry, but I can't help with that.", "no JSON object"),
        ("0.3", "no JSON object"),
        ("The probability is 0.3.", "no JSON object"),
        ("[0.3]", "no JSON object"),
        (binary("1.2"), "probability"),
        (binary("-0.1"), "probability"),
        (binary("NaN"), "NaN"),
        (binary("Infinity"), "Infinity"),
        (binary("-Infinity"), "Infinity"),
        (binary("1e999"), "probability"),
        (binary("9" * 5000), "probability"),
        (binary('"85%"'), "probability"),
        (binary('"0,7"'), "probability"),
        (binary('"0.7"'), "probability"),
        (binary("0,7"), "broken"),
        (binary("85%"), "broken"),
        (binary("true"), "probability"),
        (binary("null"), "probability"),
        (binary("[0.3]"), "probability"),
        (binary("0.3 0.4"), "broken"),
        ('{"probability": 0.3, "probability": 0.7}', "twice"),
        ('{"rationale": "r", "probability": 0.3, "probability_no": 0.7}', "probability_no"),
        ('{"rationale": "r"}', "probability"),
        ('{"rationale": 7, "probability": 0.3}', "rationale"),
        ("{}", "probability"),
        (f"{binary('0.3')}\n{binary('0.4')}", "more text follows"),
        (f"{binary('0.3')} or so", "more text follows"),
        (f"```json\n{binary('0.3')}\n```\n```json\n{binary('0.4')}\n```", "2 JSON blocks"),
        (f"```json\n{binary('0.3')}\n{binary('0.4')}\n```", "more text follows"),
        (f"```json\n{binary('0.3')}", "cut off"),
        (f"```json\n{binary('0.3')}\n```\n```json\n{binary('0.3')}", "cut off"),
        ("```json\n[0.3]\n```", "list"),
        (binary("0.3")[:-1], "broken"),
        (binary("0.3")[:25], "broken"),
        (binary("0.3").replace('":', '"'), "broken"),
        (binary("0.3").replace('"', "'"), "broken"),
        ('{"rationale": "' + "very " * 400_000 + '", "probability": 0.3}', "characters long"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested too deeply"),
        ('{"04": ["042"]}', "probability"),
    ],
)
def test_anything_but_one_answer_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(Unparseable, match=reason) as refusal:
        parse(BINARY, text)
    assert refusal.value.raw_text == text
    assert refusal.value.reason == "unparseable"
    assert len(str(refusal.value)) < 300


def test_reply_at_the_size_limit_is_still_read() -> None:
    filler = "x" * (MAX_CHARACTERS - len(binary("0.3")))
    assert parse(BINARY, binary("0.3").replace('"r"', f'"r{filler}"')).value == ProbabilityValue(probability=0.3)


def test_options_each_once_within_tolerance_are_brought_to_one() -> None:
    parsed = parse(CHOICE, options(("blue", 0.2), ("red", 0.5), ("green", 0.29)))
    assert isinstance(parsed.value, ProbabilitiesValue)
    assert parsed.value.probabilities == pytest.approx({"red": 0.5 / 0.99, "green": 0.29 / 0.99, "blue": 0.2 / 0.99})
    assert list(parsed.value.probabilities) == ["red", "green", "blue"]
    assert parsed.notes == ("probabilities summed to 0.99",)
    assert not parse(CHOICE, options(("blue", 0.2), ("red", 0.5), ("green", 0.3))).notes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (options(("red", 0.5), ("green", 0.5)), "blue"),
        (options(("red", 0.5), ("green", 0.3), ("Blue", 0.2)), "blue"),
        (options(("red", 0.5), ("green", 0.3), ("blue", 0.1), ("blue", 0.1)), "twice"),
        (options(("red", 0.5), ("green", 0.3), ("blue", 0.1), ("pink", 0.1)), "not the question's"),
        (options(("red", 0.5), ("green", 0.3), ("blue", 0.17)), "sum to 0.97"),
        (options(("red", 0.5), ("green", 0.5), ("blue", 0.5)), "sum to 1.5"),
        (options(("red", 0.0), ("green", 0.0), ("blue", 0.0)), "sum to 0"),
        (options(("red", 1.5), ("green", -0.25), ("blue", -0.25)), "options.0.probability"),
        ('{"rationale": "r", "options": {"red": 0.5, "green": 0.3, "blue": 0.2}}', "options"),
    ],
)
def test_options_that_are_not_a_distribution_over_the_question_are_refused(text: str, reason: str) -> None:
    with pytest.raises(Unparseable, match=reason):
        parse(CHOICE, text)


def test_quantiles_at_the_levels_asked_are_taken() -> None:
    assert parse(NUMERIC, quantiles(0, 2, 2, 7.5, 100)).value == QuantilesValue(
        levels=LEVELS, values=(0, 2, 2, 7.5, 100)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (quantiles(1, 2, 3, 4, levels=LEVELS[:4]), "levels"),
        (quantiles(1, 2, 3, 4, 5, levels=(0.1, 0.25, 0.5, 0.75, 0.9)), "levels"),
        (quantiles(5, 4, 3, 2, 1, levels=LEVELS[::-1]), "levels"),
        (quantiles(1, 2, 4, 3, 5), "descend"),
        (quantiles(-1, 2, 3, 4, 5), "bounds"),
        (quantiles(1, 2, 3, 4, 101), "bounds"),
        (quantiles(1, 2, 3, 4, math.nan), "NaN"),
        (quantiles(1, 2, 3, 4, math.inf), "Infinity"),
        (quantiles(1, 2, 3, 4, 5).replace("5}]", '"5"}]'), "value"),
        ('{"rationale": "r", "quantiles": []}', "levels"),
    ],
)
def test_quantiles_that_are_none_are_refused(text: str, reason: str) -> None:
    with pytest.raises(Unparseable, match=reason):
        parse(NUMERIC, text)


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
        ("{}", ()),
    ],
)
def test_mirai_set_is_read_as_a_set_without_probabilities(text: str, selected: tuple[str, ...]) -> None:
    assert parse(RELATION, text).value == CodeSetValue(selected=selected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"04": ["130"]}', "not its root"),
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
        parse(GIVEN, "{}")


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


@given(st.text(max_size=200) | st.text(alphabet='{}[]":,0123456789.eE+-`jsoncdprbailty \n', max_size=200))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    for question in (BINARY, CHOICE, NUMERIC, RELATION):
        try:
            parse(question, text)
        except Unparseable as refusal:
            assert refusal.raw_text == text


@pytest.mark.parametrize("question", [BINARY, CHOICE, NUMERIC, RELATION])
def test_schema_asks_for_every_field_and_allows_no_other(question: Question) -> None:
    found = schema(question)
    for part in (found, *found.get("$defs", {}).values()):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    assert next(iter(found["properties"])) == "rationale"


def test_schema_of_options_names_exactly_the_questions() -> None:
    assert schema(CHOICE)["$defs"]["OptionChance"]["properties"]["option"]["enum"] == ["red", "green", "blue"]


def test_value_without_unknown_codes_is_stored_as_before_the_field_existed() -> None:
    assert "unknown" not in CodesValue(probabilities={"04": 0.5}).model_dump()
    assert "unknown" not in json.loads(CodeSetValue(selected=("04",)).model_dump_json())
    again = CodesValue.model_validate_json(CodesValue(probabilities={}, unknown=("999",)).model_dump_json())
    assert again.unknown == ("999",)
