"""The gate: nothing that was learnt is used unless it has won on what came afterwards.

Folds inside one round are no test: base rates move from round to round, and a rule that learnt one round's looks good
on all of it. So `forward_gains` replays the past in order, each round with what was known when it was asked and no
more, and `gate` decides on the differences. Rounds differ for reasons that no count of questions averages out, so they
are resampled as well as the questions within them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ensembles.history import cluster_weight
from ensembles.odds import Floats, checked
from ensembles.power import EFFECT, TARGET, clusters_needed, power
from ensembles.scores import brier
from ensembles.significance import Interval, cluster_bootstrap, resampled_totals, resamples

MIN_ROUNDS = 5
MIN_OUTCOMES = 100

_N_BOOT = 2000

Rule = Callable[..., Floats]
"""Probabilities (n,), or (n, members), to one probability a row, (n,)."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether something learnt is switched on, and why, in a sentence for people.

    `gain` is the mean fall in score with its interval, positive for the better; `power` the chance of having seen a
    gain of `effect`, and `n_needed` the clusters that would see it four times in five, None where that is not known.
    """

    on: bool
    reason: str
    n_outcomes: int
    n_clusters: int
    n_rounds: int
    n_rounds_won: int
    gain: Interval
    effect: float
    power: float
    n_needed: int | None


def gate(
    gain: ArrayLike,
    *,
    round: ArrayLike,
    cluster: ArrayLike,
    min_rounds: int = MIN_ROUNDS,
    min_outcomes: int = MIN_OUTCOMES,
    level: float = 0.95,
    effect: float = EFFECT,
) -> Gate:
    """Switch on only what gained in enough rounds, on enough outcomes, by more than chance.

    `gain` (n,) is the score without what was learnt minus the score with it, on rows that lie after all it was learnt
    from, NaN where it did not speak; `round` and `cluster` (n,) label the rows. On if the clusters with a
    gain number `min_outcomes` or more, in `min_rounds` or more, if it won in more than half of the rounds, and if the
    whole interval lies above 0: the widest, on either side, of a bootstrap over clusters, one over rounds with the
    clusters inside them, and Student's interval of the rounds' mean gains, since a bootstrap of five rounds is too
    narrow. Within a single round the drift between rounds cannot be seen; `min_rounds` of one accepts that. Raises
    ValueError for lengths that differ and gains that are infinite.
    """
    gains, rounds, clusters = np.asarray(gain, dtype=np.float64), np.asarray(round), np.asarray(cluster)
    if gains.ndim != 1 or gains.shape != rounds.shape or gains.shape != clusters.shape:
        raise ValueError(
            f"gain, round and cluster must be (n,): they have shapes {gains.shape}, {rounds.shape}, {clusters.shape}"
        )
    spoke = ~np.isnan(gains)
    if not spoke.any():
        nothing = Interval(np.nan, np.nan, np.nan, level)
        reason = "off: no outcome lies after what it was learnt from"
        return Gate(False, reason, 0, 0, 0, 0, nothing, effect, np.nan, None)
    gains, rounds, clusters = gains[spoke], rounds[spoke], clusters[spoke]
    interval = _interval(gains, rounds, clusters, level)
    _, which, size = np.unique(rounds, return_inverse=True, return_counts=True)
    won = int((np.bincount(which, weights=gains) > 0).sum())
    n_clusters = len(np.unique(clusters))
    on, verdict = _verdict(interval, won=won, rounds=len(size), outcomes=n_clusters, least=(min_rounds, min_outcomes))
    chance = power(gains, clusters, effect=effect, level=level)
    needed = clusters_needed(gains, clusters, effect=effect, level=level)
    seen = f"gain {interval.mean:+.4f} over {len(gains)} outcomes, ahead in {won} of {len(size)} rounds"
    if needed is not None:
        seen += f"; {level:.0%} interval {interval.low:+.4f} to {interval.high:+.4f}"
        seen += f"; power {chance:.0%} to see {effect:g}, {needed} clusters for {TARGET:.0%}"
    reason = f"{'on' if on else 'off'}: {verdict} ({seen})"
    return Gate(on, reason, len(gains), n_clusters, len(size), won, interval, effect, chance, needed)


def _verdict(gain: Interval, *, won: int, rounds: int, outcomes: int, least: tuple[int, int]) -> tuple[bool, str]:
    """Whether to switch on, and the first reason not to."""
    if rounds < least[0]:
        return False, f"{least[0]} rounds are asked for, and there have been {rounds}"
    if outcomes < least[1]:
        return False, f"{least[1]} outcomes are asked for, and there are {outcomes}"
    if gain.high < 0:
        return False, "it makes forecasts worse"
    if not gain.low > 0:  # NaN, of a single cluster, included
        return False, "no difference that the outcomes could show"
    if 2 * won <= rounds:
        return False, "it did not win in most rounds"
    return True, "it makes forecasts better"


def _interval(gains: Floats, rounds: NDArray[Any], clusters: NDArray[Any], level: float) -> Interval:
    """The mean gain, with the widest of the two bootstraps and Student's interval over rounds on either side."""
    [by_cluster] = cluster_bootstrap(gains, clusters, level=level, n_boot=_N_BOOT)
    if np.isnan(by_cluster.low):
        return by_cluster
    resampled = _two_stage_means(gains, rounds, clusters)
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    half = _student_half_width(gains, rounds, level)
    mean = by_cluster.mean
    return Interval(
        mean, min(by_cluster.low, float(low), mean - half), max(by_cluster.high, float(high), mean + half), level
    )


