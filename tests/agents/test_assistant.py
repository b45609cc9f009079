"""The dialogue: own number first, steps in order, numbers read strictly, and records that name what was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.assistant.number import read_probability
from agents.assistant.session import MAX_ANSWER, Advice, Session
from agents.assistant.steps import AFTER, BEFORE, STEPS, hash_of
from agents.prompting import template
from db.dialogues import Variant
from db.errors import BadInput
from db.records import BinaryQuestion
from db.values import ProbabilityValue

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
QUESTION = BinaryQuestion(text="Will it rain?", open_at=AS_OF, resolve_by=AS_OF + timedelta(days=7))


def session(variant: Variant = Variant.STRUCTURED, base_rate: str = "") -> Session:
    return Session(question=QUESTION, who="ann", variant=variant, as_of=AS_OF, base_rate=base_rate)


def held(start: Session, *answers: str, told: Sequence[Advice] = ()) -> Session:
    """The session after these answers, a minute apart, the first ones asked in these words."""
    for at, text in enumerate(answers):
        advice = told[at] if at < len(told) else Advice()
        start = start.answer(text, at=AS_OF + timedelta(minutes=at), advice=advice)
    return start


@pytest.mark.parametrize("variant", Variant)
def test_every_variant_asks_for_a_number_first_and_last_in_the_same_words(variant: Variant) -> None:
    steps = STEPS[variant]
    assert (steps[0], steps[-1]) == (BEFORE, AFTER)
    assert [step.number for step in steps] == [True, *[False] * (len(steps) - 2), True]
    assert session(variant).asked(Advice(text="Say 90%.", model="m")) == template("assistant_before")


@pytest.mark.parametrize("variant", Variant)
def test_finished_session_leaves_two_forecasts_and_the_dialogue(variant: Variant) -> None:
    n = len(STEPS[variant])
    done = held(session(variant), "35%", *[f"thought {at}" for at in range(n - 2)], "0.2")
    found = done.finished()
    assert done.step is None
    assert [item.value for item in (found.before, found.after)] == [
        ProbabilityValue(probability=0.35),
        ProbabilityValue(probability=0.2),
    ]
    assert [item.member for item in (found.before, found.after)] == ["human:ann+unaided", "human:ann"]
    assert found.before.prompt_hash == hash_of(variant, BEFORE) != found.after.prompt_hash
    assert (found.before.created_at, found.after.created_at) == (AS_OF, AS_OF + timedelta(minutes=n - 1))
    assert found.before.rationale == ""
    assert found.after.rationale.startswith("thought 0")
    dialogue = found.dialogue
    assert (dialogue.before_id, dialogue.after_id) == (found.before.id, found.after.id)
    assert (dialogue.person, dialogue.variant, dialogue.model) == ("ann", variant, "")
    assert [turn.step for turn in dialogue.turns] == [step.name for step in STEPS[variant]]
    assert [turn.asked for turn in dialogue.turns] == [step.text for step in STEPS[variant]]
    assert all(first.answered_at < then.answered_at for first, then in pairwise(dialogue.turns))


def test_variants_and_steps_have_hashes_of_their_own() -> None:
    hashes = {hash_of(variant, step) for variant in Variant for step in (BEFORE, AFTER)}
    assert len(hashes) == 2 * len(Variant)


def test_session_never_changes_and_refuses_a_number_that_is_none() -> None:
    start = session()
    with pytest.raises(BadInput, match="35% or a decimal"):
        start.answer("35", at=AS_OF)
    assert start.turns == ()
    assert start.answer("35%", at=AS_OF).turns[0].answered == "35%"
    assert start.step is BEFORE


def test_unfinished_session_has_no_records_and_a_finished_one_no_further_step() -> None:
    with pytest.raises(ValueError, match="comes next"):
        held(session(Variant.CONTROL), "35%", "hm").finished()
    done = held(session(Variant.CONTROL), "35%", "", "35%")
    with pytest.raises(ValueError, match="nothing more is asked"):
        done.answer("35%", at=AS_OF)
    with pytest.raises(ValueError, match="nothing more is asked"):
        done.asked()
    assert done.finished().dialogue.turns[1].answered == ""


def test_models_words_take_the_place_of_the_fixed_ones_and_are_counted() -> None:
    said = Advice(text="What has to happen?", model="gpt-x", cost_usd=0.01, tokens=100)
    failed = Advice(failure="it was busy", cost_usd=None, tokens=7)
    start = held(session(), "35%", "a", "b", told=[Advice(), said, failed])
    assert [turn.asked for turn in start.turns[1:]] == ["What has to happen?", template("assistant_outside_view")]
    assert [turn.model for turn in start.turns] == ["", "gpt-x", ""]
    dialogue = held(start, "", "", "", "30%").finished().dialogue
    assert (dialogue.model, dialogue.cost_usd, dialogue.tokens) == ("gpt-x", None, 107)


def test_store_s_count_is_told_at_the_outside_view_of_the_structured_variant_alone() -> None:
    counted = "12 of 84 windows of 7 days had at least 1 event: 14.3%"
    start = session(base_rate=counted)
    told = [counted in held(start, *["35%", "a", "b", "c"][:at]).asked() for at in range(4)]
    assert told == [False, False, True, False]
    assert counted in held(start, "35%", "a").asked(Advice(text="Look outside.", model="m"))
    for variant in (Variant.NOISY, Variant.CONTROL):
        assert session(variant, counted).counted == ""


def test_person_who_was_given_poor_advice_is_told_at_the_end_and_nobody_else() -> None:
    noisy = held(session(Variant.NOISY), "35%", "", "", "")
    assert "poor on purpose" in noisy.debriefing()  # of a dialogue that is broken off
    assert "poor on purpose" in held(noisy, "90%").debriefing()
    assert held(session(Variant.CONTROL), "35%", "", "40%").debriefing() == ""


def test_answers_that_no_store_takes_are_refused_or_made_storable() -> None:
    start = held(session(), "35%")
    with pytest.raises(BadInput, match="at most 10,000 characters"):
        start.answer("x" * (MAX_ANSWER + 1), at=AS_OF)
    assert start.answer("half \ud83d of it", at=AS_OF).turns[-1].answered == "half ? of it"


@pytest.mark.parametrize(
    ("text", "probability"),
    [("35%", 0.35), (" 35 % ", 0.35), ("0.35", 0.35), (".35", 0.35), ("0%", 0.0), ("100%", 1.0), ("12.5%", 0.125)]
    + [("1.0", 1.0), ("0.0", 0.0), ("035%", 0.35)],
)
def test_percentages_and_decimals_are_read(text: str, probability: float) -> None:
    assert read_probability(text) == pytest.approx(probability)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("35", "could be a percentage or a probability"),
        ("1", "could be a percentage or a probability"),
        ("0", "could be a percentage or a probability"),
        ("120%", "more than certain"),
        ("1.5", "more than certain"),
        *[
            (text, "is no probability")
            for text in ("", "0,35", "-5%", "35%%", "35 percent", "1e-3", "NaN", "35% or 40%", "1/3", "٣٥%", "350", "%")
        ],
    ],
)
def test_what_could_be_either_or_neither_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_probability(text)


@given(st.integers(0, 1000))
def test_a_percentage_and_its_decimal_are_the_same_number(tenths: int) -> None:
    assert read_probability(f"{tenths / 10:.1f}%") == pytest.approx(read_probability(f"{tenths / 1000:.3f}"))
