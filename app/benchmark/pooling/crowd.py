"""A group of forecasters on one dataset: the matrix that rules pool, with all that learning may look at."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.benchmark.pooling.data import Recorded
from db.errors import BadInput
from ensembles.adaptive import round_of
from ensembles.history import History, cluster_weight
from ensembles.odds import Floats
from ensembles.pooling import logit_pool

COVERAGE = 0.8
"""Without a group named, the forecasters that answered at least this share of a dataset's questions are the group."""

_COLUMNS = ("probability", "outcome", "cluster", "source", "asked_at", "known_at", "human")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crowd:
    """The questions of `dataset` that all `members` answered, a row each; see `data.Questions` for the columns."""

    dataset: str
    market: bool
    members: tuple[str, ...]
    incomplete: int
    """Resolved questions left out because a member had no answer."""
    probability: Floats
    """(questions, members)."""
    outcome: Floats
    cluster: NDArray[Any]
    source: NDArray[Any]
    asked_at: NDArray[np.datetime64]
    known_at: NDArray[np.datetime64]
    human: Floats

    def __len__(self) -> int:
        return len(self.outcome)

    def where(self, rows: NDArray[np.bool_]) -> Crowd:
        """The questions where `rows` is true."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    def known_before(self, moment: np.datetime64) -> Crowd:
        """What may be learnt from at `moment`: yes or no, known before it, and only after it was asked."""
        plain = np.isin(self.outcome, (0.0, 1.0)) & (self.known_at > self.asked_at)
        return self.where(plain & (self.known_at < moment))

    def history(self) -> History:
        """The same for the rules of `ensembles`; only questions that `known_before` let through."""
        return History(
            members=self.members,
            probability=self.probability,
            outcome=self.outcome,
            asked_at=self.asked_at,
            known_at=self.known_at,
            cluster=self.cluster,
            market=np.full(len(self), self.market),
        )

    @property
    def weight(self) -> Floats:
        """One over the size of each question's cluster, so that clusters count alike in learning."""
        return cluster_weight(self.cluster)

    @property
    def round(self) -> NDArray[np.datetime64]:
        """The round of each question: when the first one of the same fortnight was asked."""
        return round_of(self.asked_at)

    @property
    def rounds(self) -> NDArray[np.datetime64]:
        """The rounds, in order."""
        return np.unique(self.round)

    @property
    def pooled(self) -> Floats:
        """The plain logit pool, (questions,): what every learnt rule falls back to."""
        return logit_pool(self.probability)


def crowd_of(recorded: Recorded, dataset: str, group: Sequence[str]) -> Crowd:
    """The crowd of `group` (empty: all with enough answers) on `dataset`; a name with * or ? stands for all like it.

    Raises BadInput for a forecaster or dataset that is not in the files, and where no question has all answers.
    """
    if dataset not in recorded.questions:
        raise BadInput(f"there is no dataset {dataset!r} in the questions: {', '.join(recorded.questions)}")
    asked, given = recorded.questions[dataset], recorded.forecasts[dataset]
    members = tuple(dict.fromkeys(name for wanted in group for name in _like(wanted, given))) or tuple(
        sorted(name for name, column in given.items() if np.isfinite(column).mean() >= COVERAGE)
    )
    if unknown := [name for name in members if name not in given]:
        raise BadInput(
            f"no forecasts on {dataset} by {', '.join(unknown)}; there are: {', '.join(sorted(given)) or 'none'}"
        )
    if not members:
        raise BadInput(f"no forecaster answered {COVERAGE:.0%} of {dataset}: name some with --group")
    matrix = np.stack([given[name] for name in members], axis=1)
    complete = np.isfinite(matrix).all(axis=1)
    if not complete.any():
        raise BadInput(f"no question of {dataset} was answered by all of {', '.join(members)}")
    return Crowd(
        dataset=dataset,
        market=asked.market,
        members=members,
        incomplete=int((~complete).sum()),
        probability=matrix[complete],
        outcome=asked.outcome[complete],
        cluster=asked.cluster[complete],
        source=asked.source[complete],
        asked_at=asked.asked_at[complete],
        known_at=asked.known_at[complete],
        human=asked.human[complete],
    )


def _like(wanted: str, names: Iterable[str]) -> list[str]:
    """The names that a pattern stands for; the name itself where it is none or fits nothing."""
    return sorted(fnmatch.filter(names, wanted)) or [wanted]
