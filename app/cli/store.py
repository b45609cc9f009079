"""`auspex store`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import Json, Store

app = typer.Typer(no_args_is_help=True, help="The event store.")


@app.command("info")
def store_info(store: Store = None, as_json: Json = False) -> None:
    """What the store holds."""
    from app.commands import store as command

    command.info(store, as_json=as_json)


@app.command("verify")
def store_verify(
    store: Store = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Set bad months aside.")] = False,
    as_json: Json = False,
) -> None:
    """Read every byte of the store and compare it with the manifest."""
    from app.commands import store as command

    command.verify(store, quarantine=quarantine, as_json=as_json)
