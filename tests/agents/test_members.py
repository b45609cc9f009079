"""Members: hand-worked counts, no future, bounds, and every kind of failure recorded as one."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from agents.crowd import aggregate
from agents.members.equipment import Equipment
from agents.members.features import relation_features
from agents.members.fits import FitCache
from agents.members.frequency import decayed_frequency, shrunk_frequency
from agents.members.rates import at_least_overdispersed, at_least_poisson
from agents.members.registry import MEMBERS, build_members
from agents.members.state import HALF_LIVES, State, history_of
from agents.members.statistical import day_number
from db import cameo
from db.demo import DemoWorld
from db.errors import UnknownName
from db.events.filters import View
from db.events.quads import Quads
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.questions.factory import binary_question, generate, relation_question
from db.questions.resolver import resolve
from db.records import EventCriterion, FailureReason, Forecast, MemberFailure, NumericQuestion, Question
from db.values import CodesValue, ProbabilityValue

AS_OF = datetime(2024, 7, 1, tzinfo=UTC)


def quads(*rows: tuple[int, str, str, str]) -> Quads:
    names = sorted({name for _, a, b, _ in rows for name in (a, b)})
    codes = cameo.base_codes()
    ordered = sorted(rows)
    return Quads(
        day=np.array([row[0] for row in ordered], dtype=np.int32),
        subject=np.array([names.index(row[1]) for row in ordered], dtype=np.int16),
        object=np.array([names.index(row[2]) for row in ordered], dtype=np.int16),
        code=np.array([codes.index(row[3]) for row in ordered], dtype=np.int16),
        mentions=np.ones(len(rows), dtype=np.float32),
        countries=tuple(names),
        codes=codes,
    )


PAST = quads(
    (100, "CHN", "TWN", "130"), (100, "CHN", "TWN", "010"), (102, "CHN", "TWN", "130"), (103, "USA", "CHN", "040")
)


def test_decayed_frequency_by_hand() -> None:
    """Code 010 on day 100 of active days 100 and 102, seen from 104: 0.9^3 / (0.9^3 + 0.9^1)."""
    history = history_of(PAST, digits=3, before=104)
    state = State(history)
    state.advance(104)
    pair = history.pair_of(history.positions(["CHN", "TWN"])[:1], history.positions(["CHN", "TWN"])[1:])
    [found] = decayed_frequency(state, pair, 104)
    assert found[history.codes.index("010")] == pytest.approx(0.9**3 / (0.9**3 + 0.9))
    assert found[history.codes.index("130")] == pytest.approx(1.0)
    unseen = np.array([history.pairs])
    assert decayed_frequency(state, unseen, 104).max() == 0
    assert 0 < shrunk_frequency(state, unseen, 104).max() < 1


def test_state_reads_nothing_on_or_after_its_day_and_never_goes_back() -> None:
    later = quads(*[(104 + n, "CHN", "TWN", "190") for n in range(5)], (99, "CHN", "TWN", "130"))
    both = quads((99, "CHN", "TWN", "130"))
    features = []
    for source in (later, both):
        history = history_of(source, digits=3, before=104)
        state = State(history)
        state.advance(104)
        features.append(relation_features(state, np.array([0]), 106))
    assert np.array_equal(features[0], features[1])
    with pytest.raises(ValueError, match="cannot go back"):
        state.advance(103)
    assert len(HALF_LIVES) == len(state.pair)


def test_tail_probabilities_by_hand() -> None:
    assert at_least_poisson(np.array([1.0]), np.array([1])) == pytest.approx(1 - np.exp(-1))
    assert at_least_overdispersed(np.array([1.0]), np.array([1]), 1.0) == pytest.approx(0.5)
    assert at_least_overdispersed(np.array([1.0]), np.array([2]), 1e6) == pytest.approx(1 - 2 * np.exp(-1), abs=1e-4)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    DemoWorld(seed=3, start=date(2024, 1, 1), days=200).write_files(folder / "files")
    ingest_files([folder / "files"], folder / "store")
    return folder / "store"


@pytest.fixture(scope="module")
def snapshot(world: Path) -> Snapshot:
    return EventStore(world).as_of(AS_OF, view=View(min_mentions=20))


@pytest.fixture(scope="module")
def answered(snapshot: Snapshot) -> tuple[list[Question], dict[str, list[Forecast | MemberFailure]]]:
    questions: list[Question] = list(generate(snapshot, horizon_days=5, n=60, seed=1))
    members = build_members([], Equipment())
    return questions, {
        member.name: asyncio.run(member.forecast(questions, snapshot, created_at=AS_OF)) for member in members
    }


@pytest.mark.slow
def test_every_member_answers_every_question_within_bounds(
    answered: tuple[list[Question], dict[str, list[Forecast | MemberFailure]]],
) -> None:
    questions, answers = answered
    assert set(answers) == set(MEMBERS)
    for name, forecasts in answers.items():
        assert [item.question_id for item in forecasts] == [question.id for question in questions], name
        for item in forecasts:
            assert isinstance(item, Forecast), item
            if isinstance(item.value, CodesValue):
                for code, p in item.value.probabilities.items():
                    if len(code) == 3:
                        root = item.value.probabilities.get(code[:2], item.value.unlisted)
                        assert root >= p - 1e-6, (name, code)


@pytest.mark.slow
def test_members_are_the_same_whatever_the_store_learns_later(
    world: Path, answered: tuple[list[Question], dict[str, list[Forecast | MemberFailure]]], tmp_path: Path
) -> None:
    """The canary: the store's files cut off at as_of give the same forecasts as the whole."""
    questions, answers = answered
    DemoWorld(seed=3, start=date(2024, 1, 1), days=200).write_files(tmp_path / "files")
    for file in (tmp_path / "files").glob("*.zip"):
        if file.name >= "20240701":
            file.unlink()
    ingest_files([tmp_path / "files"], tmp_path / "store")
    past = EventStore(tmp_path / "store").as_of(AS_OF, view=View(min_mentions=20))
    for member in build_members(["self_exciting", "shrunk_frequency", "learned_pool"], Equipment()):
        again = asyncio.run(member.forecast(questions, past, created_at=AS_OF))
        for before, after in zip(answers[member.name], again, strict=True):
            assert isinstance(before, Forecast) and isinstance(after, Forecast)
            assert before.value == after.value


