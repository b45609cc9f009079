"""The agents' benchmark as a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.benchmark.agents.plots import calibration_plots, plots
from app.benchmark.agents.tables import leakage_lines, tables
from app.benchmark.page.content import Page, Section

TITLE = "Which events will be reported between two countries?"
LEAKAGE = (
    "Results of the classes clean, possibly contaminated and unknown are never averaged together. Clean: the model was "
    "released before the cut-off of every question."
)
PUBLISHED = (
    "MIRAI published (arXiv 2407.01231, other data, November 2023), F1 of codes (roots): GPT-3.5 direct 3.5 (18.8), "
    "ReAct 29.6 (44.2); GPT-4o 32.6 (45.5) per cent."
)
CITATION = "Events: the GDELT Project, https://www.gdeltproject.org."
CUT_OFF = "A horizon of h days: everything known before the midnight that begins the day asked about, less h - 1 days."
_CALIBRATION = (
    "Observed rate against stated probability over all (query, base code), in ten bins of equal width; the number "
    "above the frame is n in the bin, whiskers are 95 % Wilson intervals, the dotted line is perfect calibration. "
    "Codes of one day are not independent, so the true uncertainty is larger. Answers that are sets without "
    "probabilities have no place here."
)


def page(run: dict[str, Any], skipped: Sequence[str]) -> Page:
    """Plots, tables, leakage and yardsticks of a run; `skipped` are its lines about queries that were not asked."""
    rows = run["members"]
    sections = [Section("Results", plots=tuple(plots(rows, run["baseline"])))]
    if calibration := calibration_plots(rows):
        sections.append(Section("Calibration", paragraphs=(_CALIBRATION,), small_plots=tuple(calibration)))
    sections += [
        Section("In numbers", tables=tuple(tables(rows))),
        Section("Leakage", paragraphs=(LEAKAGE, *leakage_lines(rows))),
        Section("Yardsticks", paragraphs=(baseline_line(run), PUBLISHED, CITATION)),
    ]
    return Page(
        title=TITLE,
        paragraphs=(described(run), CUT_OFF, *(f"Not asked: {line}" for line in skipped)),
        sections=tuple(sections),
        made_by="auspex bench agents",
    )


def described(run: dict[str, Any]) -> str:
    """What was asked, in a sentence or two."""
    source = run["source"]
    condition = (
        "all on the condition that something happened" if run["given_any_event"] else "whether or not anything happened"
    )
    return (
        f"{source[0].upper()}{source[1:]}: {run['n_pair_days']} pair-days on {run['n_days']} days, {run['first_day']} "
        f"to {run['last_day']}, {run['n_queries']} queries, {condition}. Events above "
        f"{', '.join(map(str, run['min_mentions']))} mentions of store {run['store']['fingerprint']}."
    )


def baseline_line(run: dict[str, Any]) -> str:
    """What members are held against."""
    return f"The baseline, {run['baseline']}, is an untuned count of the pair's past and costs nothing."
