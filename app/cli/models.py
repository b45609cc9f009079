"""`auspex models`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import Json, LedgerAt, listed

app = typer.Typer(no_args_is_help=True, help="Language models: what is configured, what answers, what was spent.")


@app.command("list")
def models_list(as_json: Json = False) -> None:
    """The models of `AUSPEX_MODELS`, with their dates, abilities and prices."""
    from app.commands import models as command

    command.list_models(as_json=as_json)


@app.command("check")
def models_check(
    names: Annotated[list[str] | None, typer.Argument(help="Models; all configured ones if left out.")] = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Call each model and show what it honours: samples, log-probabilities, JSON schemas, tools, streams."""
    from app.commands import models as command

    command.check(names or [], ledger, as_json=as_json)


@app.command("cost")
def models_cost(
    only: Annotated[str, typer.Option("--models", help="Comma-separated models; all if left out.")] = "",
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """What was spent on each model: calls, answers from the log, failures, tokens, dollars."""
    from app.commands import models as command

    command.cost(listed(only), ledger, as_json=as_json)
