"""`auspex ledger`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.places import existing_ledger, ledger_address
from app.output import emit_json, out
from db.errors import BadInput

if TYPE_CHECKING:
    from db.ledger.verifying import Verification


def verify(ledger: str | None, *, as_json: bool) -> None:
    """Check the hash chain, and the index against the journal; exits with 1 if either does not hold."""
    with existing_ledger(ledger) as book:
        found = book.verify()
    if as_json:
        emit_json(asdict(found))
    else:
        out.print(_verdict(found))
    if not (found.ok and found.index_ok):
        sys.exit(1)


def _verdict(found: Verification) -> str:
    if not found.ok:
        return f"The chain is broken at row {found.first_break}: it or one before it was changed."
    if not found.index_ok:
        return (
            f"The chain of {found.rows} rows holds, but the index that lists and scores are read from is not what they "
            "make it: auspex ledger reindex makes it anew."
        )
    return f"The chain of {found.rows} rows holds, and the index agrees with it."


def reindex(ledger: str | None, *, as_json: bool) -> None:
    """Make the index anew from the journal."""
    with existing_ledger(ledger) as book:
        rows = book.reindex()
    if as_json:
        emit_json({"ok": True, "rows": rows})
    else:
        out.print(f"The index is made anew from {rows} rows.")


def backup(path: Path, ledger: str | None, *, as_json: bool) -> None:
    """Copy the ledger to a file that does not exist yet."""
    if path.exists():
        raise BadInput(f"{path} exists already: choose another name for the backup")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"there is no folder {path.absolute().parent} for the backup: make it, or choose another")
    with existing_ledger(ledger) as book:
        book.backup(str(path))
        rows = sum(book.counts().values())
    if as_json:
        emit_json({"ok": True, "rows": rows, "path": str(path)})
    else:
        out.print(f"{rows} rows copied to {path}")


def restore(path: Path, ledger: str | None, *, replace: bool, as_json: bool) -> None:
    """Put a backup in the ledger's place; what was there is kept under another name."""
    from db.ledger.restoring import restore as put_back

    address = ledger_address(ledger)
    done = put_back(path, address, replace=replace)
    if as_json:
        emit_json({"ok": True, "rows": done.rows, "first_break": None, "aside": done.aside or None})
        return
    out.print(f"{done.rows} rows restored, their chain holds.")
    if done.aside:
        out.print(f"What was there is kept: {done.aside}")
