"""`auspex mcp`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import LedgerAt, Store

app = typer.Typer()


@app.command("mcp")
def serve(
    http: Annotated[bool, typer.Option("--http", help="Over HTTP, for API keys; else on standard input.")] = False,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8010,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further host[:port] under which clients reach it; may be repeated.")
    ] = None,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Also create questions and run forecasts.")
    ] = False,
    store: Store = None,
    ledger: LedgerAt = None,
) -> None:
    """Serve the desk to agents over the Model Context Protocol."""
    from app.commands import mcp as command

    if http:
        command.over_http(host, port, allow_host or [], store, ledger, allow_writes=allow_writes)
    else:
        command.over_stdio(store, ledger, allow_writes=allow_writes)
