"""`auspex bench agents`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.benchmark.agents.in_folder import Wanted, run_in_folder
from app.commands.places import open_ledger, open_store
from app.output import emit_json, err, interval_text, out, progress_bar, table
from db.records import FailureReason

_NOT_ASKED = (FailureReason.PROVIDER, FailureReason.BUDGET, FailureReason.ERROR)


def agents(
    members: list[str],
    wanted: Wanted,
    folder: Path | None,
    budget_usd: float | None,
    store: Path | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Ask the members, write the report beside the answers and show it.

    The folder is, if none is given, one in the cache that is named after the configuration. Exit code 1 where a member
    could not be asked some of the queries; the same command asks them again.
    """
    with open_ledger(ledger) as book, progress_bar("answers") as update:
        result = run_in_folder(
            members, wanted, open_store(store), book, folder=folder, budget_usd=budget_usd, progress=update
        )
    if as_json:
        emit_json(result)
    else:
        _show(result)
    if missing := _not_asked(result["members"]):
        err.print(f"could not be asked: {', '.join(missing)}. Run the same command again to ask only these")
        sys.exit(1)


def _not_asked(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{row['member']} at {row['horizon_days']} days ({reason} {n})"
        for row in rows
        for reason, n in row["failed"].items()
        if reason in _NOT_ASKED
    ]


def _show(result: dict[str, Any]) -> None:
    rows = result["members"]
    for leakage in dict.fromkeys(row["leakage"]["class"] for row in rows):
        table(
            f"{result['n_queries']} queries, {result['first_day']} to {result['last_day']}, {leakage}",
            ("member", "days", "n", "F1 roots", "F1 codes", "codes vs baseline", "invalid", "tokens", "USD"),
            [
                (
                    row["member"],
                    row["horizon_days"],
                    row["n"],
                    interval_text(row["intervals"]["f1_root"]),
                    interval_text(row["intervals"]["f1_base"]),
                    interval_text(row["diff_to_baseline"]["f1_base"]),
                    row["invalid"] + row["unfinished"],
                    f"{row['tokens'] / row['n']:,.0f}",
                    "-" if row["cost_usd"] is None else f"{row['cost_usd'] / row['n']:.4f}",
                )
                for row in rows
                if row["leakage"]["class"] == leakage
            ],
            f"Baseline: {result['baseline']}. 95 % intervals, resampling days. Invalid or unfinished answers count 0. "
            "Tokens and dollars per query.",
        )
    for skip in result["skipped"]:
        horizon = "" if skip["horizon_days"] is None else f" at {skip['horizon_days']} days"
        err.print(f"{skip['n']} queries{horizon} were not asked: {skip['reason']}")
    out.print(f"Report: {result['report']['html']}")
