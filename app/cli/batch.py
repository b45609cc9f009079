"""`auspex batch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsOf, Budget, Json, LedgerAt, Members, Store, listed

app = typer.Typer(no_args_is_help=True, help="Forecasts in bulk: durable, resumable, never paid for twice.")

JobId = Annotated[str, typer.Argument(help="The job, or the first characters of its id.")]
Detach = Annotated[bool, typer.Option("--detach", help="Leave the work to auspex worker, and return at once.")]


@app.command("run")
def run(
    questions: Annotated[
        Path | None, typer.Option(help="Questions as JSON or JSONL; the ledger's open ones if left out.")
    ] = None,
    members: Members = "",
    as_of: AsOf = None,
    rule: Annotated[
        str | None, typer.Option(help="Pooling rule; the logit pool, or what the ledger teaches, if left out.")
    ] = None,
    budget_usd: Budget = None,
    key: Annotated[str, typer.Option(help="The same key is the same job: it is not begun twice.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked and what it would cost, and ask nothing.")
    ] = False,
    detach: Detach = False,
    store: Store = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Put every question to every member, as a job that survives whatever happens to this process."""
    from app.commands import batch as command

    asked = command.Asked(
        questions=questions, members=tuple(listed(members)), as_of=as_of, rule=rule, budget_usd=budget_usd, key=key
    )
    if dry_run:
        command.estimate(asked, store, ledger, as_json=as_json)
    else:
        command.run(asked, store, ledger, wait=not detach, as_json=as_json)


@app.command("status")
def status(job_id: JobId, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """How a job stands, and what failed in it."""
    from app.commands import batch as command

    command.status(job_id, ledger, as_json=as_json)


@app.command("list")
def list_jobs(
    state: Annotated[str, typer.Option(help="Only queued, running, done, cancelled or failed ones.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest.")] = 20,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Jobs of all kinds, the newest first."""
    from app.commands import batch as command

    command.list_jobs(state, limit, ledger, as_json=as_json)


@app.command("cancel")
def cancel(job_id: JobId, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Let a job begin nothing more; what is under way ends and is kept."""
    from app.commands import batch as command

    command.cancel(job_id, ledger, as_json=as_json)


@app.command("resume")
def resume(
    job_id: JobId, detach: Detach = False, store: Store = None, ledger: LedgerAt = None, as_json: Json = False
) -> None:
    """Go on with a cancelled or broken job; of one that is done, ask again what failed, and that only."""
    from app.commands import batch as command

    command.resume(job_id, store, ledger, wait=not detach, as_json=as_json)
