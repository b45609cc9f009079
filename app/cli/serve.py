"""`auspex serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import LedgerAt

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; others than this machine's need a key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    no_auth: Annotated[
        bool, typer.Option("--no-auth", help="Ask nobody for a key; only on this machine's own address.")
    ] = False,
    per_minute: Annotated[int, typer.Option(min=1, help="Requests of one key that are answered.")] = 6000,
    proxies: Annotated[
        str, typer.Option(help="Addresses of proxies, comma-separated, whose X-Forwarded-For is believed.")
    ] = "",
    no_webhooks: Annotated[
        bool, typer.Option("--no-webhooks", help="Leave it to others to send webhooks' messages.")
    ] = False,
    ledger: LedgerAt = None,
) -> None:
    """Serve the desk over HTTP: /v1, described in /openapi.json, /healthz and /readyz."""
    from app.commands import serve as command

    command.run(host, port, ledger, no_auth=no_auth, per_minute=per_minute, proxies=proxies, deliver=not no_webhooks)