def _student_half_width(gains: Floats, rounds: NDArray[Any], level: float) -> float:
    """Half of Student's interval of the mean of the rounds' mean gains; 0 for a single round, which shows no drift."""
    from scipy.stats import t  # heavy: only where something is learnt

    _, which, size = np.unique(rounds, return_inverse=True, return_counts=True)
    n = len(size)
    if n < 2:
        return 0.0
    means = np.bincount(which, weights=gains) / size
    return float(t.ppf((1 + level) / 2, n - 1) * means.std(ddof=1) / np.sqrt(n))


def _two_stage_means(gains: Floats, rounds: NDArray[Any], clusters: NDArray[Any]) -> Floats:
    """Means of rounds resampled with the clusters in them (Davison & Hinkley 1997, sec. 3.8), shape (_N_BOOT,).

    A round that is drawn twice brings the same clusters twice, which errs on the side of the wider interval.
    """
    names, which = np.unique(rounds, return_inverse=True)
    inside = np.empty((2, _N_BOOT, len(names)))  # total gain and number of rows of each resampled round
    for place in range(len(names)):
        here = which == place
        _, group, size = np.unique(clusters[here], return_inverse=True, return_counts=True)
        columns = np.column_stack([np.bincount(group, weights=gains[here]), size])
        inside[:, :, place] = resampled_totals(columns, n_boot=_N_BOOT, seed=1 + place).T
    times = np.concatenate(list(resamples(len(names), n_boot=_N_BOOT, seed=0)))
    total, size = (inside * times).sum(axis=-1)
    return np.asarray(total / size, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class ForwardGains:
    """What a learnt rule would have said, round after round, against a fixed one; all arrays (n,).

    NaN, and 0 rows taught, where too little had been known to learn from; scores are NaN without an outcome too.
    """

    round: NDArray[np.datetime64]
    n_taught: NDArray[np.int64]
    probability_without: Floats
    probability_with: Floats
    score_without: Floats
    score_with: Floats

    @property
    def gain(self) -> Floats:
        """How much the score fell, positive for the better; NaN on rows that are not covered."""
        return self.score_without - self.score_with

    @property
    def covered(self) -> NDArray[np.bool_]:
        """The rows that both rules scored."""
        return ~np.isnan(self.gain)


def forward_gains(
    fit: Callable[..., Callable[..., Floats]],
    probability: ArrayLike,
    *,
    outcome: ArrayLike,
    asked_at: ArrayLike,
    known_at: ArrayLike,
    without: Rule = checked,
    weight: ArrayLike | None = None,
    source: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    score: Rule = brier,
    min_taught: int = 1,
) -> ForwardGains:
    """Walk through the rounds in order, learning each one's rule from what was known before it was asked.

    A round is the rows with one `asked_at`; round off the times to make rounds of days or months. Its rule is
    `fit(probability, outcome=, weight=)` of the earlier rounds' rows whose `known_at` lies before it, `min_taught` of
    them at least, and is applied to its rows: nothing that became known later touches it. `probability` is (n,) for a
    calibrator or (n, members) for a pool, and `without` the fixed rule that it has to beat: the identity, unless said
    otherwise. `known_at` is NaT, or `outcome` NaN, while a question is open. With `source` (n,), fit and rule are
    given the rows' labels as well. With `cluster` (n,) the clusters of what is taught count alike, and `min_taught`
    counts them instead of rows. `score(outcome=, probability=)` is lower for the better. Raises ValueError for lengths
    that differ and values outside 0..1.
    """
    said, truth = checked(probability), np.asarray(outcome, dtype=np.float64)
    asked, known = np.asarray(asked_at, dtype="datetime64"), np.asarray(known_at, dtype="datetime64")
    mass = np.ones_like(truth) if weight is None else np.asarray(weight, dtype=np.float64)
    labels = None if source is None else np.asarray(source)
    groups = None if cluster is None else np.asarray(cluster)
    columns = [truth, asked, known, mass] + [item for item in (labels, groups) if item is not None]
    if not said.ndim or any(column.shape != said.shape[:1] for column in columns):
        raise ValueError(f"every column must have one row for each of the {len(np.atleast_1d(said))} forecasts")
    learnt, n_taught = np.full(len(truth), np.nan), np.zeros(len(truth), dtype=np.int64)
    for moment in np.unique(asked[~np.isnat(asked)]):
        past = (asked < moment) & (known < moment) & ~np.isnan(truth)
        now = asked == moment
        taught = past.sum() if groups is None else len(np.unique(groups[past]))
        if taught < max(1, min_taught):
            continue
        weights = mass[past] if groups is None else mass[past] * cluster_weight(groups[past])
        rule = fit(said[past], outcome=truth[past], weight=weights, **_labelled(labels, past))
        learnt[now], n_taught[now] = rule(said[now], **_labelled(labels, now)), past.sum()
    fixed = np.asarray(without(said), dtype=np.float64)
    if fixed.shape != truth.shape:
        raise ValueError("without must give one probability a row: name a pooling rule where there are several members")
    return ForwardGains(asked, n_taught, fixed, learnt, _scored(score, truth, fixed), _scored(score, truth, learnt))


def _labelled(labels: NDArray[Any] | None, rows: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    return {} if labels is None else {"source": labels[rows]}


def _scored(score: Rule, outcome: Floats, probability: Floats) -> Floats:
    """Scores (n,), NaN where the outcome or the forecast is."""
    rows = ~np.isnan(outcome) & ~np.isnan(probability)
    result = np.full(len(outcome), np.nan)
    if rows.any():
        result[rows] = score(outcome=outcome[rows], probability=probability[rows])
    return result
