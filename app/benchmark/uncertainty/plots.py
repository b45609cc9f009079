"""The benchmark's plots as Plotly figures: accuracy against coverage, AUROC with intervals, rules, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.benchmark.page import marks
from app.benchmark.page.content import Figure, Plot
from app.benchmark.page.marks import COLOURS, GREY
from app.benchmark.uncertainty.bench import Found
from app.benchmark.uncertainty.measures import SIMPLE, TOKENS, Measure
from app.benchmark.uncertainty.tables import NAMES, method_label, rule_label
from ensembles.odds import Floats
from ensembles.selective import rejection_curve

_POINTS = 200
_ROW_PX, _FRAME_PX = 24, 120
_LEAST_COVERAGE = 0.03
"""Where curves begin: the accuracy of a handful of questions is noise."""
_DASHES = ("solid", "dash", "dot")
_ENDS: dict[str, Figure] = {
    "oracle": {"color": GREY, "width": 1.5, "dash": "solid"},
    "random": {"color": GREY, "width": 1.5, "dash": "dash"},
}


def rejection_plots(found: Found) -> list[Plot]:
    """Accuracy against coverage over questions (U+EA), and over answers where there are confidences (C+IA)."""
    truth, leading = found.truth, found.rows["confidence"]["similarity"]
    shown = [one for one in found.measures if one.similarity == leading or one.method in (*SIMPLE, *TOKENS)]
    styles = {label(one): _style(at) for at, one in enumerate(shown)}
    by_question = {label(one): one.uncertainty for one in shown}
    by_answer = {label(one): -one.confidence for one in shown if one.confidence is not None}
    n, answers = f"{found.rows['n']:,}", f"{found.rows['n_answers']:,}"
    ends = (
        f"Measures of {leading} and the simple ones. Oracle: the most accurate first; random: any order. AUARC is the "
        "mean height of a curve."
    )
    return [
        _rejection(
            "Accuracy of the least uncertain questions (U+EA)",
            f"Expected accuracy of the share of {n} questions that a measure is least uncertain of. {ends}",
            truth.expected,
            by_question,
            styles,
            "share of questions answered",
        ),
        _rejection(
            "Accuracy of the most confident answers (C+IA)",
            f"Accuracy of the share of all {answers} answers to {n} questions that a measure is most confident of. "
            f"{ends}",
            truth.right,
            by_answer,
            styles,
            "share of answers given",
        ),
    ]


def auroc_plot(found: Found) -> Plot:
    """AUROC of each measure with its interval: of its question's uncertainty, and of its answers' confidence."""
    rows = found.rows["methods"]
    series = [("auroc_u_ia", "uncertainty of the question (U+IA)"), ("auroc_c_ia", "confidence of the answer (C+IA)")]
    traces = []
    for at, (metric, name) in enumerate(series):
        shown = [(place, row) for place, row in enumerate(rows) if row[metric] is not None]
        intervals = [row["intervals"][metric] for _, row in shown]
        places = [place - 0.12 + 0.24 * at for place, _ in shown]
        traces.append(marks.dots(intervals, places, COLOURS[at], name=name, hover=f"{name}: %{{x:.3f}}"))
    caption = (
        f"The chance that a right answer is put above a wrong one; 0.5 is chance. n = {found.rows['n_answers']:,} "
        f"answers to {found.rows['n']:,} questions; whiskers are 95 % bootstrap intervals that resample questions. "
        "Measures share questions, so read differences in the table."
    )
    return Plot("AUROC", caption, {"data": traces, "layout": _lines([method_label(row) for row in rows], "AUROC")})


def selection_plot(found: Found) -> Plot:
    """Accuracy of each rule that chooses an answer, with its interval."""
    intervals = found.rows["selection_intervals"]
    places = list(range(len(intervals)))
    trace = marks.dots(list(intervals.values()), places, COLOURS[0], name="accuracy", hover="accuracy: %{x:.3f}")
    layout = _lines([rule_label(rule) for rule in intervals], "accuracy") | {"showlegend": False}
    caption = (
        f"Share of {found.rows['n']:,} questions for which the chosen answer is right; whiskers are 95 % bootstrap "
        "intervals. Random is the mean over a question's answers, the oracle chooses a right one where there is one."
    )
    return Plot("Accuracy of each rule", caption, {"data": [trace], "layout": layout})


def reliability_plots(found: Found) -> list[Plot]:
    """Small reliability diagrams of the set's share, as it is and calibrated, with n and Wilson intervals."""
    stated = found.rows["confidence"]
    return [
        marks.reliability(
            f"Set share, {NAMES.get(name, name)}",
            f"n = {stated['n']} questions, ECE {stated[name]['ece']:.3f}; numbers above are n per bin, whiskers "
            "Wilson's 95 %.",
            stated[name]["reliability"],
            COLOURS[at],
            stated="stated confidence",
            observed="share right",
        )
        for at, name in enumerate(("raw", "isotonic"))
    ]


def label(measure: Measure) -> str:
    """A measure's name for a reader."""
    return method_label({"method": measure.method, "similarity": measure.similarity})


def _rejection(
    title: str, caption: str, accuracy: Floats, by_label: Mapping[str, Floats], styles: Mapping[str, Figure], axis: str
) -> Plot:
    curves = {"oracle": -accuracy, "random": np.zeros_like(accuracy), **by_label}
    traces = []
    for name, uncertainty in curves.items():
        curve = rejection_curve(accuracy=accuracy, uncertainty=uncertainty)
        kept = np.unique(np.linspace(0, len(curve.coverage) - 1, _POINTS).astype(int))
        kept = kept[curve.coverage[kept] >= _LEAST_COVERAGE]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": curve.coverage[kept].round(4).tolist(),
                "y": curve.accuracy[kept].round(4).tolist(),
                "line": _ENDS[name] if name in _ENDS else styles[name],
                "hovertemplate": f"{name}: %{{y:.3f}} at %{{x:.0%}}<extra></extra>",
            }
        )
    layout = {
        "height": 460,
        "xaxis": {"title": {"text": axis}, "range": [0, 1.005], "tickformat": ".0%", "zeroline": False},
        "yaxis": {"title": {"text": "accuracy"}, "range": [None, 1.01], "zeroline": False},
        "legend": {"x": 1.02, "y": 1, "xanchor": "left", "font": {"size": 11}},
        "margin": {"l": 56, "r": 10, "t": 16, "b": 48},
    }
    return Plot(title, caption, {"data": traces, "layout": layout})


def _style(at: int) -> Figure:
    """The line of the measure at this place."""
    return {"color": COLOURS[at % len(COLOURS)], "width": 1.8, "dash": _DASHES[at // len(COLOURS) % len(_DASHES)]}


def _lines(labels: Sequence[str], axis: str) -> Figure:
    """The layout of a plot with one line per label."""
    return {
        "height": _FRAME_PX + _ROW_PX * len(labels),
        "xaxis": {"title": {"text": axis}, "zeroline": False},
        "yaxis": marks.one_line_each(labels),
        "legend": marks.legend_above(),
        "margin": {"l": 10, "r": 14, "t": 40, "b": 50},
    }
