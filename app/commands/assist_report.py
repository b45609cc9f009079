"""`auspex assist report`: what assistance did to people's forecasts, and a shown number to models' ones."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from app.assisted import PUBLISHED, Cases, cases, differences, effects
from app.commands.places import open_ledger
from app.output import emit_json, interval_text, out, table
from app.shown import WAYS, shown_cases, shown_effects

LEFT_OUT = {
    "open": "about open questions",
    "annulled": "about questions without a yes or no",
    "known_before": "begun when the outcome was known",
    "repeated": "of a person who had forecast the question before",
}
"""Why a dialogue is not scored (`app.assisted.Cases.left_out`), in words."""


def report(ledger: str | None, *, as_json: bool) -> None:
    """Score the dialogues and updates of resolved questions."""
    with open_ledger(ledger) as book:
        found, updates = cases(book), shown_cases(book)
    variants, contrasts, shown = effects(found.scored), differences(found.scored), shown_effects(updates)
    if as_json:
        counted = {"dialogues": len(found.scored) + found.left_out.total(), "scored": len(found.scored)}
        left_out = {reason: found.left_out[reason] for reason in LEFT_OUT}
        emit_json(counted | {"left_out": left_out, "variants": variants, "differences": contrasts, "shown": shown})
        return
    if not variants and not shown:
        _show_nothing(found)
    for track in dict.fromkeys(row["track"] for row in variants):
        _show_variants(track, [row for row in variants if row["track"] == track])
    for row in contrasts:
        _show_difference(row)
    for row in shown:
        _show_updates(row)
    if variants:
        _show_left_out(found)


def _show_nothing(found: Cases) -> None:
    if found.left_out.total():
        out.print("No dialogue can be scored yet.")
        _show_left_out(found)
        out.print("Next: auspex resolve, or auspex questions resolve ID yes, once the outcome is known.")
    else:
        out.print('No dialogues yet. Hold one: auspex assist ask "Will it rain in Paris on Sunday?" --by DATE')


def _show_left_out(found: Cases) -> None:
    for reason, n in found.left_out.items():
        out.print(f"{n} {'dialogue' if n == 1 else 'dialogues'} not counted: {LEFT_OUT[reason]}.", style="dim")


def _show_variants(track: str, rows: list[dict[str, Any]]) -> None:
    table(
        f"Assisted forecasts ({track})",
        ("variant", "n", "people", "questions", "before", "after", "change"),
        [
            (
                row["variant"],
                row["n"],
                row["people"],
                row["questions"],
                interval_text(row["brier_before"]),
                interval_text(row["brier_after"]),
                interval_text(row["change"]),
            )
            for row in rows
        ],
        "Brier score, lower is better. 95 % intervals: cluster bootstrap over questions.",
    )
    for row in rows:
        out.print(Text.assemble((row["variant"], "bold"), f": {_in_words(row)}"))


def _in_words(row: dict[str, Any]) -> str:
    relative, without = row["relative"]["mean"], row["leave_one_out"]
    sentences = [f"{row['verdict']}{'' if relative is None else f', {relative:+.0%} of the score before'}."]
    if without is not None:
        sentences.append(f"Without any one question the change is {without['low']:+.3f} to {without['high']:+.3f}.")
    if row["power"] is not None:
        sentences.append(
            f"A change of -{PUBLISHED:.0%}, as published, would show here with a power of {row['power']:.2f}; "
            f"for .8 it takes about {row['questions_needed']:,} questions."
        )
    return " ".join(sentences)


def _show_difference(row: dict[str, Any]) -> None:
    difference = row["difference"]
    ends = "" if difference["low"] is None else f" ({difference['low']:+.3f} to {difference['high']:+.3f})"
    verdict = {"better": f"{row['first']} did better", "worse": f"{row['second']} did better"}
    out.print(
        f"{row['first']} against {row['second']} ({row['track']}): {difference['mean']:+.3f}{ends}, "
        f"{verdict.get(row['verdict'], row['verdict'])}.",
        highlight=False,
    )


def _show_updates(row: dict[str, Any]) -> None:
    table(
        f"Models shown a number ({row['track']}): updates {row['n']}, questions {row['questions']}",
        ("way", "Brier", "update minus it"),
        [
            (
                way,
                interval_text(row["brier"][way]),
                interval_text(row["update_minus"].get(way)),
            )
            for way in WAYS
        ],
        "first: before the number was shown; update: after; average and hybrid: first answer and number combined.",
    )
    for way, said in row["verdicts"].items():
        out.print(f"update against {way}: {said}.", highlight=False)
