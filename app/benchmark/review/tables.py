"""The tables of a peer review, for the page and for the screen."""

from __future__ import annotations

from typing import Any

from app.benchmark.page.content import Table


def tables(found: dict[str, Any]) -> list[Table]:
    """Agreement, respondents, assessors, and leaderboards where there are any."""
    made = [agreement(found), respondents(found), assessors(found)]
    return [*made, leaderboards(found)] if found["leaderboards"] else made


def agreement(found: dict[str, Any]) -> Table:
    """The six ICCs."""
    left_out = found["icc_left_out"]
    gaps = [f"{len(names)} {what} with gaps" for what, names in left_out.items() if names]
    n = found["n_respondents"] - len(left_out["respondents"]), found["n_assessors"] - len(left_out["assessors"])
    left = f"; left out: {', '.join(gaps)}" if gaps else ""
    note = (
        f"{n[0]} respondents by {n[1]} assessors, marks averaged over {found['n_criteria']} criteria{left}. (·,1): one "
        "assessor; (·,k): the mean of all. (1,·): others for each respondent; (2,·): the same for all, severity counts "
        "as error; (3,·): severity does not matter. F tests that respondents do not differ."
    )
    return Table(
        title="The six intraclass correlations",
        columns=("", "ICC", "95 % interval", "F", "df", "p"),
        rows=tuple(
            (
                kind(row),
                number(row["icc"]),
                bounds(row),
                number(row["f"]),
                f"{row['df1']}, {row['df2']}",
                "-" if row["p"] is None else f"{row['p']:.2g}",
            )
            for row in found["icc_table"]
        ),
        note=note,
    )


def respondents(found: dict[str, Any]) -> Table:
    """Who was marked how."""
    return Table(
        title="Respondents",
        columns=("respondent", "rank", "centred", "by others", "rank by others", "raw mean"),
        rows=tuple(
            (
                row["respondent"],
                place(row["rank"]),
                number(row["centred"], signed=True),
                number(row["by_others"], signed=True),
                place(row["rank_by_others"]),
                number(row["mean"], 2),
            )
            for row in found["respondents"]
        ),
        note="Centred: each mark minus its assessor's own mean. By others: without marks of one's own work.",
    )


def assessors(found: dict[str, Any]) -> Table:
    """Who marked how."""
    preference, halo = found["self_preference"], found["halo"]
    return Table(
        title="Assessors, the most severe first",
        columns=("assessor", "mean given", "severity", "95 % interval", "self-preference", "halo"),
        rows=tuple(
            (
                row["assessor"],
                number(row["mean_given"], 2),
                number(row["severity"]["mean"], 2, signed=True),
                bounds(row["severity"], 2, signed=True),
                number(row["self_preference"], 2, signed=True),
                number(row["halo"], 2),
            )
            for row in found["severity"]
        ),
        note=(
            "Severity: mean given minus that of all assessors, below 0 severe; intervals resample respondents. "
            "Self-preference: the centred mark of one's own work minus what others gave it, in marks; on average "
            f"{_average(preference, signed=True)}: {_shown(preference)}. Halo: mean correlation between criteria; on "
            f"average {_average(halo)}."
        ),
    )


def leaderboards(found: dict[str, Any]) -> Table:
    """How marks go with external scores of the same models."""
    return Table(
        title="Correlation with external leaderboards",
        columns=("marks and leaderboard", "n", "Pearson", "95 % interval", "Spearman", "95 % interval", "Kendall"),
        rows=tuple(
            (
                f"{row['of']}, {row['leaderboard']}",
                str(row["n"]),
                number(row["pearson"]["mean"], 2, signed=True),
                bounds(row["pearson"], 2, signed=True),
                number(row["spearman"]["mean"], 2, signed=True),
                bounds(row["spearman"], 2, signed=True),
                number(row["kendall"]["mean"], 2, signed=True),
            )
            for row in found["leaderboards"]
        ),
        note="Intervals resample models.",
    )


def kind(row: dict[str, Any]) -> str:
    """An ICC's name as Shrout & Fleiss write it."""
    return f"ICC({row['type'][3]},{row['type'][4:] or '1'})"


def number(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else f"{value:{'+' if signed else ''}.{digits}f}"


def place(rank: float | None) -> str:
    """A rank, halves where ties share their mean one, or a dash."""
    return "-" if rank is None else f"{rank:g}"


def bounds(interval: dict[str, Any], digits: int = 3, *, signed: bool = False) -> str:
    """`low to high`, or a dash where they are not known."""
    if interval["low"] is None or interval["high"] is None:
        return "-"
    return " to ".join(number(interval[key], digits, signed=signed) for key in ("low", "high"))


def _average(interval: dict[str, Any], *, signed: bool = False) -> str:
    if interval["mean"] is None:
        return "unknown"
    return f"{number(interval['mean'], signed=signed)} [{bounds(interval, signed=signed)}]"


def _shown(interval: dict[str, Any]) -> str:
    """What an interval says about a difference from nothing."""
    if interval["low"] is None:
        return "too few to tell"
    if interval["low"] <= 0 <= interval["high"]:
        return "no difference shown"
    return "models prefer their own work" if interval["low"] > 0 else "models mark their own work down"
