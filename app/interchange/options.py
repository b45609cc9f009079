"""What may be said of an import or export besides the file: one set of options for all formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from app.interchange.transfer import Transfer

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger

Progress = Callable[[int, int | None, str], None]
"""Called with (done, total or None where nobody knows, what is being done)."""


def _silent(done: int, total: int | None, note: str) -> None:
    """Shows nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """`now` is the wall clock that goes on what is recorded; `member` the name of a forecast set's forecaster.

    `limit` is how many questions are fetched at most, `accept_terms` that the terms of a source were read and agreed
    to, and `token` the key that it knows the reader by. `trusted` (address, port) pairs let tests use servers of their
    own. `as_recorded` takes forecasts of our own files with the moments and names that the file claims.
    """

    now: datetime
    member: str = ""
    limit: int = 100
    accept_terms: bool = False
    as_recorded: bool = False
    token: str = ""
    trusted: tuple[tuple[str, int], ...] = ()
    progress: Progress = _silent


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """`format` is that of a file of records, from its name if left out; `tag` narrows it to questions that have it.

    The rest is of forecast sets: the round that is due on a day, who hands it in, whose forecasts they are (the
    crowd's, without), and whether it may lack some.
    """

    format: str = ""
    tag: str = ""
    member: str = ""
    due: date | None = None
    organization: str = ""
    model: str = ""
    model_organization: str = ""
    incomplete: bool = False
    progress: Progress = _silent

    def showing(self, progress: Progress) -> Self:
        """The same, with somebody who watches."""
        return replace(self, progress=progress)


Importer = Callable[["Ledger", str, ImportOptions], Transfer]
"""Takes what a file or address holds into the ledger."""
Exporter = Callable[["Ledger", str, ExportOptions], Transfer]
"""Writes what the ledger holds to a file."""
