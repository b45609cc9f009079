"""How good one answer is: set scores at four levels, divergence of classes, and proper scores where it says how likely.

The levels: base codes (3 digits), roots (2), MIRAI's four quad classes (roots 01-04, 05-08, 09-16, 17-20), and binary,
cooperation (01-08) against conflict (09-20).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import db.cameo as cameo
from app.scoring import score_codes
from db.values import CodeSetValue, CodesValue, Value
from ensembles.scores import bounded_kl, set_scores

SET_METRICS = tuple(
    f"{what}_{level}" for level in ("root", "base", "binary", "quad") for what in ("f1", "precision", "recall")
)
KL_METRICS = ("kl_binary", "kl_quad")
PROPER_METRICS = ("brier", "log_score")
METRICS = (*SET_METRICS, *KL_METRICS, *PROPER_METRICS)

Class = int | str
_BINARY: Sequence[Class] = ("cooperation", "conflict")
_QUAD: Sequence[Class] = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Scores:
    """One answer's metrics, those absent that it has none of, and its distinct codes that CAMEO does not know."""

    metrics: Mapping[str, float]
    unknown_codes: tuple[str, ...] = ()


def score_answer(value: Value | None, truth: Collection[str]) -> Scores:
    """The metrics of an answer (None: there is none) against the true base codes.

    No answer scores 0 on every set, even on an empty one, and has no probabilities. Codes that CAMEO does not know
    stay in the set and cost precision. The divergences KL(truth || answer) are of the share of codes in each class, in
    nats, 0..ln 1e10, near their bound for an empty answer, and absent where the truth is empty. Brier and log score
    are means over the 149 base codes; a set alone has none.
    """
    if not isinstance(value, CodesValue | CodeSetValue):
        return Scores({**dict.fromkeys(SET_METRICS, 0.0), **_divergences(truth, ())})
    unknown = _unknown(value)
    roots, bases = _chosen(value)
    chosen = bases | unknown | {root for root in roots if not any(base.startswith(root) for base in bases)}
    metrics = {
        **_set_metrics("base", set(truth), bases | {code for code in unknown if len(code) != 2}),
        **_set_metrics("root", {code[:2] for code in truth}, roots | {code for code in unknown if not _has_root(code)}),
        **_set_metrics("binary", {binary_class(code) for code in truth}, {binary_class(code) for code in chosen}),
        **_set_metrics("quad", {quad_class(code) for code in truth}, {quad_class(code) for code in chosen}),
        **_divergences(truth, chosen),
    }
    if isinstance(value, CodesValue):
        proper = score_codes(value, tuple(truth))
        metrics |= {"brier": proper["brier_codes"], "log_score": proper["log_score_codes"]}
    return Scores(metrics, tuple(sorted(unknown)))


def probabilities(value: Value | None) -> NDArray[np.float64] | None:
    """The probability of each base code, in the order of `cameo.base_codes()`; None where the answer says none."""
    if not isinstance(value, CodesValue):
        return None
    return np.array([value.probabilities.get(code, value.unlisted) for code in cameo.base_codes()])


def quad_class(code: str) -> Class:
    """MIRAI's class of a code, 1..4; a code that CAMEO does not know is a class of its own."""
    return cameo.quad_class(code) if code in cameo.all_codes() else code


def binary_class(code: str) -> Class:
    """Cooperation or conflict; a code that CAMEO does not know is a class of its own."""
    found = quad_class(code)
    return found if isinstance(found, str) else _BINARY[0] if found <= 2 else _BINARY[1]


def _chosen(value: CodesValue | CodeSetValue) -> tuple[set[str], set[str]]:
    """The known roots and base codes chosen; in MIRAI's own format a chosen base code's root is chosen too."""
    known = set(value.selected) - _unknown(value)
    bases = {code[:3] for code in known if len(code) > 2}
    roots = {code for code in known if len(code) == 2}
    return (roots | {code[:2] for code in bases} if isinstance(value, CodeSetValue) else roots), bases


def _unknown(value: CodesValue | CodeSetValue) -> set[str]:
    """The codes named that CAMEO does not know."""
    return {*value.unknown, *value.selected} - set(cameo.all_codes())


def _has_root(code: str) -> bool:
    return len(code) > 2 and code[:2] in cameo.root_codes()


def _set_metrics(level: str, true: Collection[Hashable], chosen: Collection[Hashable]) -> dict[str, float]:
    every = sorted({*true, *chosen}, key=str)
    scores = set_scores(
        outcome=np.array([[item in true for item in every]], dtype=np.bool_),
        predicted=np.array([[item in chosen for item in every]], dtype=np.bool_),
    )
    return {
        f"f1_{level}": float(scores.f1[0]),
        f"precision_{level}": float(scores.precision[0]),
        f"recall_{level}": float(scores.recall[0]),
    }


def _divergences(truth: Collection[str], chosen: Collection[str]) -> dict[str, float]:
    if not truth:
        return {}
    return {
        "kl_binary": _divergence(truth, chosen, binary_class, _BINARY),
        "kl_quad": _divergence(truth, chosen, quad_class, _QUAD),
    }


def _divergence(
    truth: Collection[str], chosen: Collection[str], class_of: Callable[[str], Class], classes: Sequence[Class]
) -> float:
    """KL of the shares of `classes`; codes of an unknown class have no share."""
    counts = [Counter(class_of(code) for code in codes) for codes in (truth, chosen)]
    outcome, predicted = (np.array([[count[one] for one in classes]], dtype=np.float64) for count in counts)
    return float(bounded_kl(outcome=outcome, predicted=predicted)[0])
