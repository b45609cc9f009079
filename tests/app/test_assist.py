"""`auspex assist`: a dialogue from the terminal or a file into the ledger, and the report worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from agents.people import UNAIDED, person
from app.cli.assist import app
from db.dialogues import Variant
from db.errors import AuspexError
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, NumericQuestion, Question, Resolution
from db.values import ProbabilityValue

NOW = datetime.now(UTC)
COMMON: dict[str, Any] = {"open_at": NOW - timedelta(days=1), "resolve_by": NOW + timedelta(days=7)}
RAIN, SNOW, WIND = (BinaryQuestion(text=f"Will there be {what}?", **COMMON) for what in ("rain", "snow", "wind"))
STRUCTURED = ("40%", "Clouds.", "One day in three.", "It is autumn.", "", "", "30%")


class Assist:
    """The commands on a ledger of their own that holds three questions."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ledger = folder, str(folder / "ledger.db")
        with Ledger(self.ledger) as book:
            book.append([RAIN, SNOW, WIND])

    def run(self, *arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(
            app,
            [*arguments, "--ledger", self.ledger],
            input=typed,
            env={"AUSPEX_STORE": str(self.folder / "none"), "COLUMNS": "80"},
        )

    def hold(self, question: str, answers: Sequence[str], *options: str) -> dict[str, Any]:
        """A dialogue with answers from a file."""
        path = self.folder / "answers.json"
        path.write_text(json.dumps(list(answers)), encoding="utf-8")
        done = self.run("ask", question, "--answers", str(path), "--json", *options)
        assert done.exit_code == 0, done.output
        content: dict[str, Any] = json.loads(done.stdout)
        return content

    def report(self) -> dict[str, Any]:
        done = self.run("report", "--json")
        assert done.exit_code == 0, done.output
        content: dict[str, Any] = json.loads(done.stdout)
        return content

    def resolve(self, question: Question, outcome: Any, *, known_at: datetime | None = None) -> None:
        known = known_at or datetime.now(UTC) + timedelta(days=1)
        with Ledger(self.ledger) as book:
            book.append([Resolution(question_id=question.id, outcome=outcome, resolved_at=known, known_at=known)])

    def counts(self) -> dict[str, int]:
        with Ledger(self.ledger) as book:
            return book.counts()


@pytest.fixture
def assist(tmp_path: Path) -> Assist:
    return Assist(tmp_path)


def test_typed_dialogue_asks_again_for_a_number_that_is_none_and_is_recorded_whole(assist: Assist) -> None:
    done = assist.run("ask", RAIN.id[:8], "--name", "ann", typed="\n".join(("40", *STRUCTURED)) + "\n")
    assert done.exit_code == 0, done.output
    assert "Not taken: 40 could be a percentage or a probability" in done.stdout
    assert "7 of 7 · Your number now" in done.stdout
    assert "40.0% before, 30.0% after." in done.stdout
    with Ledger(assist.ledger) as book:
        [dialogue], [before, after] = book.dialogues([RAIN.id]), book.forecasts([RAIN.id])
        assert book.verify().ok
    assert (dialogue.before_id, dialogue.after_id) == (before.id, after.id)
    assert [item.value for item in (before, after)] == [
        ProbabilityValue(probability=0.4),
        ProbabilityValue(probability=0.3),
    ]
    assert (before.member, after.member) == (person("ann") + UNAIDED, person("ann"))
    assert [turn.answered for turn in dialogue.turns] == list(STRUCTURED)


def test_dialogue_that_is_broken_off_leaves_nothing(assist: Assist) -> None:
    done = assist.run("ask", "Will it hail?", typed="40%\nClouds.\n")
    assert done.exit_code == 130
    assert "Broken off: nothing was recorded." in done.stderr
    assert assist.counts() == {"question": 3}


def test_noisy_person_who_breaks_off_is_debriefed_too(assist: Assist) -> None:
    done = assist.run("ask", RAIN.id, "--variant", "noisy", typed="40%\n\n")
    assert done.exit_code == 130
    assert "poor on purpose" in done.stderr


def test_model_asks_in_its_own_words_between_the_numbers(assist: Assist) -> None:
    found = assist.hold("Will it hail?", STRUCTURED, "--model", "scripted", "--by", f"{NOW:%Y}-12-31")
    turns = found["dialogue"]["turns"]
    assert [turn["model"] for turn in turns] == ["", *["scripted"] * 5, ""]
    assert turns[1]["asked"].startswith("I have read what you wrote")
    assert found["dialogue"]["tokens"] > 0
    assert found["question"]["text"] == "Will it hail?"
    assert assist.counts()["dialogue"] == 1


def test_question_in_the_words_of_an_open_one_is_that_one(assist: Assist) -> None:
    assert assist.hold(RAIN.text, STRUCTURED)["question"]["id"] == RAIN.id
    assist.resolve(SNOW, False)
    assert assist.hold(SNOW.text, STRUCTURED)["question"]["id"] != SNOW.id


def test_noisy_person_is_debriefed(assist: Assist) -> None:
    found = assist.hold(RAIN.id, ("40%", "", "", "", "90%"), "--variant", "noisy")
    assert "poor on purpose" in found["debriefing"]
    assert assist.hold(SNOW.id, ("40%", "", "45%"), "--variant", "control")["debriefing"] is None


MISTAKES: dict[str, tuple[str, ...]] = {
    "unknown variant 'free'": (RAIN.id, "--variant", "free"),
    "leave out --model": (RAIN.id, "--variant", "control", "--model", "scripted"),
    "there is no question": ("ffffffff",),
    "says itself by when": (RAIN.id, "--by", "2030-01-01"),
    "is no name for a person": (RAIN.id, "--name", "two words"),
    "unknown model 'nobody'": (RAIN.id, "--model", "nobody"),
    "cannot be read": (RAIN.id, "--answers", "nowhere.json"),
    "has no words": (" ",),
    "end after the year 9999": ("Will it hail?", "--by", "9999-12-31"),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_mistake_is_one_sentence_and_leaves_nothing(assist: Assist, said: str) -> None:
    done = assist.run("ask", *MISTAKES[said], typed="40%\n")
    assert isinstance(done.exception, AuspexError)
    assert said in str(done.exception)
    assert assist.counts() == {"question": 3}


def test_resolved_past_and_other_questions_are_refused(assist: Assist) -> None:
    past = BinaryQuestion(text="Was it hot?", open_at=NOW - timedelta(days=9), resolve_by=NOW - timedelta(days=1))
    number = NumericQuestion(text="How much rain?", **COMMON)
    with Ledger(assist.ledger) as book:
        book.append([past, number])
    assist.resolve(RAIN, True)
    for question, why in ((past, "forecast an open one"), (number, "yes/no questions"), (RAIN, "is resolved")):
        assert why in str(assist.run("ask", question.id).exception)


@pytest.mark.parametrize("content", ['["40%", "30%"]', '"40%"\n3\n"30%"', "{", '["40%", 1, "30%"]', "[" * 100_000])
def test_answers_that_do_not_fit_the_steps_are_refused(assist: Assist, content: str) -> None:
    path = assist.folder / "answers.json"
    path.write_text(content, encoding="utf-8")
    done = assist.run("ask", RAIN.id, "--variant", "control", "--answers", str(path))
    assert "answers file" in str(done.exception)


def test_report_without_anything_says_what_to_do(assist: Assist) -> None:
    assert "auspex assist ask" in assist.run("report").stdout
    assist.hold(RAIN.id, STRUCTURED)
    waiting = assist.run("report").stdout
    assert "1 dialogue not counted: about open questions" in waiting
    assert "auspex resolve" in waiting
    assert assist.report()["left_out"] == {"open": 1, "annulled": 0, "known_before": 0, "repeated": 0}


def test_report_is_what_a_hand_works_out(assist: Assist) -> None:
    """The whole line: questions in a ledger, dialogues, outcomes, and the effect of every variant."""
    for question, name, answers in (
        (RAIN, "ann", ("40%", "", "", "", "", "", "20%")),
        (RAIN, "bob", ("50%", "", "", "", "", "", "50%")),
        (SNOW, "ann", ("60%", "", "", "", "", "", "90%")),
    ):
        assist.hold(question.id, answers, "--name", name, "--model", "scripted")
    assist.hold(RAIN.id, ("40%", "", "60%"), "--name", "cy", "--variant", "control")
    assist.hold(SNOW.id, ("50%", "", "50%"), "--name", "cy", "--variant", "control")
    assist.hold(WIND.id, ("10%", "", "10%"), "--name", "cy", "--variant", "control")
    assist.hold(RAIN.id, STRUCTURED, "--name", "ann")  # her second one about it
    assist.resolve(RAIN, False)
    assist.resolve(SNOW, True)
    found = assist.report()
    assert (found["dialogues"], found["scored"]) == (7, 5)
    assert found["left_out"] == {"open": 1, "annulled": 0, "known_before": 0, "repeated": 1}
    structured, control = found["variants"]
    assert (structured["variant"], structured["track"]) == (Variant.STRUCTURED, "live")
    assert [structured[key] for key in ("n", "people", "questions")] == [3, 2, 2]
    # Rain came not: .16 -> .04 and .25 -> .25; snow came: .16 -> .01.
    assert structured["brier_before"]["mean"] == pytest.approx(0.57 / 3)
    assert structured["brier_after"]["mean"] == pytest.approx(0.30 / 3)
    assert structured["change"]["mean"] == pytest.approx(-0.09)
    assert structured["relative"]["mean"] == pytest.approx(0.30 / 0.57 - 1)
    assert (structured["leave_one_out"]["low"], structured["leave_one_out"]["high"]) == pytest.approx((-0.15, -0.06))
    assert structured["leave_one_out"]["without_low"] == RAIN.id
    # Two questions: all resamples are RAIN twice, both, SNOW twice, which is all that the interval can span.
    assert (structured["change"]["low"], structured["change"]["high"]) == pytest.approx((-0.15, -0.06))
    assert structured["verdict"] == "too few questions to tell"
    assert control["change"]["mean"] == pytest.approx((0.36 - 0.16) / 2)
    assert control["verdict"] == "too few questions to tell"
    assert 0 < control["power"] < 0.5
    assert control["questions_needed"] > 2
    [difference] = found["differences"]
    assert (difference["first"], difference["second"]) == ("structured", "control")
    assert difference["difference"]["mean"] == pytest.approx(-0.09 - 0.1)
    printed = " ".join(assist.run("report").stdout.split())
    assert "Without any one question the change is -0.150 to -0.060." in printed
    assert "control: too few questions to tell" in printed
    assert "2 people" not in printed


def test_outcome_known_before_the_number_and_one_that_is_none_are_not_counted(assist: Assist) -> None:
    for question in (RAIN, SNOW):
        assist.hold(question.id, ("40%", "", "60%"), "--variant", "control")
    assist.resolve(RAIN, True, known_at=NOW - timedelta(hours=1))
    assist.resolve(SNOW, "ANNULLED")
    found = assist.report()
    assert found["left_out"] == {"open": 0, "annulled": 1, "known_before": 1, "repeated": 0}
    assert found["variants"] == found["differences"] == []
