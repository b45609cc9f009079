"""The ledger: what was forecast, before it was known, and what came of it.

An append-only journal of records. Each row's `chain` is the SHA-256 of the row before and of its own content, so a row
that was edited, removed or put elsewhere shows (`verify`). Natural keys make every batch safe to run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import func, insert, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from db.dialogues import Dialogue
from db.errors import BadInput, LedgerError
from db.ledger.engine import open_engine
from db.ledger.keys import natural_key
from db.ledger.live import Deadlines, first_day_of
from db.ledger.models import Entry
from db.ledger.track_record import TrackRecord, track_record
from db.records import QUESTION, Aggregate, Evidence, Forecast, MemberFailure, Question, Record, Resolution
from db.reviews import PeerReview

GENESIS = "0" * 64
_APPEND_LOCK = 0x6C656467  # "ledg": one appender at a time, so that the chain has one end
_SLICE = 500


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the chain holds, over how many rows, and the position of the first row where it does not."""

    ok: bool
    rows: int
    first_break: int | None


@dataclass(frozen=True, slots=True)
class Scorable:
    """A forecast or aggregate with its question and outcome. `live` says that it was made before it could rest on what
    came of the question (`db.ledger.live`); one that was not is a back-test, and the two are never averaged together
    unsaid."""

    question: Question
    forecast: Forecast | Aggregate
    resolution: Resolution
    live: bool


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
            known = self._known(connection, list(rows))
            fresh = [row for key, row in rows.items() if key not in known]
            last = connection.execute(
                select(Entry.position, Entry.chain).order_by(Entry.position.desc()).limit(1)
            ).first()
            position, chain = last or (0, GENESIS)
            for row in fresh:
                position += 1
                chain = _link(chain, position, row)
                row.update(position=position, chain=chain)
            if fresh:
                connection.execute(insert(Entry), fresh)
        return len(fresh)

    def resolve(self, resolutions: Sequence[Resolution], *, correct: bool = False) -> int:
        """Record outcomes; returns how many were new. The same outcome again changes nothing.

        A different outcome for a resolved question is refused with BadInput, unless `correct` says that it is a
        correction: then it is a new row, which counts from now on, and the old one stays readable. The same outcome
        known at another moment is a correction too.
        """
        current = self.resolutions({resolution.question_id for resolution in resolutions})
        fresh = []
        for resolution in resolutions:
            known = current.get(resolution.question_id)
            if known is None:
                fresh.append(resolution)
                continue
            same = known.outcome == resolution.outcome
            if same and not (correct and known.known_at != resolution.known_at):
                continue
            if not correct:
                raise BadInput(
                    f"question {resolution.question_id} is resolved as {known.outcome!r}, not {resolution.outcome!r}: "
                    "say that it is a correction to change it"
                )
            fresh.append(resolution)
        return self.append(fresh)

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
        found = (Resolution.model_validate_json(body) for body in self._bodies("resolution", questions))
        return {resolution.question_id: resolution for resolution in found}

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
        What rests on a forecast that is not live, an aggregate or a member's update, is not live either.
        """
        resolutions = {
            key: found for key, found in self.resolutions().items() if found.outcome not in ("ANNULLED", "AMBIGUOUS")
        }
        known, questions = self.first_known(resolutions), {found.id: found for found in self.questions(resolutions)}
        deadlines = {
            key: Deadlines.of(known_at=known[key], resolve_by=asked.resolve_by, first_day=first_day_of(asked))
            for key, asked in questions.items()
        }
        made: list[Forecast | Aggregate] = [*self.forecasts(resolutions), *self.aggregates(resolutions)]
        found, late = [], set[str]()
        for item in made:
            key, member = item.question_id, item.member if isinstance(item, Forecast) else ""
            rests_on = item.evidence if isinstance(item, Forecast) else item.forecast_ids
            live = deadlines[key].met(member, as_of=item.as_of, created_at=item.created_at)
            if not live or not late.isdisjoint(rests_on):
                late.add(item.id)
            if item.as_of < known[key]:
                found.append(Scorable(questions[key], item, resolutions[key], item.id not in late))
        return found

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
        """Walk the chain from its beginning; a row that was edited, removed or moved breaks it."""
        chain, expected = GENESIS, 0
        with self._engine.connect().execution_options(yield_per=1000) as connection:
            for entry in connection.execute(select(Entry.__table__).order_by(Entry.position)).mappings():
                expected += 1
                chain = _link(chain, int(entry["position"]), entry)
                if entry["position"] != expected or entry["chain"] != chain:
                    return Verification(False, expected, int(entry["position"]))
        return Verification(True, expected, None)

    def backup(self, path: str) -> None:
        """Copy a SQLite ledger to `path` while in use; raises LedgerError for PostgreSQL, whose tool is pg_dump."""
        import sqlite3

        if self._engine.dialect.name != "sqlite":
            raise LedgerError("a PostgreSQL ledger is backed up with pg_dump and restored with pg_restore")
        with self._engine.connect() as connection, sqlite3.connect(path) as target:
            source: Any = connection.connection.driver_connection
            source.backup(target)
        target.close()

    def _bodies(self, kind: str, questions: Iterable[str] | None, run_id: str | None = None) -> Iterator[str]:
        wanted = select(Entry.body).where(Entry.kind == kind).order_by(Entry.position)
        if run_id is not None:
            wanted = wanted.where(Entry.run_id == run_id)
        with self._engine.connect() as connection:
            if questions is None:
                yield from connection.execute(wanted).scalars()
                return
            ids = sorted(set(questions))
            for start in range(0, len(ids), _SLICE):
                some = wanted.where(Entry.question_id.in_(ids[start : start + _SLICE]))
                yield from connection.execute(some).scalars()

    def _known(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        known: set[tuple[str, str]] = set()
        for start in range(0, len(keys), _SLICE):
            some = [key for _, key in keys[start : start + _SLICE]]
            rows = connection.execute(select(Entry.kind, Entry.key).where(Entry.key.in_(some))).all()
            known.update((str(kind), str(key)) for kind, key in rows)
        return known

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


def _link(chain: str, position: int, row: Any) -> str:
    """The chain value of a row: the hash of the one before and of everything that the row says."""
    said = (row["kind"], row["key"], row["record_id"], row["question_id"], row["member"], row["run_id"], row["body"])
    return hashlib.sha256("\x1f".join((chain, str(position), *said)).encode()).hexdigest()
