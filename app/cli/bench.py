"""`auspex bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Budget, Json, LedgerAt, Members, Store, day, listed, numbers

app = typer.Typer(no_args_is_help=True, help="Benchmarks, on data of your own.")


@app.command("relations")
def bench_relations(
    data: Annotated[Path, typer.Option(help="Parquet with day, subj_country, obj_country, cameo.")],
    test_from: Annotated[str, typer.Option(help="First day to be forecast; everything is learnt before it.")],
    test_to: Annotated[str | None, typer.Option(help="Last day to be forecast.")] = None,
    members: Members = "",
    as_json: Json = False,
) -> None:
    """Which events will be reported between two countries on a day? Every member, on your data."""
    from app.commands import bench as command

    command.relations(data, day(test_from, "--test-from"), day(test_to, "--test-to"), listed(members), as_json=as_json)


@app.command("agents")
def bench_agents(
    members: Members = "",
    queries: Annotated[
        int | None, typer.Option(min=1, help="How many pair-days to ask about: 50 of the store, or all of --file.")
    ] = None,
    horizons: Annotated[
        str, typer.Option(help="Days from what is known to the day asked about: 1,7,30,90, or those of --file.")
    ] = "",
    file: Annotated[Path | None, typer.Option(help="Queries from a file instead of from the store.")] = None,
    null_inclusive: Annotated[
        bool, typer.Option("--null-inclusive", help="Also pair-days on which nothing happened.")
    ] = False,
    min_mentions: Annotated[int, typer.Option(help="A pair-day needs an event with so many mentions.")] = 100,
    seed: int = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="Keep answers and reports here; resume from it.")] = None,
    budget_usd: Budget = None,
    store: Store = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Language-model agents beside statistical members: which events will be reported, at what cost?"""
    from app.benchmark.agents.in_folder import Wanted
    from app.commands import bench_agents as command

    command.agents(
        listed(members),
        Wanted(
            queries=queries,
            horizons=numbers(horizons, "--horizons") if horizons else None,
            file=file,
            null_inclusive=null_inclusive,
            min_mentions=min_mentions,
            seed=seed,
        ),
        folder,
        budget_usd,
        store,
        ledger,
        as_json=as_json,
    )


@app.command("review")
def bench_review(
    matrix: Annotated[Path, typer.Option(help="CSV: assessor, respondent, a column per criterion with marks of 1-5.")],
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for the page; one in the cache if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How far models agree when they mark each other's forecasts, who is severe, who prefers its own."""
    from app.commands import bench_review as command

    command.review(matrix, folder, as_json=as_json)


@app.command("uncertainty")
def bench_uncertainty(
    samples: Annotated[Path, typer.Option(help="JSON lines with id, question, answer, and samples, a list of texts.")],
    similarity: Annotated[
        str, typer.Option(help="How answers are compared: of jaccard,rouge_l,tfidf and judge:MODEL, the first leads.")
    ] = "jaccard",
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for the page; one in the cache if left out.")
    ] = None,
    budget_usd: Budget = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Which measure of uncertainty from sampled answers knows when the model is wrong, and which answer to give?"""
    from app.commands import bench_uncertainty as command

    command.uncertainty(samples, listed(similarity), folder, budget_usd, ledger, as_json=as_json)


@app.command("pooling")
def bench_pooling(
    questions: Annotated[
        Path | None, typer.Option(help="CSV: question_id, outcome; better with dates, cluster, human_prob.")
    ] = None,
    forecasts: Annotated[Path | None, typer.Option(help="CSV (or .gz): question_id, forecaster, prob.")] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(help="Forecasters to pool: a,b,c or NAME=a,b,c or a pattern; again for another. Else all."),
    ] = None,
    dataset: Annotated[list[str] | None, typer.Option(help="Only this dataset; again for another.")] = None,
    fit_questions: Annotated[Path | None, typer.Option(help="Learn from these questions instead.")] = None,
    fit_forecasts: Annotated[Path | None, typer.Option(help="The forecasts of them.")] = None,
    scores: Annotated[
        Path | None, typer.Option(help="CSV: forecaster, score, of a review or leaderboard; tries weights made of it.")
    ] = None,
    attempts: Annotated[bool, typer.Option("--attempts", help="Also rules that were tried and not taken.")] = False,
    simulate: Annotated[
        int | None, typer.Option(min=2, help="No files: what learning costs in so many simulated worlds a scenario.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other worlds.")] = 0,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for the page; one in the cache if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Which way of pooling, calibrating and adding people is best on recorded forecasts? With intervals and power."""
    from app.commands import bench_pooling as command

    files = command.Files(
        questions=questions,
        forecasts=forecasts,
        fit_questions=fit_questions,
        fit_forecasts=fit_forecasts,
        scores=scores,
    )
    if simulate is not None:
        command.refuse_beside_worlds(
            [*files.given, *(["--group"] if group else []), *(["--dataset"] if dataset else [])]
        )
        command.simulated(simulate, seed, folder, as_json=as_json)
        return
    groups = [command.group_of(text) for text in group or [""]]
    command.pooling(files, groups, dataset or [], folder, attempts=attempts, as_json=as_json)


@app.command("speed")
def bench_speed(
    data: Annotated[Path | None, typer.Option(help="GDELT event files; the demo world's if left out.")] = None,
    only: Annotated[str, typer.Option(help="Comma-separated parts: ingest, queries, growth, models.")] = "",
    as_json: Json = False,
) -> None:
    """How fast ingest, queries and model calls are, as ratios to what the machine can do at best."""
    from app.commands import bench as command

    command.speed(data, listed(only), as_json=as_json)
