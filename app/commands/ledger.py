"""`auspex ledger`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from app.commands.places import open_ledger
from app.output import emit_json, out
from db.errors import BadInput


def verify(ledger: str | None, *, as_json: bool) -> None:
    """Check the hash chain; exits with 1 if it is broken."""
    with open_ledger(ledger) as book:
        found = book.verify()
    if as_json:
        emit_json(asdict(found))
    elif found.ok:
        out.print(f"The chain of {found.rows} rows holds.")
    else:
        out.print(f"The chain is broken at row {found.first_break}: it or one before it was changed.")
    if not found.ok:
        sys.exit(1)


def backup(path: Path, ledger: str | None, *, as_json: bool) -> None:
    """Copy the ledger to a file that does not exist yet."""
    if path.exists():
        raise BadInput(f"{path} exists already: choose another name for the backup")
    with open_ledger(ledger) as book:
        book.backup(str(path))
        rows = book.verify().rows
    if as_json:
        emit_json({"ok": True, "rows": rows, "path": str(path)})
    else:
        out.print(f"{rows} rows copied to {path}")