def test_members_decline_what_they_cannot_answer(snapshot: Snapshot) -> None:
    text = NumericQuestion(text="How much?", open_at=AS_OF, resolve_by=AS_OF + timedelta(days=1))
    begun = relation_question("USA", "CHN", date(2024, 6, 30), open_at=AS_OF - timedelta(days=2), min_mentions=20)
    other = relation_question("USA", "CHN", date(2024, 7, 2), open_at=AS_OF, min_mentions=50)
    [member] = build_members(["climatology"], Equipment())
    found = asyncio.run(member.forecast([text, begun, other], snapshot, created_at=AS_OF))
    assert [item.reason for item in found if isinstance(item, MemberFailure)] == [FailureReason.UNSUPPORTED] * 3


def test_learned_members_fail_without_history_and_others_go_on(world: Path) -> None:
    early = EventStore(world).as_of(datetime(2024, 1, 3, tzinfo=UTC), view=View(min_mentions=20))
    pair = early.active_pairs(date(2024, 1, 1), date(2024, 1, 3))[0]
    question = relation_question(pair[0], pair[1], date(2024, 1, 4), open_at=early.as_of, min_mentions=20)
    answers = {
        member.name: asyncio.run(member.forecast([question], early, created_at=early.as_of))[0]
        for member in build_members([], Equipment())
    }
    failed = answers["boosting"]
    assert isinstance(failed, MemberFailure) and failed.reason is FailureReason.NO_HISTORY


@pytest.mark.slow
def test_fit_cache_on_disk_gives_the_same_forecasts(snapshot: Snapshot, tmp_path: Path) -> None:
    questions: list[Question] = list(generate(snapshot, horizon_days=5, n=10, seed=2))
    values = []
    for _ in range(2):
        [member] = build_members(["logistic"], Equipment(fits=FitCache(tmp_path)))
        found = asyncio.run(member.forecast(questions, snapshot, created_at=AS_OF))
        values.append([item.value for item in found if isinstance(item, Forecast)])
    assert len(values[0]) == 10
    assert values[0] == values[1]
    assert list(tmp_path.glob("*.joblib"))


def test_unknown_member_lists_the_known() -> None:
    with pytest.raises(UnknownName, match="decayed_frequency"):
        build_members(["oracle"], Equipment())


def test_aggregate_never_fills_in_for_those_who_failed() -> None:
    def said(member: str, p: float) -> Forecast:
        return Forecast(
            question_id="q", member=member, as_of=AS_OF, created_at=AS_OF, value=ProbabilityValue(probability=p)
        )

    failed = [
        MemberFailure(question_id="q", member=m, as_of=AS_OF, created_at=AS_OF, reason=FailureReason.ERROR)
        for m in "xyz"
    ]
    pooled = aggregate([said("a", 0.2), said("b", 0.8), failed[0]], created_at=AS_OF)
    assert pooled is not None and pooled.n_failed == 1
    assert isinstance(pooled.value, ProbabilityValue) and pooled.value.probability == pytest.approx(0.5)
    assert aggregate([said("a", 0.2), *failed], created_at=AS_OF) is None


def test_questions_resolve_once_known_and_not_before(world: Path, snapshot: Snapshot) -> None:
    store = EventStore(world)
    questions = generate(snapshot, horizon_days=5, n=40, seed=5)
    assert resolve(store, questions, now=AS_OF + timedelta(hours=12)) == []
    found = resolve(store, questions, now=datetime(2025, 1, 1, tzinfo=UTC))
    assert len(found) == 40
    assert all(resolution.known_at > AS_OF for resolution in found)
    outcomes = [bool(resolution.outcome) for resolution in found]
    assert 0 < sum(outcomes) < 40
    at_end = EventCriterion(subject="USA", object="CHN", first_day=date(2024, 7, 18), last_day=date(2024, 7, 19))
    assert resolve(store, [binary_question(at_end, open_at=AS_OF)], now=datetime(2025, 1, 1, tzinfo=UTC)) == []


def test_day_number_counts_from_1970() -> None:
    assert day_number(date(1970, 1, 2)) == 1
