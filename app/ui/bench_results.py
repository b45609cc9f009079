"""The agents' benchmarks that were run on this machine, read from the reports that `auspex bench agents` writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.benchmark.agents.marks import in_days
from app.benchmark.agents.report import FILES
from app.ui.charts.intervals import Point, point
from ensembles.scores import ReliabilityBin

Row = dict[str, Any]
"""One member at one horizon in one class of leakage, as `app.benchmark.agents.summary.rows` makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRun:
    """One finished run: where its files lie, what was asked, and its rows."""

    folder: Path
    made_at: datetime
    report: dict[str, Any]

    @property
    def rows(self) -> list[Row]:
        """The rows of members."""
        rows: list[Row] = self.report["members"]
        return rows

    @property
    def title(self) -> str:
        """How a list names it."""
        report = self.report
        return (
            f"{self.made_at:%Y-%m-%d %H:%M} UTC · {report['n_queries']:,} queries, {report['first_day']} to "
            f"{report['last_day']}"
        )


def runs(folder: Path) -> list[BenchRun]:
    """The runs below the benchmarks' `folder`, newest first; folders of other benchmarks are passed over."""
    found = [run for path in sorted(folder.glob(f"*/{FILES['json']}")) if (run := read_run(path)) is not None]
    return sorted(found, key=lambda run: run.made_at, reverse=True)


def read_run(path: Path) -> BenchRun | None:
    """The run whose report lies at `path`; None where that is no report of the agents' benchmark."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # another benchmark's file, or one that is being written
    if not isinstance(report, dict) or "n_pair_days" not in report or "made_at" not in report:
        return None
    for row in report["members"]:
        _with_moments(row)
    return BenchRun(folder=path.parent, made_at=datetime.fromisoformat(report["made_at"]), report=report)


def _with_moments(row: Row) -> None:
    """Moments as such: JSON holds them as texts, and the tables of the report format them."""
    for held, keys in (
        (row["leakage"], ("first_cut_off", "last_cut_off")),
        (row["observations"], ("latest_added_at",)),
    ):
        for key in keys:
            if held is not None and held[key] is not None:
                held[key] = datetime.fromisoformat(held[key])


def classes(rows: Sequence[Row]) -> list[str]:
    """The classes of leakage among the rows: results of two are never shown together."""
    return list(dict.fromkeys(str(row["leakage"]["class"]) for row in rows))


def of_class(rows: Sequence[Row], leakage: str) -> list[Row]:
    """The rows of one class."""
    return [row for row in rows if row["leakage"]["class"] == leakage]


def f1_points(rows: Sequence[Row], level: str) -> list[Point]:
    """F1 at a level ("base", "root", "quad" or "binary") by member, a colour per horizon; best members first."""
    points = [
        one
        for row in rows
        if (one := point(row["member"], row["intervals"][f"f1_{level}"], row["n"], in_days(row["horizon_days"])))
    ]
    best = {one.label: max(other.mean for other in points if other.label == one.label) for one in points}
    return sorted(points, key=lambda one: (-best[one.label], one.label))


def difference_points(rows: Sequence[Row], level: str) -> list[Point]:
    """F1 less the baseline's on the same queries, paired."""
    found = [
        point(
            row["member"],
            row["diff_to_baseline"][f"f1_{level}"],
            row["diff_to_baseline"]["n"],
            in_days(row["horizon_days"]),
        )
        for row in rows
        if row["member"] != row["diff_to_baseline"]["baseline"]
    ]
    return [one for one in found if one is not None]


def reliability_of(row: Row) -> list[ReliabilityBin]:
    """The bins of a row that states probabilities; none of one that does not."""
    return [ReliabilityBin(**found) for found in row["reliability"] or ()]
