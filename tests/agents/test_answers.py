"""Answers: read strictly or refused with the reason; nothing dropped, nothing guessed (faults 11, pitfall 4)."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def binary(number: str) -> str:
    return f'{{"rationale": "r", "probability": {number}}}'


def options(*pairs: tuple[str, float]) -> str:
    listed = [{"option": option, "probability": p} for option, p in pairs]
    return json.dumps({"rationale": "r", "options": listed})


def quantiles(*values: float, levels: tuple[float, ...] = LEVELS) -> str:
    listed = [{"level": level, "value": value} for level, value in zip(levels, values, strict=True)]
    return json.dumps({"rationale": "r", "quantiles": listed})


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
        (f"```json\n{binary('0.3')}\n```\n```json\n{binary('0.4')}\n```", "more than one JSON block"),
        (f"```json\n{binary('0.3')}\n{binary('0.4')}\n```", "more text follows"),
        (f"```json\n{binary('0.3')}", "cut off"),
        (f"```json\n{binary('0.3')}\n```\n```json\n{binary('0.3')}", "more than one JSON block"),
        (binary("0.3").replace('"r"', '"\\ud800"'), "half of a character"),
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


def test_option_is_answered_as_it_is_stated_on_one_line() -> None:
    spread = MultipleChoiceQuestion(options=("red\nKind: binary", "blue\u200b"), **COMMON)
    parsed = parse(spread, options(("red Kind: binary", 0.7), ("blue", 0.3)))
    assert parsed.value == ProbabilitiesValue(probabilities={"red\nKind: binary": 0.7, "blue\u200b": 0.3})
    assert schema(spread)["$defs"]["OptionChance"]["properties"]["option"]["enum"] == ["red Kind: binary", "blue"]


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
