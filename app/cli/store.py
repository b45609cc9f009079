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


Address = Annotated[str, typer.Argument(metavar="s3://BUCKET/PREFIX", help="Where the store lies on object storage.")]


@app.command("push")
def store_push(address: Address, store: Store = None, as_json: Json = False) -> None:
    """Upload what the bucket lacks, after taking in what it has: nobody's events are lost."""
    from app.commands import store as command

    command.exchange(address, store, upload=True, as_json=as_json)


@app.command("pull")
def store_pull(address: Address, store: Store = None, as_json: Json = False) -> None:
    """Take into the folder what a store on object storage has and the folder has not."""
    from app.commands import store as command

    command.exchange(address, store, upload=False, as_json=as_json)
