"""`auspex crowd`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import Budget, Json, LedgerAt, listed

app = typer.Typer(no_args_is_help=True, help="The crowd: what its members think of each other, and how it leans.")


@app.command("review")
def crowd_review(
    question_id: Annotated[str, typer.Argument(help="The question; the first digits of its id are enough.")],
    models: Annotated[
        str, typer.Option("--model", "--models", help="Comma-separated reviewers; the members' own models if left out.")
    ] = "",
    budget_usd: Budget = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Models mark each other's reasons for their forecasts of a question, without knowing whose they are."""
    from app.commands import review as command

    command.review(question_id, listed(models), budget_usd, ledger, as_json=as_json)


@app.command("report")
def crowd_report(
    members: Annotated[
        str, typer.Option("--members", help="The crowd whose rule to show; the newest that has outcomes if left out.")
    ] = "",
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """How the members lean, what their disagreement tells, and which rule the ledger has taught."""
    from app.commands import crowd as command

    command.report(listed(members), ledger, as_json=as_json)
