"""The default rule learns where the evidence says that it may, and from nothing that was not known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.adaptive import MIN_KNOWN, PLAIN, STACKED, learn
from ensembles.gate import forward_gains
from ensembles.history import History
from ensembles.odds import Floats, expit
from ensembles.pooling import logit_pool
from ensembles.stacking import fit_shrunk_stack

NOW = np.datetime64("2025-12-01", "D")


def past(
    *, rounds: int = 1, n: int = MIN_KNOWN, market: bool = True, confidence: float = 0.5, seed: int = 0, days: int = 10
) -> History:
    """Rounds of `n` questions a month apart, known `days` later; three members say `confidence` of the truth."""
    random = np.random.default_rng(seed)
    truth = 2 * random.standard_normal(rounds * n)
    months = np.datetime64("2025-11", "M") - np.arange(rounds)
    asked_at = np.repeat(months.astype("datetime64[D]"), n)
    known_at = (asked_at.astype(np.int64) + days).astype("datetime64[D]")
    return History(
        members=("a", "b", "c"),
        probability=expit(confidence * truth[:, None] + 0.2 * random.standard_normal((len(truth), 3))),
        outcome=(random.random(len(truth)) < expit(truth)).astype(np.float64),
        asked_at=asked_at,
        known_at=known_at,
        cluster=np.arange(len(truth)),
        market=np.full(len(truth), market),
    )


def test_market_questions_are_stacked_once_a_hundred_outcomes_were_known() -> None:
    learnt = learn(past(), market=True, now=NOW)
    assert (learnt.rule, learnt.n_known, learnt.rounds) == (STACKED, 100, 1)
    assert sum(learnt.parameters.values()) > 1.2
    assert np.isnan(learnt.gain.mean)  # no later round yet


@pytest.mark.parametrize(
    ("history", "market", "reason"),
    [
        (past(n=MIN_KNOWN - 1), True, "known: 99"),
        (past(market=False), True, "known: 0"),
        (past(days=40), True, "known: 0"),
        (past(rounds=4, market=False), False, "4 of 5 rounds"),
        (past(rounds=8, market=False, confidence=1.0), False, "off: no difference"),
    ],
)
def test_default_is_the_plain_pool_where_too_little_is_known(history: History, market: bool, reason: str) -> None:
    learnt = learn(history, market=market, now=NOW)
    assert learnt.rule == PLAIN
    assert learnt.parameters == {}
    assert reason in learnt.reason
    p = np.array([[0.1, 0.4, 0.3], [0.9, np.nan, 0.7]])
    np.testing.assert_array_equal(learnt.pool(p), logit_pool(p))


def test_data_questions_are_stacked_after_a_win_on_five_later_rounds() -> None:
    learnt = learn(past(rounds=8, market=False), market=False, now=NOW)
    assert learnt.rule == STACKED
    assert learnt.gain.low > 0


def test_market_stack_is_dropped_when_it_lost_on_later_rounds() -> None:
    """The first round is half as sure as it should be, the later one twice: what was learnt makes it worse."""
    cautious, sure = past(rounds=2), past(rounds=2, confidence=3.0, seed=1)
    later = cautious.asked_at == cautious.asked_at.max()
    mixed = np.where(later[:, None], sure.probability, cautious.probability)
    outcome = np.where(later, sure.outcome, cautious.outcome)
    history = History(
        members=cautious.members,
        probability=mixed,
        outcome=outcome,
        asked_at=cautious.asked_at,
        known_at=cautious.known_at,
        cluster=cautious.cluster,
        market=cautious.market,
    )
    learnt = learn(history, market=True, now=NOW)
    assert learnt.rule == PLAIN
    assert "lost to the plain pool" in learnt.reason


def test_a_member_without_answers_leaves_nothing_to_learn_from() -> None:
    history = past()
    silent = np.column_stack([history.probability, np.full(len(history), np.nan)])
    grown = History(
        members=(*history.members, "new"),
        probability=silent,
        outcome=history.outcome,
        asked_at=history.asked_at,
        known_at=history.known_at,
        cluster=history.cluster,
        market=history.market,
    )
    assert learn(grown, market=True, now=NOW).n_known == 0


def test_how_often_a_cluster_is_asked_later_changes_no_replay() -> None:
    """Weights of what is learnt from are those of the moment, not of the whole past."""
    early, late = past(rounds=2, market=False), past(rounds=1, market=False, seed=5)
    again = History(
        members=early.members,
        probability=np.concatenate([early.probability, late.probability]),
        outcome=np.concatenate([early.outcome, late.outcome]),
        asked_at=np.concatenate([early.asked_at, late.asked_at + np.timedelta64(14, "D")]),
        known_at=np.concatenate([early.known_at, late.known_at + np.timedelta64(14, "D")]),
        cluster=np.concatenate([early.cluster, early.cluster[:MIN_KNOWN]]),  # questions asked once more
        market=np.concatenate([early.market, late.market]),
    )
    replays = [_replayed(history, early.asked_at.max()) for history in (early, again)]
    np.testing.assert_array_equal(replays[0], replays[1])


def _replayed(history: History, moment: np.datetime64) -> Floats:
    found = forward_gains(
        fit_shrunk_stack,
        history.probability,
        outcome=history.outcome,
        asked_at=history.asked_at,
        known_at=history.known_at,
        without=logit_pool,
        cluster=history.cluster,
        min_taught=MIN_KNOWN,
    )
    return np.asarray(found.gain[history.asked_at == moment])


@given(flips=st.lists(st.integers(0, 199), max_size=50))
@settings(max_examples=25, deadline=None)
def test_outcomes_known_later_change_nothing(flips: list[int]) -> None:
    history = past(rounds=2, days=40)  # the last round's outcomes are not known yet
    outcome = history.outcome.copy()
    outcome[flips] = 1 - outcome[flips]
    unknown = history.known_at >= NOW
    changed = History(
        members=history.members,
        probability=history.probability,
        outcome=np.where(unknown, outcome, history.outcome),
        asked_at=history.asked_at,
        known_at=history.known_at,
        cluster=history.cluster,
        market=history.market,
    )
    before, after = (learn(each, market=True, now=NOW) for each in (history, changed))
    assert before.rule == STACKED
    assert before.parameters == after.parameters
    assert before.reason == after.reason
