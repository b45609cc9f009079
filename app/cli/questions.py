"""`auspex questions`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import AsOf, Json, LedgerAt, Store

app = typer.Typer(no_args_is_help=True, help="Questions: draw them from the store, list and show them.")


@app.command("generate")
def questions_generate(
    as_of: AsOf = None,
    horizon_days: Annotated[int, typer.Option(help="How many days ahead the questions reach.")] = 7,
    n: Annotated[int, typer.Option("--n", help="How many questions.")] = 100,
    seed: int = 0,
    min_mentions: Annotated[int | None, typer.Option(help="Count events with more mentions than this.")] = None,
    store: Store = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Draw relation and binary event questions from the store and record them."""
    from app.commands import questions as command

    command.generate(store, ledger, as_of, horizon_days, n, seed, min_mentions, as_json=as_json)


@app.command("list")
def questions_list(
    only_open: Annotated[bool, typer.Option("--open", help="Only questions without a resolution.")] = False,
    limit: int = 50,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """The ledger's questions, newest first."""
    from app.commands import questions as command

    command.list_questions(ledger, limit, only_open=only_open, as_json=as_json)


@app.command("show")
def questions_show(question_id: str, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """One question with its forecasts and outcome; the first digits of its id are enough."""
    from app.commands import questions as command

    command.show(question_id, ledger, as_json=as_json)
