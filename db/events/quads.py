"""Quads as arrays: the form in which statistical members take in a snapshot's history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Quads:
    """Distinct (day, subject, object, base code) of one snapshot, sorted by day.

    All arrays have one entry per quad: `day` in days since 1970-01-01, `subject` and `object` as positions in
    `countries` (ISO 3166 alpha-3, sorted), `code` as a position in `codes` (CAMEO base codes, sorted), `mentions`
    summed over the quad's rows (1 where the source counts none).
    """

    day: NDArray[np.int32]
    subject: NDArray[np.int16]
    object: NDArray[np.int16]
    code: NDArray[np.int16]
    mentions: NDArray[np.float32]
    countries: tuple[str, ...]
    codes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.day)

    def before(self, day: int) -> Quads:
        """The quads strictly before `day` (days since 1970-01-01); no copy is made."""
        end = int(np.searchsorted(self.day, day, side="left"))
        return Quads(
            day=self.day[:end],
            subject=self.subject[:end],
            object=self.object[:end],
            code=self.code[:end],
            mentions=self.mentions[:end],
            countries=self.countries,
            codes=self.codes,
        )
