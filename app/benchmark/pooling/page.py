"""The page of the comparison."""

from __future__ import annotations

from typing import Any

from app.benchmark.page.content import Page, Section
from app.benchmark.pooling.plots import calibration, hybrids, rules, scenario
from app.benchmark.pooling.tables import counted, label, overview, reading, simulated_tables, sizes, tables


def page(found: dict[str, Any], *, made_by: str) -> Page:
    """What every rule was worth on recorded forecasts."""
    groups = found["groups"]
    sections = [
        Section("At a glance", tables=(overview(found),)),
        *(
            Section(
                label(group),
                paragraphs=(f"Default: {group['default_rule']['reason']}.",),
                plots=(rules(group), hybrids(group)) if group["hybrids"] else (rules(group),),
                tables=tuple(tables(group)),
            )
            for group in groups
        ),
    ]
    calibrated = Section(
        "Calibration of the default",
        paragraphs=(
            "Observed rate against stated probability in ten bins of equal width; above each frame n in the bin, "
            "whiskers 95 % Wilson intervals, dotted perfect calibration.",
        ),
        small_plots=tuple(calibration(group) for group in groups),
    )
    return Page(
        title="Which way of pooling?",
        paragraphs=(f"{counted(len(groups), 'group')} of forecasters, {sizes(groups)}.", *reading(found)),
        sections=(*sections, calibrated),
        made_by=made_by,
    )


def simulated_page(found: dict[str, Any], *, made_by: str) -> Page:
    """What learning costs and gains in worlds whose truth is known."""
    paragraphs = (
        f"{found['worlds']} worlds a scenario; each rule learns from the known outcomes and is tried on 1,000 "
        "questions of the next round. Dots: mean loss in Brier score against the plain pool with its interval; bars: "
        f"what one world in twenty exceeds. Dotted: the loss of {found['too_costly']:g} that is too much.",
    )
    return Page(
        title="Does it pay to learn weights?",
        paragraphs=paragraphs,
        sections=(
            Section("Scenarios", plots=tuple(scenario(found, row) for row in found["scenarios"])),
            Section("In numbers", tables=tuple(simulated_tables(found))),
        ),
        made_by=made_by,
    )
