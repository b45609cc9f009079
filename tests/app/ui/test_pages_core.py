"""The core pages run on an empty ledger and on a filled one, and say what is wrong in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from agents.llm.models import load_models
from app.ui import words
from db.ledger.ledger import Ledger
from db.records import (
    Aggregate,
    BinaryQuestion,
    Forecast,
    MultipleChoiceQuestion,
    NumericQuestion,
    RelationQuestion,
)
from db.values import CodesValue, ProbabilitiesValue, QuantilesValue
from tests.app.big_ledger import fill

MAIN = Path(__file__).parents[3] / "app" / "ui" / "main.py"
PAGES = ("questions", "jobs", "models", "export")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that the desk keeps everything in; what it opened is closed again."""
    monkeypatch.setenv("AUSPEX_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("AUSPEX_DATABASE_URL", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("AUSPEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("AUSPEX_MODELS", raising=False)
    yield tmp_path
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def filled(place: Path) -> Path:
    """The same with a ledger of yes/no questions, half of them resolved, and one of each other kind."""
    with Ledger(str(place / "ledger.db")) as ledger:
        fill(ledger, 60, 4)
        moment = datetime(2025, 6, 1, tzinfo=UTC)
        clocks = {"open_at": moment, "resolve_by": datetime(2025, 7, 1, tzinfo=UTC)}
        choice = MultipleChoiceQuestion(text="Who wins?", options=("Ada", "Bob"), **clocks)
        number = NumericQuestion(text="How many?", unit="ships", **clocks)
        said = {"member": "direct:scripted", "as_of": moment, "created_at": moment}
        shares = ProbabilitiesValue(probabilities={"Ada": 0.7, "Bob": 0.3})
        quantiles = QuantilesValue(levels=(0.1, 0.5, 0.9), values=(3, 5, 9))
        events = RelationQuestion(
            text="Which events?", day=moment.date(), subject="USA", object="CHN", open_at=moment, resolve_by=moment
        )
        codes = Forecast(question_id=events.id, value=CodesValue(probabilities={"04": 0.6, "042": 0.5}), **said)
        ledger.append([choice, number, events, codes])
        ledger.append([_pooled(codes)])
        ledger.append(
            [
                Forecast(question_id=choice.id, value=shares, rationale="Ada *runs* fast.", tokens=12, **said),
                Forecast(question_id=number.id, value=quantiles, **said),
            ]
        )
    return place


def _pooled(forecast: Forecast) -> Aggregate:
    """The aggregate of one forecast."""
    return Aggregate(
        question_id=forecast.question_id,
        rule="logit_pool",
        as_of=forecast.as_of,
        created_at=forecast.created_at,
        forecast_ids=(forecast.id,),
        value=forecast.value,
        spread=0.0,
        n_failed=0,
    )


def _open(page: str = "desk", **query: str) -> AppTest:
    """The page as it stands after its first run."""
    desk = AppTest.from_file(str(MAIN), default_timeout=60)
    desk.query_params.update(query)
    desk.run()
    if page == "desk":
        return desk
    desk.switch_page(f"pages/{page}.py")
    desk.query_params.update(query)
    return desk.run()


def _text(desk: AppTest) -> str:
    return " ".join(str(item.value) for item in (*desk.markdown, *desk.caption, *desk.error, *desk.warning))


@pytest.mark.parametrize("page", ["desk", *PAGES])
def test_page_on_an_empty_ledger_says_what_to_do(place: Path, page: str) -> None:
    desk = _open(page)
    assert not desk.exception and not desk.error
    assert {"desk": "No events are stored yet", "questions": "No questions yet", "jobs": "No jobs here",
            "models": "No models are configured", "export": "No forecasts yet"}[page] in _text(desk)  # fmt: skip


@pytest.mark.parametrize("page", ["desk", *PAGES])
def test_page_on_a_filled_ledger_runs(filled: Path, page: str) -> None:
    desk = _open(page)
    assert not desk.exception and not desk.error


def test_names_from_outside_are_shown_as_they_stand(place: Path) -> None:
    """As Markdown they would load pictures from strangers."""
    moment, picture = datetime(2025, 6, 1, tzinfo=UTC), "![x](https://evil.example/x.png)"
    with Ledger(str(place / "ledger.db")) as ledger:
        choice = MultipleChoiceQuestion(
            text="Which?", options=(picture, "b"), open_at=moment, resolve_by=datetime(2025, 7, 1, tzinfo=UTC)
        )
        said = Forecast(
            question_id=choice.id,
            member=picture,
            value=ProbabilitiesValue(probabilities={picture: 0.7, "b": 0.3}),
            rationale="So.",
            as_of=moment,
            created_at=moment,
        )
        ledger.append([choice, said])
        ledger.append([_pooled(said)])
    desk = _open("questions", question=choice.id)
    assert not desk.exception
    [figure] = [item.value for item in desk.metric if item.label == "The crowd says"]
    [reasons] = [item.label for item in desk.expander if "evil" in item.label]
    for shown in (figure, reasons):
        assert words.plain(picture) in shown
        assert picture not in shown


def test_desk_shows_the_track_record_of_what_is_resolved(filled: Path) -> None:
    figures = {metric.label: metric.value for metric in _open().metric}
    assert figures["Resolved"] == "30"
    assert 0 < float(figures["Brier score of the crowd"]) < 1


@pytest.mark.parametrize("text", ["Who wins?", "How many?", "Which events?", "case 3 "])
def test_question_of_every_kind_is_shown_whole(filled: Path, text: str) -> None:
    with Ledger(str(filled / "ledger.db")) as ledger:
        wanted = next(question for question in ledger.questions() if text.strip() in question.text)
    desk = _open("questions", question=wanted.id)
    assert not desk.exception and not desk.error
    assert desk.header[0].value == words.plain(wanted.text)


def test_unknown_question_is_said_in_one_sentence(filled: Path) -> None:
    desk = _open("questions", question="nosuch")
    assert not desk.exception
    assert len(desk.error) == 1 and "nosuch" in desk.error[0].value


def test_filter_narrows_the_list(filled: Path) -> None:
    desk = _open("questions")
    desk.text_input(key="find").set_value("How many").run()
    assert "a number" in _text(desk) and "yes or no" not in _text(desk)


def test_resolving_by_hand_is_kept_with_its_source_and_corrections_stay_readable(place: Path) -> None:
    question = BinaryQuestion(
        text="Will it rain?",
        open_at=datetime(2025, 6, 1, tzinfo=UTC),
        resolve_by=datetime(2025, 7, 1, tzinfo=UTC),
    )
    with Ledger(str(place / "ledger.db")) as ledger:
        ledger.append([question])
    desk = _open("questions", question=question.id)
    desk.button_group(key="outcome").set_value("yes")
    desk.text_input(key="source").set_value("the weather report").run()
    desk.button(key="resolve").click().run()
    assert not desk.exception and not desk.error
    desk.button_group(key="outcome").set_value("no").run()
    desk.button(key="resolve").click().run()
    assert "This corrects it" in desk.error[0].value
    desk.checkbox(key="correct").check().run()
    desk.button(key="resolve").click().run()
    with Ledger(str(place / "ledger.db")) as ledger:
        outcomes = [item.outcome for item in ledger.views.question(question.id).resolutions]
        source = ledger.views.question(question.id).resolutions[0].source
    assert outcomes == [True, False]
    assert source == "by hand: the weather report"


def test_question_in_words_without_a_model_is_refused_before_anything_is_recorded(place: Path) -> None:
    desk = _open()
    desk.button_group(key="about").set_value("Anything, in words").run()
    desk.text_input(key="text").set_value("Will it rain?")
    desk.multiselect(key="members-words").set_value([]).run()
    desk.button(key="ask").click().run()
    assert "only a language model" in desk.error[0].value.lower()
    with Ledger(str(place / "ledger.db")) as ledger:
        assert not ledger.questions()


def test_asking_records_the_question_and_submits_a_job(place: Path) -> None:
    desk = _open()
    desk.button_group(key="about").set_value("Anything, in words").run()
    desk.text_input(key="text").set_value("Will it rain?").run()
    desk.button(key="ask").click().run()
    assert not desk.exception and not desk.error
    with Ledger(str(place / "ledger.db")) as ledger:
        assert [question.text for question in ledger.questions()] == ["Will it rain?"]
    assert desk.query_params["job"] and "No worker" in _text(desk)


def test_models_of_the_file_are_listed_with_what_they_lack(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place / "models.yaml"
    entry = "{model_name: mine, litellm_params: {model: openai/mine, api_key: os.environ/NO_SUCH_KEY, rpm: 7}}"
    file.write_text(f"model_list:\n  - {entry}\n", encoding="utf-8")
    monkeypatch.setenv("AUSPEX_MODELS", str(file))
    shown = _text(_open("models"))
    assert "mine" in shown and "NO_SUCH_KEY" in shown and "7 requests a minute" in shown


def test_example_of_a_models_file_can_be_read() -> None:
    assert load_models(MAIN.with_name("models.example.yaml")).names == ("gpt-5", "local")


def test_schedule_is_added_and_paused(place: Path) -> None:
    desk = _open("jobs")
    desk.button_group(key="shown").set_value("Schedules").run()
    assert "Nothing is scheduled" in _text(desk)
    desk.button(key="schedule-add").click().run()
    assert not desk.exception and not desk.error
    desk.button(key="pause-daily-desk").click().run()
    assert not desk.exception and desk.button(key="unpause-daily-desk")


def test_desk_is_closed_to_those_who_are_not_signed_in(place: Path) -> None:
    desk = AppTest.from_file(str(MAIN), default_timeout=60)
    desk.secrets["auth"] = {"client_id": "desk"}
    desk.run()
    assert not desk.exception
    assert [button.label for button in desk.button] == ["Sign in"]


def test_page_that_is_run_by_itself_is_closed_too(place: Path) -> None:
    page = AppTest.from_file(str(MAIN.with_name("pages") / "models.py"), default_timeout=60)
    page.secrets["auth"] = {"client_id": "desk"}
    page.run()
    assert not page.exception and not page.title and not page.metric


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        (0.5, 1, "50.0%"),
        (0.0, 1, "0.0%"),
        (0.0001, 1, "<0.1%"),
        (0.9999, 1, ">99.9%"),
        (1.0, 0, "100%"),
        (None, 1, "–"),
    ],
)
def test_percent_never_rounds_to_certainty(share: float | None, digits: int, said: str) -> None:
    assert words.percent(share, digits) == said


def test_plain_text_is_no_markup() -> None:
    assert words.plain("*a* [b](c) $x$ :red[y]") == r"\*a\* \[b\](c) \$x\$ \:red\[y\]"
