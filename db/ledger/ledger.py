"""The ledger: what was forecast, before it was known, and what came of it.

An append-only journal of records. Each row's `chain` is the SHA-256 of the row before and of its own content, so a row
that was edited, removed or put elsewhere shows (`verify`). Natural keys make every batch safe to run again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from db.dialogues import Dialogue
from db.errors import BadInput, LedgerError
from db.ledger.bulk import insert_rows, note_growth
from db.ledger.chain import GENESIS, link
from db.ledger.engine import open_engine, reading
from db.ledger.index import fold, reindex
from db.ledger.keys import natural_key
from db.ledger.known import known_keys
from db.ledger.models import Entry
from db.ledger.postgres import dump
from db.ledger.scorable import Scorable, scorable
from db.ledger.track_record import TrackRecord, track_record
from db.ledger.verifying import Verification, verify
from db.records import QUESTION, Aggregate, Evidence, Forecast, MemberFailure, Question, Record, Resolution
from db.reviews import PeerReview

if TYPE_CHECKING:
    from db.ledger.views import Views

_APPEND_LOCK = 0x6C656467  # "ledg": one appender at a time, so that the chain has one end
_SLICE = 500
_COLUMNS = tuple(Entry.__table__.columns.keys())


class Ledger:
    """A ledger in SQLite (a file path) or PostgreSQL (a URL). Close it, or use it as a context."""

    def __init__(self, address: str) -> None:
        """Open the ledger at `address`, making or migrating it if need be; errors as in `open_engine`."""
        self._engine = open_engine(address)
        self._address = address

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    @property
    def address(self) -> str:
        """The file or URL that the ledger was opened at."""
        return self._address

    @property
    def views(self) -> Views:
        """What pages, lists and scores read: pages, rows and columns from the ledger's index."""
        from db.ledger.views import Views  # numpy: not for those who only record

        return Views(self._engine)

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()

    def append(self, records: Sequence[Record], *, run_id: str = "") -> int:
        """Append records of any kind, in order, all or nothing; returns how many were new.

        A record whose natural key is already there is skipped: a question's id; a forecast's (question, member, model,
        prompt hash, as_of); a failure's (question, member, model, as_of, reason, detail); an aggregate's (question,
        rule, parameters, as_of, forecasts); for a resolution see `resolve`. A member that failed before may forecast
        later; a forecast is never replaced.
        """
        rows = {(row["kind"], row["key"]): row for row in (_row(record, run_id) for record in records)}
        if not rows:
            return 0
        with self._appending() as connection:
            return _append(connection, rows)

    def resolve(self, resolutions: Sequence[Resolution], *, correct: bool = False) -> int:
        """Record outcomes; returns how many were new. The same outcome again changes nothing.

        A different outcome for a resolved question is refused with BadInput, unless `correct` says that it is a
        correction: then it is a new row, which counts from now on, and the old one stays readable. The same outcome
        known at another moment is a correction too. What is recorded is read in the transaction that appends, so that
        of two who resolve a question at once the second sees what the first said.
        """
        if not resolutions:
            return 0
        with self._appending() as connection:
            wanted = {resolution.question_id for resolution in resolutions}
            current = _last(_read_bodies(connection, "resolution", wanted))
            rows = (_row(resolution, "") for resolution in _outcomes_to_add(resolutions, current, correct=correct))
            return _append(connection, {(row["kind"], row["key"]): row for row in rows})

    def questions(self, ids: Iterable[str] | None = None) -> list[Question]:
        """The questions with these ids (all, without), in the order in which they were recorded."""
        return [QUESTION.validate_json(body) for body in self._bodies("question", ids)]

    def forecasts(self, questions: Iterable[str] | None = None, *, run_id: str | None = None) -> list[Forecast]:
        """The forecasts of these questions, or of one run, in the order in which they were recorded."""
        return [Forecast.model_validate_json(body) for body in self._bodies("forecast", questions, run_id)]

    def aggregates(self, questions: Iterable[str] | None = None, *, run_id: str | None = None) -> list[Aggregate]:
        """The aggregates of these questions, or of one run."""
        return [Aggregate.model_validate_json(body) for body in self._bodies("aggregate", questions, run_id)]

    def failures(self, questions: Iterable[str] | None = None, *, run_id: str | None = None) -> list[MemberFailure]:
        """The members' failures on these questions, or in one run."""
        return [MemberFailure.model_validate_json(body) for body in self._bodies("failure", questions, run_id)]

    def resolutions(self, questions: Iterable[str] | None = None) -> dict[str, Resolution]:
        """Question id -> the resolution that counts, which is the last one recorded."""
        return _last(self._bodies("resolution", questions))

    def first_known(self, questions: Iterable[str] | None = None) -> dict[str, datetime]:
        """Question id -> the earliest `known_at` of all its resolutions: a correction does not undo it."""
        found: dict[str, datetime] = {}
        for body in self._bodies("resolution", questions):
            resolution = Resolution.model_validate_json(body)
            before = found.get(resolution.question_id, resolution.known_at)
            found[resolution.question_id] = min(before, resolution.known_at)
        return found

    def reviews(self, questions: Iterable[str] | None = None) -> list[PeerReview]:
        """What members said of each other's forecasts of these questions (of all, without)."""
        return [PeerReview.model_validate_json(body) for body in self._bodies("review", questions)]

    def dialogues(self, questions: Iterable[str] | None = None) -> list[Dialogue]:
        """The dialogues of people with the assistant about these questions (about all, without)."""
        return [Dialogue.model_validate_json(body) for body in self._bodies("dialogue", questions)]

    def evidence(self, ids: Iterable[str]) -> list[Evidence]:
        """The stored items with these ids, which forecasts name as what they rest on."""
        return [Evidence.model_validate_json(body) for body in self._bodies("evidence", ids)]

    def open_questions(self) -> list[Question]:
        """The questions without a resolution."""
        resolved = self.resolutions()
        return [question for question in self.questions() if question.id not in resolved]

    def scorable(self) -> list[Scorable]:
        """Every forecast and aggregate of a resolved question whose `as_of` lies before the outcome was known first.

        A forecast with a later `as_of` could have seen the outcome and is left out; ANNULLED and AMBIGUOUS are too.
        """
        resolutions = {
            key: found for key, found in self.resolutions().items() if found.outcome not in ("ANNULLED", "AMBIGUOUS")
        }
        return scorable(
            {found.id: found for found in self.questions(resolutions)},
            [*self.forecasts(resolutions), *self.aggregates(resolutions)],
            resolutions,
            first_known=self.first_known(resolutions),
        )

    def track_record(
        self, *, known_before: datetime | None = None, members: Collection[str] | None = None
    ) -> TrackRecord:
        """The resolved yes/no questions and what was said of them; see `db.ledger.track_record`."""
        with self._engine.connect() as connection:
            return track_record(connection, known_before=known_before, members=members)

    def counts(self) -> dict[str, int]:
        """How many rows there are of each kind."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(Entry.kind, func.count()).group_by(Entry.kind)).all()
        return {str(kind): int(n) for kind, n in rows}

    def verify(self) -> Verification:
        """Walk the chain from its beginning, which a row that was edited, removed or moved breaks, and hold the index
        against what the journal makes it."""
        with reading(self._engine) as connection:
            return verify(connection)

    def reindex(self) -> int:
        """Make the index anew from the journal, in one transaction; returns how many rows that has."""
        with self._appending() as connection:
            reindex(connection)
            return int(connection.execute(select(func.count()).select_from(Entry)).scalar_one())

    def backup(self, path: str) -> None:
        """Copy the ledger to `path` while in use: a SQLite file, or for PostgreSQL what pg_dump writes."""
        import sqlite3

        if self._engine.dialect.name != "sqlite":
            dump(self._address, Path(path))
            return
        with self._engine.connect() as connection, sqlite3.connect(path) as target:
            source: Any = connection.connection.driver_connection
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, that can be read where nothing may be written
        target.close()

    def _bodies(self, kind: str, questions: Iterable[str] | None, run_id: str | None = None) -> Iterator[str]:
        with self._engine.connect() as connection:
            yield from _read_bodies(connection, kind, questions, run_id)

    @contextmanager
    def _appending(self) -> Iterator[Connection]:
        """A transaction that holds the end of the chain: nobody else appends until it is over."""
        try:
            engine = self._engine.execution_options(writing=True)
            with engine.connect() as connection, connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _APPEND_LOCK})
                yield connection
        except DBAPIError as error:
            raise LedgerError(f"the ledger could not be written: {str(error.orig).splitlines()[0]}") from error


_KINDS: dict[type[Record], str] = {
    Forecast: "forecast",
    MemberFailure: "failure",
    Aggregate: "aggregate",
    Resolution: "resolution",
    Evidence: "evidence",
    PeerReview: "review",
    Dialogue: "dialogue",
}


def _read_bodies(
    connection: Connection, kind: str, questions: Iterable[str] | None, run_id: str | None = None
) -> Iterator[str]:
    wanted = select(Entry.body).where(Entry.kind == kind).order_by(Entry.position)
    if run_id is not None:
        wanted = wanted.where(Entry.run_id == run_id)
    if questions is None:
        yield from connection.execute(wanted).scalars()
        return
    ids = sorted(set(questions))
    for start in range(0, len(ids), _SLICE):
        yield from connection.execute(wanted.where(Entry.question_id.in_(ids[start : start + _SLICE]))).scalars()


def _last(bodies: Iterable[str]) -> dict[str, Resolution]:
    """Question id -> its last resolution."""
    found = map(Resolution.model_validate_json, bodies)
    return {resolution.question_id: resolution for resolution in found}


def _outcomes_to_add(
    resolutions: Iterable[Resolution], recorded: Mapping[str, Resolution], *, correct: bool
) -> list[Resolution]:
    """Those that say something new; raises BadInput for one that contradicts those before it and is no correction."""
    current, fresh = dict(recorded), []
    for resolution in resolutions:
        known = current.get(resolution.question_id)
        same = known is not None and known.outcome == resolution.outcome
        if known is not None and same and not (correct and known.known_at != resolution.known_at):
            continue
        if known is not None and not correct:
            raise BadInput(
                f"question {resolution.question_id} is resolved as {known.outcome!r}, not {resolution.outcome!r}: "
                "say that it is a correction to change it"
            )
        current[resolution.question_id] = resolution
        fresh.append(resolution)
    return fresh


def _append(connection: Connection, rows: Mapping[tuple[str, str], dict[str, Any]]) -> int:
    """Append the rows whose kind and natural key the journal does not have; returns how many."""
    known = known_keys(connection, rows)
    fresh = [row for key, row in rows.items() if key not in known]
    if not fresh:
        return 0
    last = connection.execute(select(Entry.position, Entry.chain).order_by(Entry.position.desc()).limit(1)).first()
    position, chain = last or (0, GENESIS)
    for row in fresh:
        position += 1
        chain = link(chain, position, row)
        row.update(position=position, chain=chain)
    insert_rows(connection, "entries", _COLUMNS, [tuple(row[name] for name in _COLUMNS) for row in fresh])
    fold(connection, fresh)
    note_growth(connection, len(fresh), position)
    return len(fresh)


def _row(record: Record, run_id: str) -> dict[str, Any]:
    kind = _KINDS.get(type(record), "question")
    return {
        "kind": kind,
        "key": natural_key(record),
        "record_id": record.id,
        "question_id": record.id if kind in ("question", "evidence") else getattr(record, "question_id", ""),
        "member": getattr(record, "member", ""),
        "run_id": run_id,
        "body": record.model_dump_json(),
    }
