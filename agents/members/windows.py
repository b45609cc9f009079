"""Members' answers to "at least k events in a window", learnt from windows of the past.

The past is asked questions like those at hand (same lengths and leads, pairs and codes drawn as the question factory
draws them), all of them over before the as-of day, and the members learn from how they turned out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.members.rates import (
    CountQueries,
    Described,
    Matches,
    at_least_overdispersed,
    at_least_poisson,
    blended_rate,
    describe,
)
from agents.members.state import Floats, History, Ints

LOOK_BACK_DAYS = 90
N_TRAINING = 12_000
MIN_WINDOWS = 200
"""With fewer windows than this over before the as-of day there is nothing to learn from."""

WINDOW_MEMBERS = (
    "climatology",
    "persistence",
    "decayed_frequency",
    "shrunk_frequency",
    "self_exciting",
    "logistic",
    "boosting",
    "learned_pool",
)
_LEARNED = frozenset({"self_exciting", "logistic", "boosting", "learned_pool"})


@dataclass(slots=True)
class WindowFit:
    """What was learnt: the weights and dispersion of the self-exciting rate, and the two classifiers."""

    kernel: Floats | None = None
    size: float = 1.0
    logistic: Any = None
    boosting: Any = None

    def answer(self, member: str, asked: CountQueries, described: Described) -> Floats:
        """P(at least `at_least` events in the window) by one member, shape (queries,)."""
        length = (asked.last - asked.first + 1).astype(np.float64)
        rates, prior = described.rates, described.prior
        if member == "self_exciting":
            return at_least_overdispersed(self._excited(described) * length, asked.at_least, self.size)
        if member in ("logistic", "boosting"):
            model = self.logistic if member == "logistic" else self.boosting
            return np.asarray(model.predict_proba(described.features)[:, 1], dtype=np.float64)
        if member == "learned_pool":
            parts = [self.answer(name, asked, described) for name in ("boosting", "logistic", "self_exciting")]
            clipped = np.clip(np.stack(parts), 1e-4, 1 - 1e-4)
            pooled = np.log(clipped / (1 - clipped)).mean(axis=0)
            return np.asarray(1 / (1 + np.exp(-pooled)), dtype=np.float64)
        rate = {
            "climatology": lambda: rates[:, 4] + 0.02 * prior,
            "persistence": lambda: described.repeated / length + 0.02 * prior,
            "decayed_frequency": lambda: rates[:, 1] + 0.02 * prior,
            "shrunk_frequency": lambda: blended_rate(rates, prior),
        }[member]()
        return at_least_poisson(rate * length, asked.at_least)

    def _excited(self, described: Described) -> Floats:
        """The self-exciting rate: a base rate plus what each half-life's memory of past events adds to it."""
        if self.kernel is None:
            raise ValueError("the self-exciting rate was not fitted")
        return np.column_stack([described.prior, described.rates]) @ self.kernel


def fit_windows(
    history: History, as_of_day: int, asked: CountQueries, members: Collection[str], seed: int = 0
) -> WindowFit:
    """Learn what `members` need from windows that were over before `as_of_day`, shaped like those of `asked`.

    `history` holds what happened before `as_of_day`, and numbers the pairs of `asked`. Raises ValueError if fewer than
    `MIN_WINDOWS` can be drawn.
    """
    fitted = WindowFit()
    if not _LEARNED & set(members):
        return fitted
    random = np.random.default_rng(seed)
    drawn = past_windows(history, as_of_day, asked, random)
    if len(drawn) < MIN_WINDOWS:
        raise ValueError(f"only {len(drawn)} windows are over before the as-of day, {MIN_WINDOWS} are needed")
    counts = Matches(history).count(drawn.pair, drawn.codes, drawn.first, drawn.last)
    described = describe(history, drawn)
    fitted.kernel, fitted.size = _fit_kernel(described, drawn, counts)
    outcome = counts >= drawn.at_least
    if outcome.all() or not outcome.any():
        raise ValueError("all windows of the past turned out alike: there is nothing to tell apart")
    fitted.logistic = _logistic().fit(described.features, outcome)
    fitted.boosting = _boosting(len(outcome)).fit(described.features, outcome)
    return fitted


