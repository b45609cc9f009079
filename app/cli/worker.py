"""`auspex worker`."""

from __future__ import annotations

import typer

from app.cli.options import LedgerAt, Store

app = typer.Typer()


@app.command()
def worker(store: Store = None, ledger: LedgerAt = None) -> None:
    """Work on jobs and schedules until SIGTERM or Ctrl-C; what is unfinished then, the next worker goes on with."""
    from app.commands import worker as command

    command.work(store, ledger)
