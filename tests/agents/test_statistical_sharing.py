"""Statistical members among others: computed once, off the event loop, and no more of it than was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import pytest

from agents.members.equipment import Equipment
from agents.members.fit import RelationFit
from agents.members.fits import FitCache
from agents.members.registry import build_members
from agents.members.windows import WindowFit
from db.demo import DemoWorld
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.questions.factory import generate
from db.records import Forecast, MemberFailure, Question

AS_OF = datetime(2024, 1, 15, tzinfo=UTC)
T = TypeVar("T")
Answers = dict[str, list[Forecast | MemberFailure]]


class WatchedFits(FitCache):
    """Fits, and every one that was asked for, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    def get(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        fitted = super().get(key, make)
        self.found.append(fitted)
        return fitted


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("world")
    DemoWorld(seed=3, start=date(2024, 1, 1), days=14).write_files(folder / "files")
    ingest_files([folder / "files"], folder / "store")
    return EventStore(folder / "store").as_of(AS_OF)


@pytest.fixture(scope="module")
def questions(snapshot: Snapshot) -> list[Question]:
    return list(generate(snapshot, horizon_days=5, n=20, seed=1))


def ask(
    names: Sequence[str], questions: Sequence[Question], snapshot: Snapshot, fits: FitCache, pause_s: float = 0.01
) -> tuple[Answers, int]:
    """The members' answers, all asked at once, and how often the event loop came round meanwhile."""
    members = build_members(names, Equipment(fits=fits))

    async def run() -> tuple[Answers, int]:
        rounds = 0
        asked = [asyncio.create_task(each.forecast(questions, snapshot, created_at=AS_OF)) for each in members]
        while not all(task.done() for task in asked):
            rounds += 1
            await asyncio.sleep(pause_s)
        return {member.name: await task for member, task in zip(members, asked, strict=True)}, rounds

    return asyncio.run(run())


def test_members_asked_at_once_are_computed_once_while_the_loop_goes_on(
    questions: list[Question], snapshot: Snapshot
) -> None:
    fits = WatchedFits()
    answers, rounds = ask(["decayed_frequency", "shrunk_frequency", "climatology"], questions, snapshot, fits, 0.0)
    assert [type(fitted) for fitted in fits.found] == [WindowFit, RelationFit]
    assert all(isinstance(item, Forecast) for items in answers.values() for item in items)
    assert rounds > 100


@pytest.mark.slow
def test_counting_members_fit_nothing_learned_and_answer_the_same_beside_learned_ones(
    questions: list[Question], snapshot: Snapshot
) -> None:
    """One cache for both crowds: what few members need must not be taken for what all need, nor the other way round."""
    fits = WatchedFits()
    alone, _ = ask(["decayed_frequency"], questions, snapshot, fits)
    windows, relations = fits.found
    assert windows.kernel is None and windows.boosting is None
    assert all(level.boosting is None and level.logistic is None for level in relations.levels.values())
    beside, _ = ask(["decayed_frequency", "logistic"], questions, snapshot, fits)
    again, _ = ask(["decayed_frequency"], questions, snapshot, fits)
    assert all(isinstance(item, Forecast) for item in beside["logistic"])
    for one, two, three in zip(
        alone["decayed_frequency"], beside["decayed_frequency"], again["decayed_frequency"], strict=True
    ):
        assert isinstance(one, Forecast) and isinstance(two, Forecast) and isinstance(three, Forecast)
        assert one.value == two.value == three.value


@pytest.mark.slow
def test_learned_answers_depend_on_the_questions_asked_and_not_on_earlier_ones_or_on_order(
    questions: list[Question], snapshot: Snapshot
) -> None:
    binary = [question for question in questions if question.kind == "binary"]
    some, others = binary[:4], binary[4:]
    fresh, _ = ask(["self_exciting", "boosting"], some, snapshot, FitCache())
    used = FitCache()
    ask(["self_exciting", "boosting"], others, snapshot, used)
    later, _ = ask(["self_exciting", "boosting"], some[::-1], snapshot, used)
    for name in fresh:
        assert [item.id for item in fresh[name]] == [item.id for item in later[name]][::-1]
        assert all(isinstance(item, Forecast) for item in fresh[name])
