"""`auspex traces`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Json, LedgerAt

app = typer.Typer(no_args_is_help=True, help="Traces: every step that a language model took to an answer.")

Question = Annotated[str, typer.Option("--question", help="Only of this question; the first digits of its id do.")]
Member = Annotated[str, typer.Option("--member", help="Only of this member.")]


@app.command("list")
def traces_list(
    question: Question = "",
    member: Member = "",
    limit: Annotated[int, typer.Option(min=1)] = 20,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """The runs of language-model members, newest first."""
    from app.commands import traces as command

    command.list_traces(question, member, limit, offset, ledger, as_json=as_json)


@app.command("show")
def traces_show(
    trace_id: str,
    offset: Annotated[int, typer.Option(min=0, help="Begin at this step.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="Show so many steps.")] = 20,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """The steps of one run, page by page; the first digits of its id are enough."""
    from app.commands import traces as command

    command.show(trace_id, offset, limit, ledger, as_json=as_json)


@app.command("export")
def traces_export(
    path: Annotated[Path, typer.Argument(help="File to write, one trace a line (JSONL).")],
    question: Question = "",
    member: Member = "",
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Write whole traces to a file."""
    from app.commands import traces as command

    command.export(path, question, member, ledger, as_json=as_json)
