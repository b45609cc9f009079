"""The report's tables, as texts, and its lines about leakage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.benchmark.agents import marks
from app.benchmark.agents.marks import Row
from app.benchmark.page.content import Table

_NONE = "–"
_LEVELS = ("base", "root", "quad", "binary")


def tables(rows: Sequence[Row]) -> list[Table]:
    """Quality and effort, in tables of their own for every class of leakage: two classes never share one."""
    found = []
    for leakage in dict.fromkeys(row["leakage"]["class"] for row in rows):
        own = [row for row in rows if row["leakage"]["class"] == leakage]
        found += [_quality(own, leakage), _differences(own, leakage), _effort(own, leakage)]
    return [table for table in found if table.rows]


def _quality(rows: Sequence[Row], leakage: str) -> Table:
    return Table(
        f"Quality ({leakage})",
        (
            "member",
            "days",
            "n",
            "F1 codes",
            "P / R",
            "F1 roots",
            "P / R",
            "F1 quad",
            "KL quad",
            "F1 binary",
            "KL binary",
        )
        + ("Brier x1000", "log score"),
        tuple(
            (
                row["member"],
                str(row["horizon_days"]),
                str(row["n"]),
                _interval(row["intervals"]["f1_base"]),
                f"{_mean(row['precision_base'])} / {_mean(row['recall_base'])}",
                _interval(row["intervals"]["f1_root"]),
                f"{_mean(row['precision_root'])} / {_mean(row['recall_root'])}",
                _mean(row["f1_quad"]),
                _mean(row["kl_quad"], digits=2),
                _mean(row["f1_binary"]),
                _mean(row["kl_binary"], digits=2),
                _mean(row["brier"], times=1000, digits=1),
                _mean(row["log_score"], digits=4),
            )
            for row in rows
        ),
        "Means over queries (macro). P, R: precision and recall. KL (truth || answer) in nats, at most 23.03, Brier "
        "and log score (means over 149 codes, where probabilities were stated): lower is better. In brackets: 95 % "
        "intervals, percentile bootstrap over days.",
    )


def _differences(rows: Sequence[Row], leakage: str) -> Table:
    baseline = rows[0]["diff_to_baseline"]["baseline"]
    return Table(
        f"Difference to {baseline} ({leakage})",
        ("member", "days", "n", "F1 codes", "F1 roots", "F1 quad", "F1 binary", "Brier x1000"),
        tuple(
            (
                row["member"],
                str(row["horizon_days"]),
                str(row["diff_to_baseline"]["n"]),
                *(_interval(row["diff_to_baseline"][f"f1_{level}"], sign="+") for level in _LEVELS),
                _interval(row["diff_to_baseline"]["brier"], sign="+", times=1000, digits=1),
            )
            for row in rows
            if row["member"] != baseline
        ),
        "Paired on the same queries, 95 % intervals resample days. An interval across 0 tells nothing apart. F1: "
        "positive is better; Brier: negative is better.",
    )


def _effort(rows: Sequence[Row], leakage: str) -> Table:
    return Table(
        f"Answers and effort ({leakage})",
        ("member", "days", "n", "invalid", "unfinished", "all failures", "unknown codes", "steps", "tool calls")
        + ("tokens", "US dollars", "seconds", "newest observation"),
        tuple(
            (
                row["member"],
                str(row["horizon_days"]),
                str(row["n"]),
                str(row["invalid"]),
                str(row["unfinished"]),
                ", ".join(f"{reason} {n}" for reason, n in row["failed"].items()) or "0",
                str(row["unknown_codes"]),
                _per_query(row, "steps", 1),
                _number(sum(row["tool_calls"].values()) / row["n"], 1),
                _per_query(row, "tokens", 0),
                _per_query(row, "cost_usd", 5),
                _per_query(row, "seconds", 2),
                _newest(row),
            )
            for row in rows
        ),
        "Steps (replies of the model), tool calls, tokens, dollars and seconds are means per query; dollars are absent "
        "where a price is unknown, and calls answered from the call log cost nothing again. Unknown codes are those "
        "that CAMEO has not; they cost precision. Newest observation: when the newest stored row that a tool showed "
        "became known, and whether every one lies before its query's cut-off.",
    )


def leakage_lines(rows: Sequence[Row]) -> list[str]:
    """Per member and class, the model's dates against the cut-offs of the questions."""
    found = []
    for row in rows:
        leakage = row["leakage"]
        if leakage["model"] is None:
            line = f"{row['member']}: {leakage['class']}; asks no language model"
        else:
            line = (
                f"{row['member']}: {leakage['class']}; model {leakage['model']} released "
                f"{leakage['release_date'] or 'unknown'}, training to {leakage['knowledge_cutoff'] or 'unknown'}; "
                f"questions of {marks.in_days(row['horizon_days'])} cut off {leakage['first_cut_off']:%Y-%m-%d} to "
                f"{leakage['last_cut_off']:%Y-%m-%d}"
            )
        found.append(line)
    return list(dict.fromkeys(found))


def _newest(row: Row) -> str:
    seen = row["observations"]
    if seen is None or seen["latest_added_at"] is None:
        return _NONE
    return (
        f"{seen['latest_added_at']:%Y-%m-%d %H:%M}, {'all before' if seen['all_before_cut_off'] else 'NOT all before'}"
    )


def _interval(interval: dict[str, Any] | None, *, digits: int = 3, times: float = 1, sign: str = "") -> str:
    if interval is None:
        return _NONE
    mean, low, high = (interval[key] for key in ("mean", "low", "high"))
    bounds = (
        "" if low is None or high is None else f" ({low * times:{sign}.{digits}f}, {high * times:{sign}.{digits}f})"
    )
    return f"{mean * times:{sign}.{digits}f}{bounds}"


def _mean(mean: float | None, *, digits: int = 3, times: float = 1) -> str:
    return _NONE if mean is None else f"{mean * times:.{digits}f}"


def _per_query(row: Row, key: str, digits: int) -> str:
    return _NONE if row[key] is None else _number(row[key] / row["n"], digits)


def _number(value: float, digits: int) -> str:
    return "0" if value == 0 else f"{value:,.{digits}f}"
