"""What a person and what a program sees: tables and progress on standard error or out, one JSON object for `--json`.

Text is printed as it is: brackets in a question or a name are no styling. What is styled is a `Text`, or printed with a
`style`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from app.numbers import short

_LEAST = 12
"""The narrowest that a column of words may be wrapped to, in characters."""

Cell = str | Text

out = Console(markup=False, emoji=False)
err = Console(stderr=True, markup=False, emoji=False)


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
    """A progress bar on standard error; yields `update(done, total, note)`, where None leaves a number as it is."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(title, total=None, note="")

        def update(done: int | None, total: int | None, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield update


def money(cost_usd: float | None) -> str:
    """Dollars, or that nobody knows."""
    return "cost unknown" if cost_usd is None else f"${cost_usd:.4f}"


def interval_text(interval: dict[str, float | None] | None, digits: int = 3) -> Cell:
    """`0.123 (.110, .140)`, on two lines where the screen is narrow, or a dash where there is nothing."""
    if interval is None or interval["mean"] is None:
        return "-"
    text = f"{interval['mean']:.{digits}f}"
    if interval["low"] is None or interval["high"] is None:
        return text
    gap = " " if out.width >= 100 else "\n"
    ends = f"({short(interval['low'], digits)}, {short(interval['high'], digits)})"
    return Text.assemble(text, gap, (ends, "dim"))


def bold(text: str) -> Text:
    """A cell that stands out."""
    return Text(text, style="bold")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "") -> None:
    """Print a table; the first column is text, the others are numbers. Only cells that are a `Text` are styled.

    On a narrow screen words are broken over lines before numbers are, and nothing is ever cut off.
    """
    shown = Table(
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
        title=title,
        title_justify="left",
        caption=caption or None,
        caption_justify="left",
    )
    cells = [[cell if isinstance(cell, Text) else str(cell) for cell in row] for row in rows]
    whole = _whole(columns, cells)
    for place, column in enumerate(columns):
        shown.add_column(
            column, justify="left" if place == 0 else "right", no_wrap=place in whole, overflow="fold", min_width=1
        )
    for row in cells:
        shown.add_row(*row)
    out.print(shown)


def _whole(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> set[int]:
    """The columns that are kept on one line: the narrowest first, as far as they leave the others room to wrap."""
    widths = [
        max((cell_len(line) for row in rows for line in str(row[place]).splitlines()), default=0)
        for place in range(len(columns))
    ]
    room = out.width - 2 * len(columns)
    kept: set[int] = set()
    for place in sorted(range(len(columns)), key=lambda place: widths[place]):
        left = len(columns) - len(kept) - 1
        if widths[place] + _LEAST * left <= room:
            kept.add(place)
            room -= widths[place]
    return kept


def leaderboard_table(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print a leaderboard, each kind of question apart: they are different scales."""
    for kind, by, columns, cells, caption in (
        ("binary", "brier", ("n", "Brier", "log score", "skill"), _binary_cells, _BINARY),
        ("relation", "brier_codes", ("n", "Brier x1000", "F1 roots", "F1 codes"), _relation_cells, _RELATION),
        ("multiple_choice", "brier_multi", ("n", "Brier (0-2)", "log score"), _choice_cells, _CHOICE),
        ("numeric", "crps_relative", ("n", "CRPS", "relative CRPS", "coverage", "of"), _numeric_cells, _NUMERIC),
    ):
        having = sorted((row for row in rows if row[f"n_{kind}"]), key=partial(_mean, by))
        if having:
            shown = [(row["member"], row[f"n_{kind}"], *cells(row)) for row in having]
            heading = f"{title}: {kind.replace('_', '-')} questions"
            table(heading, ("member", *columns), shown, f"{caption} {_INTERVALS}")


_INTERVALS = "95 % intervals: cluster bootstrap over pairs of countries, else over series or single questions."
_BINARY = "Brier and log score (nats): lower is better. Skill: Brier against climatology."
_RELATION = "Brier: mean over 149 codes, lower is better. F1 of the chosen set: higher is better."
_CHOICE = "Brier, summed over the options, and log score of the option that came (nats): lower is better."
_NUMERIC = (
    "CRPS in the questions' unit, if they share one; relative: over the mean of the members' who answered; lower is "
    "better. Coverage: the share of outcomes in the central interval, of the level beside it."
)


def _mean(metric: str, row: dict[str, Any]) -> float:
    """The mean of a metric, infinite where there is none, to be sorted by."""
    return float(row[metric]["mean"]) if row[metric] else math.inf


def _binary_cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    skill = row["skill_vs"]["skill"]
    return interval_text(row["brier"]), interval_text(row["log_score"]), "-" if skill is None else f"{skill:+.2f}"


def _relation_cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    brier = interval_text(_times(row["brier_codes"], 1000), 2)
    return brier, interval_text(row["f1_root"]), interval_text(row["f1_base"])


def _choice_cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    return interval_text(row["brier_multi"]), interval_text(row["log_score_multi"])


def _numeric_cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    nominal = row["coverage_nominal"]
    return (
        interval_text(row["crps"]),
        interval_text(row["crps_relative"], 2),
        interval_text(row["coverage"], 2),
        "-" if nominal is None else f"{nominal:.2f}",
    )


def _times(interval: dict[str, float | None] | None, factor: float) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {key: value if value is None or key == "level" else value * factor for key, value in interval.items()}
