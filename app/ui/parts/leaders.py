"""The leaderboard half of the Track record page: all members with intervals, against the base rate and the market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.track_record.comparisons import Comparison, against_base_rate, against_market
from app.track_record.ranking import rank, scored_others
from app.ui import reading, shell, theme, words
from app.ui.charts.intervals import interval_chart
from app.ui.charts.palette import INK, WARM
from app.ui.record_points import differences, leaders
from db.ledger.rows import ScoredColumns
from db.ledger.views import Views

Row = dict[str, Any]
_BASE_RATE, _MARKET = "the base rate", "the market"
_OTHERS = {
    "n_relation": (
        "Which events",
        (("f1_root", "F1 roots"), ("f1_base", "F1 base codes"), ("brier_codes", "Brier score, codes")),
        "Which events are reported between two countries on a day: F1 of the codes chosen (higher is better), and the "
        "Brier score over the 149 base codes (lower is better).",
    ),
    "n_multiple_choice": (
        "One of several",
        (("brier_multi", "Brier score, 0 to 2"), ("log_score_multi", "Log score")),
        "Lower is better in both.",
    ),
    "n_numeric": (
        "A number",
        (("crps_relative", "CRPS, relative"), ("coverage", "Coverage")),
        "CRPS over the mean of the members who answered the same question: below 1 is better than they. Coverage: how "
        "often the central interval held the outcome.",
    ),
}
"""The kinds of question other than yes/no: the count that says whether there are any, title, metrics, what they say."""


@dataclass(frozen=True, slots=True)
class Record:
    """The leaderboard's rows on both tracks, and the columns of all answers to yes/no questions."""

    rows: list[Row]
    columns: ScoredColumns


def read(views: Views) -> Record:
    """The track record as the ledger has it now."""
    found = views.scorable()
    return Record(rank(found.binary, scored_others(found)), found.binary)


def show(record: Record, rows: Sequence[Row], track: str) -> None:
    """The members of one track."""
    binary = [row for row in rows if row["n_binary"]]
    if binary:
        _binary(binary, track)
        _against(record, track)
    for count, (title, metrics, note) in _OTHERS.items():
        having = [row for row in rows if row[count]]
        if having:
            _others(title, [row for row in having], count, metrics, note, track)


def _binary(rows: Sequence[Row], track: str) -> None:
    st.subheader(f"Leaderboard, {track}", anchor=False)
    theme.show_chart(
        interval_chart(leaders(rows, "brier", "n_binary"), title="Brier score of yes/no questions, lower is better"),
        key=f"leaders_{track}",
        caption=f"n = {_range([row['n_binary'] for row in rows])} questions. 95 % intervals resample pairs of "
        "countries, or questions about none. Where members answered different questions, compare them below.",
    )
    with st.expander("In numbers", icon=":material/table_rows:", expanded=True):
        shell.table(
            ("Member", "n", "Brier score", "Log score", "Skill", "on n"),
            [
                (
                    row["member"],
                    f"{row['n_binary']:,}",
                    words.interval(row["brier"]),
                    words.interval(row["log_score"]),
                    words.NOTHING if row["skill_vs"]["skill"] is None else f"{row['skill_vs']['skill']:+.3f}",
                    f"{row['skill_vs']['n']:,}",
                )
                for row in rows
            ],
            numbers=range(1, 6),
        )
        st.caption(
            "Skill: 1 less Brier score over that of climatology, the base rate, on the n questions both answered."
        )


def _against(record: Record, track: str) -> None:
    """Paired differences, on the questions that both answered."""
    base, market = reading.at_head(f"against {track}", lambda: _compared(record, track))
    points = [*differences(base, _BASE_RATE), *differences(market, _MARKET)]
    if not points:
        return
    shared = [f"n = {_range([one.n for one in base])} with the base rate (climatology)"]
    shared += (
        [f"n = {_range([one.n for one in market])} with the market"] if market else ["no market price is recorded"]
    )
    st.subheader("Against the base rate and the market", anchor=False)
    theme.show_chart(
        interval_chart(
            points,
            title="Brier score less the reference's; left of the line is better",
            format="+.4f",
            reference=0.0,
            colours={_BASE_RATE: INK, _MARKET: WARM},
        ),
        key=f"against_{track}",
        caption=f"Paired on the questions that both answered: {', '.join(shared)}. 95 % intervals resample pairs of "
        "countries; one across the line tells nothing apart.",
    )


def _compared(record: Record, track: str) -> tuple[list[Comparison], list[Comparison]]:
    return against_base_rate(record.columns, track), against_market(record.columns, track)


def _range(counts: Sequence[int]) -> str:
    """One number where all are the same, else from the least to the most."""
    least, most = min(counts, default=0), max(counts, default=0)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _others(
    title: str, rows: Sequence[Row], count: str, metrics: Sequence[tuple[str, str]], note: str, track: str
) -> None:
    st.subheader(f"{title}, {track}", anchor=False)
    first, _ = metrics[0]
    ranked = sorted(rows, key=lambda row: -_mean(row[first]) if first.startswith("f1") else _mean(row[first]))
    shell.table(
        ("Member", "n", *(name for _, name in metrics)),
        [(row["member"], f"{row[count]:,}", *(words.interval(row[metric]) for metric, _ in metrics)) for row in ranked],
        numbers=range(1, len(metrics) + 2),
    )
    st.caption(note)


def _mean(interval: dict[str, float] | None) -> float:
    return float("inf") if interval is None else interval["mean"]
