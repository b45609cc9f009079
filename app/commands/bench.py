"""`auspex bench`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.output import emit_json, err, interval_text, table
from db.errors import BadInput


def relations(data: Path, test_from: date | None, test_to: date | None, members: list[str], *, as_json: bool) -> None:
    """Run the relation benchmark and show a table."""
    from app.benchmark.relations import relations as run

    if test_from is None:
        raise BadInput("say where the test begins: --test-from 2014-12-01")
    err.print(f"learning from everything before {test_from} ...")
    found = run(data, test_from, test_to, members)
    if as_json:
        emit_json(found)
        return
    table(
        f"{found['n_queries']:,} pair-days, {found['test_from']} to {found['test_to']}",
        ("member", "F1 roots", "F1 codes", "roots vs baseline", "codes vs baseline", "Brier x1000"),
        [
            (
                row["member"],
                f"{row['f1_root']:.3f}",
                f"{row['f1_base']:.3f}",
                interval_text(row["diff_to_baseline"]["f1_root"]),
                interval_text(row["diff_to_baseline"]["f1_base"]),
                f"{1000 * row['brier']:.2f}",
            )
            for row in found["members"]
        ],
        f"Baseline: {found['baseline']}. Differences with 95 % intervals, resampling days. {found['seconds']:.0f} s.",
    )


def speed(data: Path | None, only: list[str], *, as_json: bool) -> None:
    """Run the speed benchmark and show a table."""
    from app.benchmark.speed import speed as run

    found = run(data, only)
    if as_json:
        emit_json(found)
        return
    table(
        f"Speed on {found['data']}" if found["data"] else "Speed",
        ("what", "value", "unit", "ratio to floor", "n", "scale"),
        [
            (
                row["what"],
                f"{row['value']:,.1f}",
                row["unit"],
                "-" if row["ratio_to_floor"] is None else f"{row['ratio_to_floor']:.2f}",
                row["n"],
                f"{row['scale']}x",
            )
            for row in found["rows"]
        ],
        "The floor of ingest is DuckDB merely scanning the same columns of the same files; that of model calls is a "
        "server whose every slot is always busy; that of pooling is a bare numpy mean of the log-odds.",
    )
