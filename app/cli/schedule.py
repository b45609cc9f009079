"""`auspex schedule`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Budget, Json, LedgerAt, Members, listed

app = typer.Typer(no_args_is_help=True, help="Jobs at set times; a worker must run for them.")

Name = Annotated[str, typer.Argument(help="The schedule's name.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="A name for the schedule; daily-desk if left out with --default.")] = "",
    cron: Annotated[str, typer.Option(help="Five cron fields, such as '30 6 * * *' for half past six.")] = "",
    time_zone: Annotated[str, typer.Option(help="Whose clock it is, such as Europe/Berlin; UTC if left out.")] = "",
    default: Annotated[
        bool, typer.Option("--default", help="The daily desk: refresh GDELT, generate, forecast, resolve, score.")
    ] = False,
    job: Annotated[Path | None, typer.Option(help="A job of any kind as JSON; a day at the desk if left out.")] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="What the desk ingests first: files, folders or GDELT list URLs.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, help="How many questions the desk draws.")] = 100,
    horizon_days: Annotated[int, typer.Option(min=1, help="How far ahead they look.")] = 7,
    members: Members = "",
    budget_usd: Budget = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Put a job on a schedule: a day at the desk, or any other."""
    from app.commands import schedule as command

    desk = command.Desk(
        sources=tuple(source or ()),
        n=n,
        horizon_days=horizon_days,
        members=tuple(listed(members)),
        budget_usd=budget_usd,
    )
    if default:
        made = command.named(command.default(desk), name, cron, time_zone)
    else:
        made = command.made(name, cron, time_zone, job, desk)
    command.add(made, ledger, as_json=as_json)


@app.command("list")
def list_schedules(ledger: LedgerAt = None, as_json: Json = False) -> None:
    """All schedules, when they tick next, and what they missed."""
    from app.commands import schedule as command

    command.list_schedules(ledger, as_json=as_json)


@app.command("pause")
def pause(name: Name, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Let a schedule tick no more for now."""
    from app.commands import schedule as command

    command.change("pause", name, ledger, as_json=as_json)


@app.command("unpause")
def unpause(name: Name, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Let a schedule tick again."""
    from app.commands import schedule as command

    command.change("unpause", name, ledger, as_json=as_json)


@app.command("remove")
def remove(name: Name, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Take a schedule away; its jobs stay."""
    from app.commands import schedule as command

    command.change("remove", name, ledger, as_json=as_json)


@app.command("backfill")
def backfill(
    name: Name,
    first: Annotated[str | None, typer.Option("--from", help="First moment; all missed ticks if left out.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last moment; now if left out.")] = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Submit the jobs of ticks that were missed; those that ran are left as they are."""
    from app.commands import schedule as command

    command.backfill(name, first, last, ledger, as_json=as_json)
