"""`auspex questions`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import AsOf, Json, LedgerAt, Store

app = typer.Typer(no_args_is_help=True, help="Questions: draw them from the store, list, show and resolve them.")

KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", help="When the outcome became knowable: a date or an ISO time."),
]
Correct = Annotated[bool, typer.Option("--correct", help="Correct an outcome that is recorded; the old one stays.")]


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


@app.command("resolve")
def questions_resolve(
    question_id: str,
    outcome: Annotated[
        str, typer.Argument(help="yes or no, an option, a number, or comma-separated CAMEO base codes (none for none).")
    ],
    known_at: KnownAt = None,
    source: Annotated[str, typer.Option(help="Where the outcome stands: an address, a name.")] = "",
    correct: Correct = False,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Record what came of a question; the first digits of its id are enough."""
    from app.commands import resolving as command

    command.resolve(question_id, outcome, known_at, source, ledger, correct=correct, as_json=as_json)


@app.command("annul")
def questions_annul(
    question_id: str,
    reason: Annotated[str, typer.Option(help="Why it cannot be resolved.")] = "",
    known_at: KnownAt = None,
    correct: Correct = False,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Take a question out of scoring: it cannot be resolved."""
    from app.commands import resolving as command

    command.annul(question_id, known_at, reason, ledger, correct=correct, as_json=as_json)


@app.command("examples")
def questions_examples(
    name: Annotated[str, typer.Argument(help="One of the sets; all are listed if left out.")] = "",
    as_json: Json = False,
) -> None:
    """Question sets that come with Auspex, as files for `auspex forecast --questions`."""
    from app.commands import examples as command

    command.show(name, as_json=as_json)
