"""The relation benchmark: which events will be reported between two countries on a day that has one?

Everything is learnt before the first test day; each test day is then forecast from all that happened before it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.members.fit import LEARNED, RELATION_MEMBERS, RelationFit, ask, fit, sets_of
from agents.members.registry import BASELINE
from agents.members.state import Floats
from agents.members.walk import DIGITS, Queries, active_pair_days, outcomes
from db.errors import BadInput, UnknownName
from db.quadsets import read_quads
from ensembles.scores import brier, log_score, set_scores
from ensembles.significance import cluster_bootstrap

_EPOCH = date(1970, 1, 1)
_LEVEL = {2: "root", 3: "base"}


def relations(data: Path, test_from: date, test_to: date | None, members: Sequence[str]) -> dict[str, Any]:
    """Score `members` (all, if empty) on the pair-days from `test_from` to `test_to` (the end) of a quad set.

    Per member: n, mean F1, precision and recall per level, Brier and log score (means over queries and codes), and the
    difference in F1 to the baseline with its interval, resampling days. Raises BadInput for data or days that leave
    nothing to learn from or to test on, UnknownName for a member that does not take part.
    """
    wanted = list(dict.fromkeys([*members, BASELINE])) if members else list(RELATION_MEMBERS)
    for name in wanted:
        if name not in RELATION_MEMBERS:
            raise UnknownName(
                f"member {name!r} takes no part here: choose from {', '.join(RELATION_MEMBERS)}", name=name
            )
    quads, unknown = read_quads(data)
    first = (test_from - _EPOCH).days
    last = int(quads.day[-1]) + 1 if test_to is None else (test_to - _EPOCH).days + 1
    queries, index = active_pair_days(quads, first, last)
    if not len(queries):
        raise BadInput(f"{data} has no events from {test_from} to {test_to or 'its end'}: choose other test days")
    started = time.monotonic()
    try:
        fitted = fit(quads, first, members=wanted)
    except ValueError as error:
        raise BadInput(f"{data} before {test_from}: {error}") from error
    fit_seconds = time.monotonic() - started
    answers = ask(quads.before(last), queries, fitted, wanted)
    truth = {digits: outcomes(quads, first, last, index, len(queries), digits) for digits in DIGITS}
    scored = {name: _score(name, answers, truth, fitted) for name in wanted}
    rows = [_row(name, scored, queries, fit_seconds if name in LEARNED else 0.0) for name in wanted]
    return {
        "data": str(data),
        "n_queries": len(queries),
        "test_from": test_from.isoformat(),
        "test_to": (date.fromordinal(_EPOCH.toordinal() + int(queries.day.max()))).isoformat(),
        "unknown_codes": unknown,
        "baseline": BASELINE,
        "members": rows,
        "seconds": time.monotonic() - started,
    }


def _score(
    name: str,
    answers: dict[int, dict[str, Floats]],
    truth: dict[int, NDArray[np.bool_]],
    fitted: RelationFit,
) -> dict[str, Floats]:
    """Per-query metrics of one member, each of shape (queries,)."""
    found: dict[str, Floats] = {}
    for digits in DIGITS:
        p = np.clip(answers[digits][name], 0.0, 1.0)
        sets = set_scores(outcome=truth[digits], predicted=sets_of(name, p, fitted.levels[digits]))
        level = _LEVEL[digits]
        found |= {f"f1_{level}": sets.f1, f"precision_{level}": sets.precision, f"recall_{level}": sets.recall}
        outcome = truth[digits].astype(np.float64)
        found[f"brier_{level}"] = brier(outcome=outcome, probability=p).mean(axis=1)
        found[f"log_score_{level}"] = log_score(outcome=outcome, probability=p).mean(axis=1)
    return found


def _row(name: str, scored: dict[str, dict[str, Floats]], queries: Queries, seconds: float) -> dict[str, Any]:
    own, baseline = scored[name], scored[BASELINE]
    means = {metric: float(values.mean()) for metric, values in own.items()}
    return {
        "member": name,
        "n": len(queries),
        **means,
        "brier": means["brier_base"],
        "log_score": means["log_score_base"],
        "diff_to_baseline": {
            metric: cluster_bootstrap(own[metric] - baseline[metric], queries.day)[0].as_dict()
            for metric in ("f1_root", "f1_base", "brier_root", "brier_base")
        },
        "seconds": seconds,
    }
