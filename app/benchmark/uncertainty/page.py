"""The benchmark's page."""

from __future__ import annotations

from app.benchmark.page.content import Page, Section
from app.benchmark.uncertainty.bench import Found
from app.benchmark.uncertainty.plots import auroc_plot, rejection_plots, reliability_plots, selection_plot
from app.benchmark.uncertainty.tables import tables


def page(found: Found, *, data: str, made_by: str) -> Page:
    """Measures with their curves, then the rules that choose an answer, then the confidence that goes with it."""
    rows = found.rows
    methods, rules, confidence = tables(rows)
    return Page(
        title="Uncertainty from samples",
        paragraphs=(
            f"{data}, answered by a model that is not asked how sure it is: its uncertainty is read off how alike its "
            f"answers are. {rows['mean_accuracy']:.1%} of the answers are right.",
            rows["caveat"],
        ),
        sections=(
            Section(
                "Which measure knows when the model is wrong?",
                plots=(auroc_plot(found), *rejection_plots(found)),
                tables=(methods,),
            ),
            Section("Which answer to give?", plots=(selection_plot(found),), tables=(rules,)),
            Section("How sure to say one is?", small_plots=tuple(reliability_plots(found)), tables=(confidence,)),
        ),
        made_by=made_by,
    )
