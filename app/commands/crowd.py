"""`auspex crowd report`: how the members lean, what their spread tells, and which rule the default uses now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from app.commands.places import open_ledger
from app.crowd_report import crowd_report
from app.flags import SHOWN, flagged, thresholds
from app.output import emit_json, interval_text, out, table

_COVERS = "95 % intervals: cluster bootstrap over pairs of countries, else over series or single questions."


def report(members: Sequence[str], ledger: str | None, *, as_json: bool) -> None:
    """Report on the resolved yes/no questions of the ledger."""
    now = datetime.now(UTC)
    with open_ledger(ledger) as book:
        record = book.track_record(known_before=now)
        found = crowd_report(record, members, now=now)
        learnt = thresholds(found["spread"])
        flags = flagged(book, learnt)
    found |= {"flagged": flags[:SHOWN], "n_flagged": len(flags)}
    if as_json:
        emit_json(found)
        return
    if not found["members"]:
        out.print("No forecast of a yes/no question has an outcome yet.")
        out.print("Next: auspex resolve for questions about events, auspex questions resolve for others.")
        return
    out.print(f"{found['questions']} resolved yes/no questions.")
    _habits(found["members"])
    _spread(found["spread"])
    _flagged(flags, can_flag=learnt.any)
    for row in found["effective"]:
        out.print(
            f"{_number(row['effective'], 1)} independent members would be worth as much as these {row['members']} "
            f"({row['track']}, n = {row['n']}): their errors go together."
        )
    if found["learnt"]:
        _learnt(found["learnt"], found["crowd"])


def _habits(rows: Sequence[dict[str, Any]]) -> None:
    table(
        "Members",
        ("member", "track", "n", "mean", "came true", "lean to yes", "x.x5 or x.x0", "x.x0", "Brier"),
        [
            (
                row["member"],
                row["track"],
                row["n"],
                f"{row['mean_forecast']:.1%}",
                f"{row['resolution_rate']:.1%}",
                interval_text(row["lean"]),
                f"{row['share_of_fives']:.0%}",
                f"{row['share_of_tens']:.0%}",
                interval_text(row["brier"]),
            )
            for row in rows
        ],
        "Lean: mean forecast minus the rate that came true, above 0 for saying yes too much. Multiples of 5 and of 10 "
        f"per cent: 21 % and 11 % if whole per cents were all as likely. {_COVERS}",
    )


def _spread(rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    table(
        "Spread as a warning",
        ("source", "track", "n", "spread", "doubt", "spread beyond doubt", "error flagged", "elsewhere"),
        [
            (
                "all" if row["source"] is None else row["source"],
                row["track"],
                row["n"],
                interval_text(row["by_spread"], 2),
                interval_text(row["by_doubt"], 2),
                interval_text(row["beyond_doubt"], 2),
                _number(row["error_flagged"], 3),
                _number(row["error_rest"], 3),
            )
            for row in rows
        ],
        "Spearman's correlation with the squared error of the logit pool: of the members' standard deviation, of the "
        "pool's own doubt p (1 - p), and of the first with the second held fixed, which is what disagreement adds: "
        f"nothing where it covers 0. Flagged: the fifth of the questions with the widest spread. {_COVERS}",
    )


def _flagged(rows: Sequence[dict[str, Any]], *, can_flag: bool) -> None:
    if not rows:
        out.print(
            "No open question is flagged: on none do the members differ as widely as went with error before."
            if can_flag
            else "No open question is flagged: on live forecasts, spread has not been seen to foretell error."
        )
        return
    table(
        "Open questions to look at twice",
        ("question", "id", "source", "aggregate", "spread", "flagged from"),
        [
            (
                row["question"],
                row["id8"],
                row["source"],
                f"{row['aggregate']:.1%}",
                f"{row['spread']:.3f}",
                f"{row['threshold']:.3f}",
            )
            for row in rows[:SHOWN]
        ],
        f"{min(len(rows), SHOWN)} of {len(rows)}, the widest spread first. Flagged from where the widest fifth of the "
        "source's resolved questions began, or of all where it has too few; only where spread foretold error.",
    )


def _learnt(rows: Sequence[dict[str, Any]], crowd: Sequence[str]) -> None:
    table(
        "The default rule now",
        ("questions", "rule", "known", "rounds", "gain on later rounds", "power"),
        [
            (
                row["type"],
                row["rule"],
                row["n_known"],
                row["rounds"],
                interval_text(row["gain"], 4),
                _number(row["power"], 2),
            )
            for row in rows
        ],
        f"Crowd: {', '.join(crowd) or 'none'}. Known: outcomes of live forecasts by all of them. Gain: fall in Brier "
        f"score against the plain logit pool. Power: the chance of having seen a gain of {rows[0]['effect']:g}.",
    )
    for row in rows:
        out.print(f"{row['type']} questions: {row['reason']}.", highlight=False)


def _number(value: float | None, digits: int) -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None or value != value else f"{value:.{digits}f}"
