"""The command line: one tree of commands. What they do lies in `app/commands`, imported only when it is called."""

from __future__ import annotations

import logging
import os
import sys

import typer

from app.cli import (
    api_keys,
    articles,
    assist,
    batch,
    bench,
    crowd,
    daily,
    dev,
    interchange,
    ledger,
    mcp,
    models,
    questions,
    schedule,
    serve,
    store,
    traces,
    ui,
    worker,
)
from db.errors import AuspexError

app = typer.Typer(
    name="auspex",
    help="A forecasting desk: calibrated probabilities, recorded before the outcome and scored for ever after.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(daily.app)
app.add_typer(serve.app)
app.add_typer(worker.app)
app.add_typer(ui.app)
app.add_typer(interchange.app)
app.add_typer(mcp.app)
for name, child in (
    ("store", store.app),
    ("articles", articles.app),
    ("questions", questions.app),
    ("models", models.app),
    ("traces", traces.app),
    ("ledger", ledger.app),
    ("api-keys", api_keys.app),
    ("crowd", crowd.app),
    ("assist", assist.app),
    ("batch", batch.app),
    ("schedule", schedule.app),
    ("bench", bench.app),
    ("dev", dev.app),
):
    app.add_typer(child, name=name)


def main() -> None:
    """Run the command line; an error of Auspex's own is one sentence on standard error and exit code 2."""
    # OpenMP's threads otherwise spin while they wait for each other: on a busy machine fits take ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except AuspexError as error:
        sys.stderr.write(f"auspex: {error}\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
