"""What assistance did: people's scores before and after their dialogues, by variant, live and back-test apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from agents.people import SHOWN
from app.assisted import PUBLISHED, Cases, cases, differences, effects
from app.commands.assist_report import LEFT_OUT
from app.shown import WAYS, shown_cases, shown_effects
from app.ui import reading, shell, theme, words
from app.ui.charts.intervals import Point, interval_chart, point

Row = dict[str, Any]


def show() -> None:
    """The report, or what to do where there is nothing to report."""
    found: Cases = reading.at_head("dialogues", lambda: cases(reading.ledger()))
    updates = reading.at_head("updates", _updates)
    if not found.scored and not updates:
        shell.empty(
            "No dialogue can be scored yet" if found.left_out.total() else "No dialogue yet",
            "Hold one in the other tab, or in a terminal, and resolve its question when the outcome is known.",
            icon=":material/forum:",
            command='auspex assist ask "Will it rain in Paris on Sunday?" --by DATE',
        )
    rows = effects(found.scored)
    for track in dict.fromkeys(row["track"] for row in rows):
        _variants(track, [row for row in rows if row["track"] == track])
    _differences(differences(found.scored))
    for row in updates:
        _shown(row)
    for reason, n in found.left_out.items():
        st.caption(f"{words.count(n, 'dialogue')} not counted: {LEFT_OUT[reason]}.")


def _updates() -> list[Row]:
    """Models' updates on a number that they were shown; the ledger is read only where any were made."""
    if not any(member.endswith(SHOWN) for member in reading.views().facets().members):
        return []
    return shown_effects(shown_cases(reading.ledger()))


def points_of(rows: Sequence[Row]) -> list[Point]:
    """Brier scores before and after by variant."""
    found = [
        point(row["variant"], row[f"brier_{when}"], row["n"], when) for row in rows for when in ("before", "after")
    ]
    return [one for one in found if one is not None]


def _variants(track: str, rows: Sequence[Row]) -> None:
    st.subheader(f"Assisted forecasts, {track}", anchor=False)
    theme.show_chart(
        interval_chart(points_of(rows), title="Brier score, lower is better"),
        key=f"assisted_{track}",
        caption=f"n = {', '.join(words.count(row['n'], 'dialogue') + ' ' + row['variant'] for row in rows)}. "
        "95 % intervals resample questions.",
    )
    shell.table(
        ("Variant", "n", "People", "Questions", "Before", "After", "Change", "Verdict"),
        [
            (
                row["variant"],
                f"{row['n']:,}",
                f"{row['people']:,}",
                f"{row['questions']:,}",
                words.interval(row["brier_before"]),
                words.interval(row["brier_after"]),
                words.interval(row["change"]),
                row["verdict"],
            )
            for row in rows
        ],
        numbers=(1, 2, 3, 4, 5, 6),
    )
    for row in rows:
        if row["power"] is not None:
            st.caption(
                f"{row['variant'].capitalize()}: a change of -{PUBLISHED:.0%}, as published, would show here with a "
                f"power of {row['power']:.2f}; for .8 it takes about {row['questions_needed']:,} questions."
            )


def _differences(rows: Sequence[Row]) -> None:
    if not rows:
        return
    st.subheader("One kind of help against another", anchor=False)
    shell.table(
        ("Track", "Kinds", "Questions", "Difference of the changes", "Verdict"),
        [
            (
                row["track"],
                f"{row['first']} less {row['second']}",
                f"{row['questions']:,}",
                words.interval(row["difference"]),
                row["verdict"],
            )
            for row in rows
        ],
        numbers=(2, 3),
    )


def _shown(row: Row) -> None:
    st.subheader(f"Models shown a person's number, {row['track']}", anchor=False)
    shell.table(
        ("Way", "n", "Questions", "Brier score", "Update less it", "Verdict on the update"),
        [
            (
                way,
                f"{row['n']:,}",
                f"{row['questions']:,}",
                words.interval(row["brier"][way]),
                words.interval(row["update_minus"].get(way)),
                row["verdicts"].get(way, words.NOTHING),
            )
            for way in WAYS
        ],
        numbers=(1, 2, 3, 4),
    )
    st.caption("First: before the number was shown. Average and hybrid: first answer and number combined.")
