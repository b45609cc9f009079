"""`auspex assist`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Budget, Json, LedgerAt, Store, day

app = typer.Typer(no_args_is_help=True, help="Help a person forecast: own number, questions, update; and what it did.")


@app.command("ask")
def assist_ask(
    question: Annotated[str, typer.Argument(help="A question's id (its first digits do), or a question in words.")],
    by: Annotated[str | None, typer.Option(help="Last day of a question in words; 30 days ahead if left out.")] = None,
    name: Annotated[str, typer.Option(help="Who you are, in a ledger that others use too.")] = "me",
    variant: Annotated[
        str, typer.Option(help="structured helps; noisy (poor advice) and control (none) are for experiments.")
    ] = "structured",
    model: Annotated[str, typer.Option(help="A model that asks in its own words; fixed words if left out.")] = "",
    answers: Annotated[
        Path | None, typer.Option(help="Answers from a file, a JSON list or a JSON text a line, instead of typed ones.")
    ] = None,
    budget_usd: Budget = None,
    store: Store = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Forecast a yes/no question yourself: your own number first, then questions, then your number again."""
    from app.commands import assist as command
    from app.dialogue import Wanted

    asked = Wanted(question=question, by=day(by, "--by"), name=name, variant=variant, model=model)
    command.ask(asked, answers, budget_usd, store, ledger, as_json=as_json)


@app.command("report")
def assist_report(ledger: LedgerAt = None, as_json: Json = False) -> None:
    """What assistance did to people's forecasts: Brier score before and after, by variant, with intervals."""
    from app.commands import assist_report as command

    command.report(ledger, as_json=as_json)
