"""`auspex import` and `auspex export`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import Json, LedgerAt, day

app = typer.Typer()


@app.command("import")
def import_file(
    format: Annotated[
        str,
        typer.Argument(
            help="questions, forecasts, resolutions (files of our own), forecastbench, metaculus, manifold, polymarket."
        ),
    ],
    source: Annotated[str, typer.Argument(metavar="FILE|URL", help="A file, or the address of a market's interface.")],
    member: Annotated[
        str, typer.Option(help="Whose forecasts a forecast set holds; organization/model if left out.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many questions are fetched from an address at most.")] = 100,
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="I have read the source's terms of use and have its permission.")
    ] = False,
    as_recorded: Annotated[
        bool,
        typer.Option(
            "--as-recorded",
            help="Of forecasts: keep the moments that the file claims; for moving your own ledger. "
            "Without it they count as made now.",
        ),
    ] = False,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Take questions, forecasts and outcomes from a file or a market into the ledger; what is skipped is named."""
    from app.commands import interchange as command

    command.import_file(
        format,
        source,
        ledger,
        member=member,
        limit=limit,
        accept_terms=accept_terms,
        as_recorded=as_recorded,
        as_json=as_json,
    )


@app.command("export")
def export_file(
    format: Annotated[
        str,
        typer.Argument(
            help="questions, forecasts, aggregates, resolutions, forecastbench (a forecast set), "
            "forecastbench-questions, metaculus (forecasts to post)."
        ),
    ],
    target: Annotated[
        str, typer.Argument(metavar="FILE", help="The file; of records .json, .jsonl, .csv or .parquet.")
    ],
    as_format: Annotated[
        str, typer.Option("--as", help="json, jsonl, csv or parquet; by the file's name if left out.")
    ] = "",
    member: Annotated[str, typer.Option(help="Whose forecasts; the crowd's aggregate for a forecast set.")] = "",
    tag: Annotated[str, typer.Option(help="Only questions with this tag.")] = "",
    due: Annotated[str | None, typer.Option(help="The round: its forecast due date.")] = None,
    organization: Annotated[str, typer.Option(help="Who hands the forecast set in.")] = "",
    model: Annotated[str, typer.Option(help="What its model is called; the member if left out.")] = "",
    model_organization: Annotated[str, typer.Option(help="Whose model that is; the organization if left out.")] = "",
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Write a forecast set although it lacks questions.")
    ] = False,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Write records for a spreadsheet or notebook, or a round's forecasts to hand in."""
    from app.commands import interchange as command
    from app.interchange.options import ExportOptions

    options = ExportOptions(
        format=as_format,
        tag=tag,
        member=member,
        due=day(due, "--due"),
        organization=organization,
        model=model,
        model_organization=model_organization,
        incomplete=incomplete,
    )
    command.export_file(format, target, ledger, options, as_json=as_json)
