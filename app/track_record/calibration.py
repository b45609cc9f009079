"""Whether what was said in per cent came as often as said, and whether yes was told from no."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.track_record.selection import LIVE, answers_of
from db.ledger.rows import ScoredColumns
from ensembles.scores import Murphy, ReliabilityBin, auroc, ece, murphy, reliability_bins

BINS = 10


def reliability(columns: ScoredColumns, member: str, track: str = LIVE, *, bins: int = BINS) -> list[ReliabilityBin]:
    """The reliability diagram of a member: n, mean forecast, observed rate and the rate's 95 % interval in every bin.

    `bins` of equal width over 0..1, those without forecasts left out; none for a member without answers. The intervals
    (Wilson 1927) take the questions to be independent. Raises BadInput for a track that there is not.
    """
    said = answers_of(columns, member, track)
    return reliability_bins(outcome=said.outcome, probability=said.probability, bins=bins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrimination:
    """How far a member told yes from no, over `n` questions; `n_fractions` more, which came in part, are left out.

    Mean Brier score = reliability - discrimination + uncertainty (Murphy 1973), of bins of equal width: reliability is
    0 at best, discrimination as large as uncertainty. `auroc` is the chance that a yes was given more than a no, NaN
    where all outcomes agree; `ece` is the mean gap between forecast and rate; `base_rate` the share of yes.
    """

    n: int
    n_fractions: int
    base_rate: float
    murphy: Murphy
    auroc: float
    ece: float

    @property
    def brier(self) -> float:
        """The mean Brier score, lower is better."""
        return self.murphy.brier


def discrimination(
    columns: ScoredColumns, member: str, track: str = LIVE, *, bins: int = BINS
) -> Discrimination | None:
    """Calibration and discrimination of a member in numbers; None without an answer to a question that came yes or no.

    Raises BadInput for a track that there is not.
    """
    said = answers_of(columns, member, track)
    whole = np.isin(said.outcome, (0.0, 1.0))
    kept = said.where(whole)
    if not len(kept):
        return None
    return Discrimination(
        n=len(kept),
        n_fractions=len(said) - len(kept),
        base_rate=float(kept.outcome.mean()),
        murphy=murphy(outcome=kept.outcome, probability=kept.probability, bins=bins),
        auroc=auroc(outcome=kept.outcome, probability=kept.probability),
        ece=ece(outcome=kept.outcome, probability=kept.probability, bins=bins),
    )
