"""`auspex ledger`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Json, LedgerAt

app = typer.Typer(no_args_is_help=True, help="The ledger: audit it, mend its index, back it up, restore it.")


@app.command("verify")
def ledger_verify(ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Check the ledger's hash chain, and its index against the journal."""
    from app.commands import ledger as command

    command.verify(ledger, as_json=as_json)


@app.command("reindex")
def ledger_reindex(ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Make the index, which lists and scores are read from, anew from the journal."""
    from app.commands import ledger as command

    command.reindex(ledger, as_json=as_json)


@app.command("backup")
def ledger_backup(path: Path, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Copy the ledger while it is in use; PostgreSQL by pg_dump."""
    from app.commands import ledger as command

    command.backup(path, ledger, as_json=as_json)


@app.command("restore")
def ledger_restore(
    path: Path,
    ledger: LedgerAt = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put a ledger that has rows aside instead of refusing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the ledger what a backup holds, once its hash chain has been checked."""
    from app.commands import ledger as command

    command.restore(path, ledger, replace=replace, as_json=as_json)
