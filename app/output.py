"""What a person and what a program sees: tables and progress on standard error or out, one JSON object for `--json`."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

out = Console()
err = Console(stderr=True)


def emit_json(content: dict[str, Any]) -> None:
    """Exactly one JSON object on standard output; NaN becomes null, datetimes ISO text."""
    json.dump(_plain(content), sys.stdout, indent=2, default=str, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def progress_bar(title: str) -> Iterator[Any]:
    """A progress bar on standard error; yields `update(done, total, note)`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(title, total=None, note="")

        def update(done: int, total: int, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield update


def interval_text(interval: dict[str, float | None] | None, digits: int = 3) -> str:
    """`0.123 (0.110..0.140)`, or a dash where there is nothing."""
    if interval is None or interval["mean"] is None:
        return "-"
    text = f"{interval['mean']:.{digits}f}"
    if interval["low"] is None or interval["high"] is None:
        return text
    return f"{text} [dim]({interval['low']:.{digits}f}..{interval['high']:.{digits}f})[/dim]"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "") -> None:
    """Print a table; the first column is text, the others are numbers."""
    shown = Table(title=title, title_justify="left", caption=caption or None, caption_justify="left")
    for place, column in enumerate(columns):
        shown.add_column(column, justify="left" if place == 0 else "right", no_wrap=place == 0)
    for row in rows:
        shown.add_row(*(str(cell) for cell in row))
    out.print(shown)


def leaderboard_table(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print a leaderboard: lower Brier and log scores are better, higher F1 is."""
    table(
        title,
        ("member", "n", "Brier", "log score", "codes Brier x1000", "F1 roots", "F1 codes"),
        [
            (
                row["member"],
                row["n"],
                interval_text(row["brier"]),
                interval_text(row["log_score"]),
                interval_text(_times(row["brier_codes"], 1000), 2),
                interval_text(row["f1_root"]),
                interval_text(row["f1_base"]),
            )
            for row in rows
        ],
        "Brier and log score: binary questions, lower is better. Codes and F1: relation questions. "
        "95 % intervals by cluster bootstrap over pairs of countries.",
    )


def _times(interval: dict[str, float | None] | None, factor: float) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {key: value if value is None or key == "level" else value * factor for key, value in interval.items()}