def past_windows(history: History, as_of_day: int, asked: CountQueries, random: np.random.Generator) -> CountQueries:
    """Windows over before `as_of_day`, lengths and leads as in `asked`, pairs and codes as the factory draws."""
    reach = int((asked.last - asked.known).max(initial=0)) + 1
    start = int(history.day[0]) if len(history.day) else as_of_day
    earliest = max(start + min(LOOK_BACK_DAYS, (as_of_day - start) // 3), as_of_day - 540)
    moments = np.arange(as_of_day - reach, earliest, -1)
    if not len(moments) or not len(asked):
        return asked.only(np.zeros(len(asked), dtype=bool))
    moments = moments[:: max(1, len(moments) // 80)]
    each = max(1, N_TRAINING // len(moments))
    parts = [_windows_at(history, int(known), each, asked, random) for known in moments[::-1]]
    return CountQueries(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in CountQueries.__slots__}
    )


def _windows_at(history: History, known: int, n: int, asked: CountQueries, random: np.random.Generator) -> CountQueries:
    """`n` windows as the factory would have drawn them on the day `known`."""
    span = slice(*np.searchsorted(history.day, (known - LOOK_BACK_DAYS, known)))
    pair, code = history.pair[span], history.code[span]
    like = asked.only(random.integers(len(asked), size=n if len(pair) else 0))
    n = len(like)
    active = np.unique(pair)
    even = random.random(n) < 0.5
    event = random.integers(len(pair), size=n) if n else np.zeros(0, dtype=np.int64)
    chosen = np.where(even, active[random.integers(len(active), size=n)] if n else event, pair[event] if n else event)
    order = np.argsort(pair, kind="stable")
    starts = np.searchsorted(pair[order], chosen, side="left")
    stops = np.searchsorted(pair[order], chosen, side="right")
    own = code[order][starts + (random.random(n) * (stops - starts)).astype(np.int64)]
    kind = like.kinds
    roots = np.unique([name[:2] for name in history.codes], return_inverse=True)[1]
    base, root = np.eye(len(history.codes), dtype=bool), roots[:, None] == roots[None, :]
    codes = np.where(kind[:, None] == 0, True, np.where(kind[:, None] == 1, root[own], base[own]))
    matching = np.array(
        [int(wanted[code[order][a:b]].sum()) for a, b, wanted in zip(starts, stops, codes, strict=True)]
    )
    length = like.last - like.first + 1
    past_days = max(1, min(LOOK_BACK_DAYS, known - int(history.day[0])))
    typical = np.maximum(1, np.rint(matching / past_days * length * random.uniform(0.5, 1.5, n)))
    first = known + like.first - like.known
    return CountQueries(
        pair=chosen,
        codes=codes,
        first=first,
        last=first + length - 1,
        at_least=np.where(like.at_least == 1, 1, typical).astype(np.int64),
        known=np.full(n, known),
    )


def _fit_kernel(described: Described, drawn: CountQueries, counts: Ints) -> tuple[Floats, float]:
    """Weights >= 0 of the base rate and of each half-life by Poisson maximum likelihood, then the dispersion.

    The discrete form of a Hawkes process with a sum of exponential kernels (Hawkes 1971).
    """
    from scipy.optimize import minimize

    length = (drawn.last - drawn.first + 1).astype(np.float64)
    design = np.column_stack([described.prior, described.rates]) * length[:, None]

    def loss(kernel: Floats) -> tuple[float, Floats]:
        mean = design @ kernel + 1e-6
        return float((mean - counts * np.log(mean)).mean()), ((1 - counts / mean) @ design) / len(counts)

    start = np.full(design.shape[1], 1 / design.shape[1])
    kernel = np.asarray(minimize(loss, start, jac=True, bounds=[(0, None)] * len(start), method="L-BFGS-B").x)
    mean = design @ kernel + 1e-6
    excess = ((counts - mean) ** 2 - mean).sum() / (mean**2).sum()
    return kernel, float(np.clip(1 / max(excess, 1e-3), 0.05, 1000.0))


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500))


def _boosting(n: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=0.04,
        max_iter=120,
        max_leaf_nodes=15,
        min_samples_leaf=max(20, n // 200),
        l2_regularization=5.0,
        max_features=0.5,
        early_stopping=False,
        random_state=0,
    )
