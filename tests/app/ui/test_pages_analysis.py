"""The pages that look back and around, each on an empty ledger and on the demo's, with traces and reviews beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Element

from agents.assistant.steps import STEPS
from agents.members.equipment import Equipment
from agents.members.registry import build_members
from app.benchmark.agents.in_folder import Wanted
from app.commands import bench_agents
from app.desk import resolve_open, run_crowd
from db.demo import DemoWorld
from db.dialogues import Variant
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.ledger.ledger import Ledger
from db.ledger.traces import TraceStore
from db.questions.factory import generate
from db.records import BinaryQuestion, Forecast
from db.reviews import PeerReview
from db.traces import Trace, TraceStep
from db.values import ProbabilityValue

PAGES = Path(__file__).resolve().parents[3] / "app" / "ui" / "pages"
MEMBERS = ("climatology", "persistence", "decayed_frequency")
NAMES = ("track_record", "world", "crowd", "assistant", "agent_runs")
TIMEOUT_S = 120
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Desk:
    """A folder with a store and a ledger, and the open question that was put into it."""

    folder: Path
    question: BinaryQuestion

    @property
    def ledger(self) -> str:
        return str(self.folder / "ledger.db")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The demo's world with resolved questions of a week, an open one, reviews of its forecasts, an agent's runs."""
    folder = tmp_path_factory.mktemp("desk")
    _week(folder)
    question = BinaryQuestion(text="Will it rain?", open_at=NOW, resolve_by=datetime(2100, 1, 1, tzinfo=UTC))
    forecasts = [
        Forecast(
            question_id=question.id,
            member=member,
            as_of=NOW,
            created_at=NOW,
            value=ProbabilityValue(probability=0.4),
            rationale="Clouds.",
        )
        for member in ("cot:alpha", "cot:beta")
    ]
    marks = {("alpha", 0): 5, ("alpha", 1): 3, ("beta", 0): 4, ("beta", 1): 1}
    reviews = [
        PeerReview(
            question_id=question.id,
            assessor=assessor,
            respondent=forecasts[at].member,
            forecast_id=forecasts[at].id,
            created_at=NOW,
            marks={"evidence": mark, "logic": mark},
        )
        for (assessor, at), mark in marks.items()
    ]
    with Ledger(str(folder / "ledger.db")) as ledger:
        ledger.append([question, *forecasts, *reviews])
    with TraceStore(str(folder / "ledger.db")) as traces:
        traces.append([_trace(question, "answered", "a"), _trace(question, "unfinished", "b")])
    return Desk(folder, question)


def _week(folder: Path) -> None:
    """Three members' forecasts of a week of the demo's world, and what came of it."""
    DemoWorld(0).write_files(folder / "files")
    ingest_files([folder / "files"], folder / "store")
    store, cut = EventStore(folder / "store"), datetime(2024, 12, 2, tzinfo=UTC)
    questions = generate(store.as_of(cut), horizon_days=7, n=120, seed=0)
    with Ledger(str(folder / "ledger.db")) as ledger:
        run_crowd(questions, store, build_members(MEMBERS, Equipment()), as_of=cut, now=NOW, ledger=ledger)
        resolve_open(store, ledger, now=NOW)


