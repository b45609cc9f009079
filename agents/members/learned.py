"""Learned members: logistic regression and gradient boosting on count features, and the pool of them.

Everything is learnt from pair-days before the as-of day. The last part of the past is held out to choose the number of
boosting rounds, the weights of the pool and the caution of each member's sets; then all is fitted again on the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.members.features import code_feature, cold_cells, relation_features
from agents.members.frequency import climatology, decayed_frequency, persistence, shrunk_frequency
from agents.members.state import Floats, Ints, State
from agents.members.training import Rows, unthinned
from agents.members.walk import Forecaster

CLIP = 1e-6
"""Where the pool of members takes odds: most codes are rare, and a thousandth would be no small probability."""

PATIENCE = 15
"""Boosting stops after this many rounds without a gain on the held-out part of the past."""

ClosedForm = Callable[[State, Ints, int], Floats]

CLOSED_FORM: Mapping[str, ClosedForm] = {
    "climatology": climatology,
    "persistence": persistence,
    "decayed_frequency": decayed_frequency,
    "shrunk_frequency": shrunk_frequency,
}


@dataclass(slots=True)
class Boosting:
    """Histogram gradient boosting with the code as a category."""

    model: Any = None

    def fit(self, rows: Rows, rounds: int) -> Boosting:
        """Fit on `rows`."""
        self.model = _boosting(rows, rounds).fit(rows.features, rows.label)
        return self

    def grow(self, rows: Rows, held_out: Rows, most: int) -> int:
        """Fit on `rows` for as long as `held_out` gains, at most `most` rounds; returns how many rounds that took."""
        self.model = _boosting(rows, most).set_params(early_stopping=True, n_iter_no_change=PATIENCE, tol=0.0)
        self.model.fit(rows.features, rows.label, X_val=held_out.features, y_val=held_out.label)
        return max(PATIENCE, int(self.model.n_iter_) - PATIENCE)

    def __call__(self, features: NDArray[np.float32]) -> Floats:
        """Probabilities of (…, features)."""
        flat = features.reshape(-1, features.shape[-1])
        return np.asarray(self.model.predict_proba(flat)[:, 1], dtype=np.float64).reshape(features.shape[:-1])


def _boosting(rows: Rows, rounds: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier  # 1 s: only where something is fitted

    return HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=rounds,
        max_leaf_nodes=31,
        min_samples_leaf=min(200, max(20, len(rows.label) // 500)),
        l2_regularization=5.0,
        max_features=0.5,
        categorical_features=[code_feature(rows.features)],
        early_stopping=False,
        random_state=0,
    )


@dataclass(slots=True)
class Logistic:
    """Logistic regression on standardised features, shares as logits, with an intercept per code."""

    model: Any = None
    mean: Any = None
    scale: Any = None
    codes: int = 0

    def fit(self, rows: Rows, codes: int) -> Logistic:
        """Fit on `rows` of `codes` different codes."""
        from sklearn.linear_model import LogisticRegression

        self.codes = codes
        dense = _logits(rows.features)
        self.mean, self.scale = dense.mean(axis=0), dense.std(axis=0) + 1e-6
        self.model = LogisticRegression(C=0.3, max_iter=200, tol=1e-3).fit(self._design(rows.features), rows.label)
        return self

    def _design(self, features: NDArray[np.float32]) -> Any:
        from scipy import sparse

        code = features[:, code_feature(features)].astype(np.int64)
        one_hot = sparse.csr_matrix((np.ones(len(code)), (np.arange(len(code)), code)), shape=(len(code), self.codes))
        return sparse.hstack([sparse.csr_matrix((_logits(features) - self.mean) / self.scale), one_hot], format="csr")

    def __call__(self, features: NDArray[np.float32]) -> Floats:
        """Probabilities of (…, features)."""
        flat = features.reshape(-1, features.shape[-1])
        return np.asarray(self.model.predict_proba(self._design(flat))[:, 1]).reshape(features.shape[:-1])


def _logits(features: NDArray[np.float32]) -> Floats:
    """Shares (columns within 0..1 that are no flags) as logits, everything else as it is."""
    last_share = code_feature(features) - 8  # four recencies and four flags stand before the code
    dense = features.astype(np.float64)
    shares = np.clip(dense[:, :last_share], 1e-5, 1 - 1e-5)
    trend = dense[:, last_share - 4 : last_share - 3]
    dense[:, :last_share] = np.log(shares / (1 - shares))
    dense[:, last_share - 4 : last_share - 3] = trend
    return dense


@dataclass(slots=True)
class LevelFit:
    """What was learnt at one code level: the models (None where none was asked for), the weights of the pool over
    (boosting, logistic, shrunk frequency), each member's caution, and the number of the most frequent code."""

    boosting: Boosting | None
    logistic: Logistic | None
    weights: Floats
    caution: dict[str, float]
    common: int

    def forecaster(self, members: frozenset[str]) -> Forecaster:
        """One forecaster that answers for all of `members`, features computed once."""

        def answer(state: State, pair: Ints, day: int) -> dict[str, Floats]:
            found = {name: CLOSED_FORM[name](state, pair, day) for name in members & CLOSED_FORM.keys()}
            if self.boosting is not None and self.logistic is not None:
                features = relation_features(state, pair, day)
                cold = cold_cells(state, pair)
                found["boosting"] = unthinned(self.boosting(features), cold)
                found["logistic"] = unthinned(self.logistic(features), cold)
                parts = [found["boosting"], found["logistic"], shrunk_frequency(state, pair, day)]
                found["learned_pool"] = pool(parts, self.weights)
            return {name: found[name] for name in members}

        return answer


def pool(parts: list[Floats], weights: Floats) -> Floats:
    """The weighted logit pool of `parts`."""
    logit = sum(
        weight * np.log(np.clip(part, CLIP, 1 - CLIP) / (1 - np.clip(part, CLIP, 1 - CLIP)))
        for part, weight in zip(parts, weights, strict=True)
    )
    return np.asarray(1 / (1 + np.exp(-np.asarray(logit))), dtype=np.float64)
