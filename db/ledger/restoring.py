"""A ledger from its backup: checked whole before it takes the ledger's place, and what was there is kept aside."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from db.errors import BadInput, LedgerError
from db.events.manifest import sync_folder
from db.ledger.ledger import Ledger
from db.ledger.postgres import MAGIC, exists, restore_dump

_SQLITE = b"SQLite format 3\x00"
_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore put in place: rows of the chain, and where the ledger that was there is kept ("" if none was)."""

    rows: int
    aside: str


def restore(backup: Path, address: str, *, replace: bool = False) -> Restored:
    """Make the ledger at `address` (a file or postgresql:// URL) what `backup` holds.

    Raises BadInput for a file that is no backup of such a ledger, and where the ledger has rows unless `replace`;
    LedgerError for a broken chain, and while others have the ledger open. The backup itself is never changed.
    """
    try:
        with backup.open("rb") as source:
            head = source.read(len(_SQLITE))
    except OSError as error:
        raise BadInput(f"{backup} cannot be read ({error.strerror}): name a backup of a ledger") from error
    on_server = "://" in address
    if not head.startswith(MAGIC) and head != _SQLITE:
        raise BadInput(f"{backup} is no backup of a ledger: name a file that `auspex ledger backup` wrote")
    if on_server != head.startswith(MAGIC):
        kind, wanted = ("PostgreSQL", "a postgresql:// URL") if not on_server else ("SQLite", "a file")
        raise BadInput(f"{backup} is the backup of a {kind} ledger: restore it with --ledger {wanted}")
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S_%f")
    if on_server:
        if exists(address):
            _refuse_rows(address, replace=replace)
        return Restored(*restore_dump(backup, address, stamp, lambda where: _whole(where, backup)))
    return _restore_file(backup, Path(address), stamp, replace=replace)


def _restore_file(backup: Path, target: Path, stamp: str, *, replace: bool) -> Restored:
    """Copy, check, and rename into place: a kill leaves the old ledger, or the new one."""
    if target.exists() and target.samefile(backup):
        raise BadInput(f"{backup} is the ledger itself: name its backup")
    if target.exists():
        _refuse_rows(str(target), replace=replace)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.restored")
    try:
        _copy(backup, fresh)
        rows = _whole(str(fresh), backup)
        _close(fresh)
        aside = ""
        if target.exists():
            _close(target)
            aside = str(target.with_name(f"{target.name}.before-{stamp}"))
            os.link(target, aside)
            for suffix in _BESIDE:  # only a damaged ledger still has them: they must not meet the new one
                if (beside := Path(f"{target}{suffix}")).exists():
                    beside.replace(f"{aside}{suffix}")
        fresh.replace(target)
        sync_folder(target.parent)
    finally:
        for suffix in ("", *_BESIDE):
            Path(f"{fresh}{suffix}").unlink(missing_ok=True)
    return Restored(rows, aside)


def _refuse_rows(address: str, *, replace: bool) -> None:
    """Raise BadInput if the ledger at `address` has rows and may not be replaced."""
    if replace:
        return
    with Ledger(address) as ledger:
        rows = sum(ledger.counts().values())
    if rows:
        raise BadInput(f"the ledger has {rows} rows already: --replace puts it aside, or choose another --ledger")


def _copy(backup: Path, fresh: Path) -> None:
    """Copy the database, with what its write-ahead log holds where it has one; nothing is written beside it."""
    how = "mode=ro" if Path(f"{backup}-wal").exists() else "immutable=1"
    try:
        with (
            closing(sqlite3.connect(f"{backup.resolve().as_uri()}?{how}", uri=True)) as source,
            closing(sqlite3.connect(fresh)) as copy,
        ):
            tables = {name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"entries", "alembic_version"} <= tables:
                raise BadInput(f"{backup} is a database but no ledger: name a file that `auspex ledger backup` wrote")
            source.backup(copy)
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"{backup} cannot be read whole ({error}): restore an older backup") from error


def _whole(address: str, backup: Path) -> int:
    """The rows of a restored ledger, brought to the newest schema, with an index that agrees with them.

    Raises LedgerError if its chain is broken.
    """
    with Ledger(address) as ledger:
        found = ledger.verify()
        if not found.ok:
            raise LedgerError(f"the chain of {backup} is broken at row {found.first_break}: restore an older backup")
        if not found.index_ok:
            ledger.reindex()
    return found.rows


def _close(path: Path) -> None:
    """Write the WAL into the file; SQLite refuses while anybody else has the database open, and so do we."""
    with closing(sqlite3.connect(path, timeout=1.0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            raise LedgerError(f"{path} is in use ({error}): stop workers, UI and API, then restore") from error
        except sqlite3.DatabaseError:
            return  # what is put aside may be damaged: that can be why it is replaced
