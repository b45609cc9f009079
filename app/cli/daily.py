"""The daily commands: demo, ingest, ask, forecast, resolve, leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsOf, Budget, Json, LedgerAt, Members, Store, day, listed

app = typer.Typer()


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 0,
    folder: Annotated[Path | None, typer.Option(help="Keep the demo's store and ledger here.")] = None,
    as_json: Json = False,
) -> None:
    """Watch a crowd forecast a synthetic world, from raw files to a leaderboard, in under a minute."""
    from app.commands import demo as command

    command.run(seed, folder, as_json=as_json)


@app.command()
def ingest(
    sources: Annotated[
        list[str], typer.Argument(help="Event files, folders, quad sets (.parquet) or GDELT list URLs.")
    ],
    store: Store = None,
    first: Annotated[str | None, typer.Option("--from", help="First day to take.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day to take.")] = None,
    as_json: Json = False,
) -> None:
    """Read GDELT event files, from disk or the network, into the event store."""
    from app.commands import store as command

    command.ingest(sources, store, day(first, "--from"), day(last, "--to"), as_json=as_json)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="The question in words. About events, the criterion decides.")],
    actor1: Annotated[str | None, typer.Option(help="Who acts: a country.")] = None,
    actor2: Annotated[str | None, typer.Option(help="Toward whom: a country.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First day of the window.")] = None,
    last: Annotated[
        str | None, typer.Option("--to", "--by", help="Last day of the window; in words: 30 days ahead if left out.")
    ] = None,
    codes: Annotated[str, typer.Option(help="CAMEO codes, comma-separated; any event if left out.")] = "",
    at_least: Annotated[int, typer.Option(help="How many events make it a yes.")] = 1,
    option: Annotated[list[str] | None, typer.Option(help="A possible answer; give two or more.")] = None,
    number: Annotated[bool, typer.Option("--number", help="The answer is a number.")] = False,
    lower: Annotated[float | None, typer.Option(help="The number's lower bound.")] = None,
    upper: Annotated[float | None, typer.Option(help="The number's upper bound.")] = None,
    unit: Annotated[str, typer.Option(help="The number's unit.")] = "",
    criteria: Annotated[str, typer.Option(help="What exactly makes it a yes.")] = "",
    human: Annotated[
        str | None, typer.Option(help="A person's probability of yes, 35% or 0.35: recorded first, then combined.")
    ] = None,
    human_name: Annotated[str | None, typer.Option(help="Whose number that is [me].")] = None,
    show_human: Annotated[
        bool, typer.Option("--show-human", help="Show that number to language models once they have answered.")
    ] = False,
    as_of: AsOf = None,
    members: Members = "",
    budget_usd: Budget = None,
    store: Store = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Ask the crowd whether something will be reported between two countries, or a language model anything in words."""
    from app.commands import ask as command
    from app.commands.asking import Asked
    from app.commands.human import from_options

    asked = Asked(
        text=text,
        actors=(actor1, actor2),
        window=(day(first, "--from"), day(last, "--to")),
        codes=tuple(listed(codes)),
        at_least=at_least,
        options=tuple(option or ()),
        number=number,
        bounds=(lower, upper),
        unit=unit,
        criteria=criteria,
    )
    brought = from_options(human, human_name, show=show_human)
    command.ask(asked, as_of, listed(members), budget_usd, brought, store, ledger, as_json=as_json)


@app.command()
def forecast(
    as_of: AsOf = None,
    questions: Annotated[
        Path | None, typer.Option(help="Questions as JSON or JSONL; the ledger's open ones if left out.")
    ] = None,
    members: Members = "",
    rule: Annotated[
        str | None, typer.Option(help="Pooling rule; the logit pool, or what the ledger teaches, if left out.")
    ] = None,
    supervisor: Annotated[
        str, typer.Option(help="A model that reads the members' answers, and overrules them where it is sure.")
    ] = "",
    budget_usd: Budget = None,
    store: Store = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Ask every member every open question, pool the answers and record them."""
    from app.commands import forecast as command

    command.forecast(as_of, questions, listed(members), rule, supervisor, budget_usd, store, ledger, as_json=as_json)


@app.command()
def resolve(store: Store = None, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Let the event store resolve the open questions whose window is past and known."""
    from app.commands import forecast as command

    command.resolve(store, ledger, as_json=as_json)


@app.command()
def leaderboard(ledger: LedgerAt = None, as_json: Json = False) -> None:
    """How good every member was, with intervals."""
    from app.commands import forecast as command

    command.leaderboard(ledger, as_json=as_json)