def _trace(question: BinaryQuestion, outcome: str, said: str) -> Trace:
    steps = (
        TraceStep(kind="prompt", text="You are asked."),
        TraceStep(kind="reply", text=f"Let me count, {said}.\n```python\nprint(42)\n```", completion_tokens=12),
        TraceStep(kind="tool_call", tool="get_events", arguments={"head_entities": ["TUR"], "limit": 5}),
        TraceStep(
            kind="observation", tool="get_events", text="3 events", latest_added_at=datetime(2025, 12, 31, tzinfo=UTC)
        ),
        TraceStep(kind="reply", text='{"probability": 0.4, "rationale": "a calm winter"}'),
    )
    return Trace.model_validate(
        {
            "question_id": question.id,
            "member": "react:scripted",
            "model": "scripted",
            "as_of": NOW,
            "created_at": NOW,
            "outcome": outcome,
            "steps": steps,
        }
    )


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Every test opens its own ledger and store, and has a cache folder of its own."""
    monkeypatch.setenv("AUSPEX_CACHE", str(tmp_path / "cache"))
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


def _page(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("AUSPEX_STORE", str(folder / "store"))
    monkeypatch.setenv("AUSPEX_DATABASE_URL", str(folder / "ledger.db"))
    return AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=TIMEOUT_S).run()


def _text(page: AppTest) -> str:
    """All that the page says in words and numbers."""
    kinds = ("title", "subheader", "markdown", "caption", "code", "error", "html", "success", "warning")
    return "\n".join(str(item.value) for kind in kinds for item in page.get(kind) if isinstance(item, Element))


@pytest.mark.parametrize("name", NAMES)
def test_page_of_an_empty_desk_says_what_to_do_next(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _page(name, tmp_path, monkeypatch)
    assert not page.exception
    assert "auspex" in _text(page) or name == "assistant"


@pytest.mark.parametrize("name", NAMES)
def test_page_of_a_filled_desk_shows_without_an_error(name: str, filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _page(name, filled.folder, monkeypatch)
    assert not page.exception and not page.error
    assert page.title and ("n = " in _text(page) or name in ("assistant", "agent_runs"))


def test_world_as_of_an_earlier_day_reads_nothing_later(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _page("world", filled.folder, monkeypatch)
    page.slider(key="world_as_of").set_value(datetime(2024, 3, 2, tzinfo=UTC).date()).run()
    assert "Only what was known before 2 Mar 2024, 00:00 UTC. The newest of it became known 1 Mar 2024" in _text(page)


def test_world_of_a_pair_shows_both_directions(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _page("world", filled.folder, monkeypatch)
    page.selectbox(key="world_subject").set_value("TUR")
    page.selectbox(key="world_object").set_value("GBR").run()
    assert [item.value for item in page.subheader] == ["Turkey toward United Kingdom", "United Kingdom toward Turkey"]
    page.selectbox(key="world_object").set_value("TUR").run()
    assert "No event matches" in _text(page) and not page.exception


def test_crowd_says_which_rule_is_used_and_compares_them_with_n(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    said = _text(_page("crowd", filled.folder, monkeypatch))
    assert "Nothing learnt: weights take 100 known outcomes" in said.replace("\\", "")
    assert "Rules compared, back-test" in said
    assert re.search(r"n = \d+ questions that all 3 members answered, in \d+ clusters", said)


def test_crowd_shows_all_six_intraclass_correlations(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    said = _text(_page("crowd", filled.folder, monkeypatch))
    assert all(f"ICC({model},{of})" in said for model in (1, 2, 3) for of in ("1", "k"))
    assert "n = 4 reviews: 2 assessors of 2 respondents" in said


def test_dialogue_is_recorded_whole_after_the_last_number(
    filled: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        ledger.append([filled.question])
    page = _page("assistant", tmp_path, monkeypatch)
    _button(page, "Begin").click().run()
    page.text_input[0].set_value("35")
    _button(page, "Continue").click().run()
    assert "could be a percentage or a probability" in page.error[0].value
    for step in STEPS[Variant.STRUCTURED]:
        (page.text_input if step.number else page.text_area)[0].set_value("35%" if step.number else "Clouds.")
        _button(page, "Continue").click().run()
        assert not page.exception and not page.error
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        [dialogue] = ledger.dialogues()
        before, after = ledger.forecasts()
    assert [turn.step for turn in dialogue.turns] == [step.name for step in STEPS[Variant.STRUCTURED]]
    assert (before.id, after.id) == (dialogue.before_id, dialogue.after_id)
    assert "Both are recorded as human" in _text(page)


def test_dialogue_that_is_broken_off_records_nothing_and_debriefs(
    filled: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        ledger.append([filled.question])
    page = _page("assistant", tmp_path, monkeypatch)
    page.selectbox(key="assistant_help").set_value(Variant.NOISY).run()
    _button(page, "Begin").click().run()
    page.text_input[0].set_value("35%")
    _button(page, "Continue").click().run()
    _button(page, "Break off").click().run()
    assert "nothing was recorded" in _text(page) and "poor on purpose" in _text(page)
    with Ledger(str(tmp_path / "ledger.db")) as ledger:
        assert not ledger.dialogues() and not ledger.forecasts()


def test_agents_traces_read_as_words_code_and_results(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _page("agent_runs", filled.folder, monkeypatch)
    said = _text(page)
    assert "print(42)" in [item.value for item in page.code]
    assert "Calls get\\_events" in said and "head entities" in said and "3 events" in said
    assert '{"probability"' not in said and "a calm winter" in said
    assert "newest row known 2025-12-31" in said
    page.text_input(key="trace_question").set_value("ffff").run()
    assert "No run matches" in _text(page)


def test_agents_benchmark_is_shown_with_n_and_its_class_of_leakage(
    filled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUSPEX_STORE", str(filled.folder / "store"))
    monkeypatch.setenv("AUSPEX_DATABASE_URL", filled.ledger)
    wanted = Wanted(queries=3, horizons=(1,))
    bench_agents.agents(["climatology"], wanted, None, None, None, None, as_json=True)
    said = _text(_page("agent_runs", filled.folder, monkeypatch))
    assert "3 queries" in said and "n = 3 at 1 day" in said and "Clean" in said


def _button(page: AppTest, label: str) -> Button:
    return next(button for button in page.button if button.label == label)


def test_no_page_has_the_name_of_a_room_that_it_would_hide_from_imports() -> None:
    assert not {path.stem for path in PAGES.glob("*.py")} & {"app", "agents", "tools", "db", "ensembles"}
