"""The command line: one tree of commands, each in `app/commands`, imported only when it is called."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from db.errors import AuspexError, BadInput

app = typer.Typer(
    name="auspex",
    help="A forecasting desk: calibrated probabilities, recorded before the outcome and scored for ever after.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
store_app = typer.Typer(no_args_is_help=True, help="The event store.")
questions_app = typer.Typer(no_args_is_help=True, help="Questions: draw them from the store, list and show them.")
ledger_app = typer.Typer(no_args_is_help=True, help="The ledger: audit it, back it up.")
bench_app = typer.Typer(no_args_is_help=True, help="Benchmarks, on data of your own.")
for name, child in (("store", store_app), ("questions", questions_app), ("ledger", ledger_app), ("bench", bench_app)):
    app.add_typer(child, name=name)

Store = Annotated[Path | None, typer.Option("--store", help="Folder of the event store [AUSPEX_STORE].")]
LedgerAt = Annotated[str | None, typer.Option("--ledger", help="Ledger: a file or postgresql:// URL.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="Information cut-off: a date or an ISO time with a zone.")]
Members = Annotated[str, typer.Option("--members", help="Comma-separated members; all of them if left out.")]


def moment(text: str, option: str) -> datetime:
    """A date (midnight UTC) or an ISO time with a zone; raises BadInput for anything else."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=UTC)
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} {text!r} is not a date: write 2025-06-01 or 2025-06-01T12:00:00+00:00") from None
    if parsed.tzinfo is None:
        raise BadInput(f"{option} {text!r} has no time zone: write it with one, such as {text}+00:00")
    return parsed.astimezone(UTC)


def day(text: str | None, option: str) -> date | None:
    """A date, or None where none was given; raises BadInput for anything else."""
    if text is None:
        return None
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} {text!r} is not a date: write it as 2025-06-01") from None


def listed(text: str) -> list[str]:
    """The parts of a comma-separated option."""
    return [part.strip() for part in text.split(",") if part.strip()]


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


@store_app.command("info")
def store_info(store: Store = None, as_json: Json = False) -> None:
    """What the store holds."""
    from app.commands import store as command

    command.info(store, as_json=as_json)


@store_app.command("verify")
def store_verify(
    store: Store = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Set bad months aside.")] = False,
    as_json: Json = False,
) -> None:
    """Read every byte of the store and compare it with the manifest."""
    from app.commands import store as command

    command.verify(store, quarantine=quarantine, as_json=as_json)


@questions_app.command("generate")
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


@questions_app.command("list")
def questions_list(
    only_open: Annotated[bool, typer.Option("--open", help="Only questions without a resolution.")] = False,
    limit: int = 50,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """The ledger's questions, newest first."""
    from app.commands import questions as command

    command.list_questions(ledger, limit, only_open=only_open, as_json=as_json)


@questions_app.command("show")
def questions_show(question_id: str, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """One question with its forecasts and outcome; the first digits of its id are enough."""
    from app.commands import questions as command

    command.show(question_id, ledger, as_json=as_json)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="The question in words; it is kept, the criterion decides.")],
    actor1: Annotated[str, typer.Option(help="Who acts: a country.")],
    actor2: Annotated[str, typer.Option(help="Toward whom: a country.")],
    first: Annotated[str, typer.Option("--from", help="First day of the window.")],
    last: Annotated[str, typer.Option("--to", help="Last day of the window.")],
    codes: Annotated[str, typer.Option(help="CAMEO codes, comma-separated; any event if left out.")] = "",
    at_least: Annotated[int, typer.Option(help="How many events make it a yes.")] = 1,
    as_of: AsOf = None,
    members: Members = "",
    store: Store = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Ask the crowd whether something will be reported between two countries."""
    from app.commands import forecast as command

    window = (day(first, "--from"), day(last, "--to"))
    command.ask(
        text, (actor1, actor2), window, listed(codes), at_least, as_of, listed(members), store, ledger, as_json=as_json
    )


@app.command()
def forecast(
    as_of: AsOf = None,
    questions: Annotated[
        Path | None, typer.Option(help="Questions as JSON or JSONL; the ledger's open ones if left out.")
    ] = None,
    members: Members = "",
    rule: Annotated[str, typer.Option(help="Pooling rule of the aggregate.")] = "logit_pool",
    store: Store = None,
    ledger: LedgerAt = None,
    as_json: Json = False,
) -> None:
    """Ask every member every open question, pool the answers and record them."""
    from app.commands import forecast as command

    command.forecast(as_of, questions, listed(members), rule, store, ledger, as_json=as_json)


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


@ledger_app.command("verify")
def ledger_verify(ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Check the ledger's hash chain."""
    from app.commands import ledger as command

    command.verify(ledger, as_json=as_json)


@ledger_app.command("backup")
def ledger_backup(path: Path, ledger: LedgerAt = None, as_json: Json = False) -> None:
    """Copy a SQLite ledger while it is in use; to restore, put the copy in its place."""
    from app.commands import ledger as command

    command.backup(path, ledger, as_json=as_json)


@bench_app.command("relations")
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


@bench_app.command("speed")
def bench_speed(
    data: Annotated[Path | None, typer.Option(help="GDELT event files; the demo world's if left out.")] = None,
    only: Annotated[str, typer.Option(help="Comma-separated parts: ingest, queries, growth.")] = "",
    as_json: Json = False,
) -> None:
    """How fast ingest and queries are, as ratios to what the machine can do at best."""
    from app.commands import bench as command

    command.speed(data, listed(only), as_json=as_json)


def main() -> None:
    """Run the command line; an error of Auspex's own is one sentence on standard error and exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except AuspexError as error:
        sys.stderr.write(f"auspex: {error}\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
