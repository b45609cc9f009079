"""`auspex ledger`."""

from __future__ import annotations

from pathlib import Path

import typer

from app.cli.options import Json, LedgerAt

app = typer.Typer(no_args_is_help=True, help="The ledger: audit it, back it up.")


@app.command("verify")
def ledger_verify(ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Check the ledger's hash chain."""
    from app.commands import ledger as command

    command.verify(ledger, as_json=as_json)


@app.command("backup")
def ledger_backup(path: Path, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Copy a SQLite ledger while it is in use; to restore, put the copy in its place."""
    from app.commands import ledger as command

    command.backup(path, ledger, as_json=as_json)
