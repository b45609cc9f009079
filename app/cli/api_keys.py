"""`auspex api-keys`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import Json, LedgerAt

app = typer.Typer(no_args_is_help=True, help="Keys to the service: make, list and revoke them.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who or what will use it.")],
    scopes: Annotated[str, typer.Option("--scope", help="read, forecast or admin; each may do all before it.")] = (
        "read"
    ),
    expires: Annotated[str | None, typer.Option(help="When it opens nothing more: a date or an ISO time.")] = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Make a key. It is shown this once."""
    from app.commands import api_keys as command

    command.create(name, scopes, expires, ledger, as_json=as_json)


@app.command("list")
def list_keys(ledger: LedgerAt = None, as_json: Json = False) -> None:
    """All keys, those revoked too, without their secrets."""
    from app.commands import api_keys as command

    command.list_keys(ledger, as_json=as_json)


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or how the key begins.")],
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Have a key open nothing from now on."""
    from app.commands import api_keys as command

    command.revoke(key, ledger, as_json=as_json)
