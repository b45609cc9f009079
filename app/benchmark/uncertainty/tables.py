"""The benchmark's tables, the same for the screen and for the page."""

from __future__ import annotations

from typing import Any

from app.benchmark.page.content import Table
from app.benchmark.uncertainty.measures import TOKENS
from app.numbers import short

NAMES = {
    "distinct_answers": "distinct answers",
    "variation_ratio": "variation ratio",
    "lexsim": "LexSim",
    "eigv": "EigV",
    "ecc": "Ecc",
    "deg": "Deg",
    "num_sets": "NumSets",
    "set_share": "set share",
    "token_max": "least likely token",
    "token_mean": "mean of the tokens",
    "token_all": "whole answer's probability",
    "length": "length (control)",
    "majority": "majority",
    "majority_over_ties": "majority, mean over ties",
    "largest_set": "largest set",
    "min_ecc": "least Ecc",
    "max_deg": "most Deg",
    "er_g": "ER-G",
    "er_d": "ER-D",
    "base_rate": "base rate",
    "isotonic": "isotonic, held out",
}


def tables(found: dict[str, Any]) -> list[Table]:
    """What each measure, rule and confidence is worth."""
    return [_methods(found), _selection(found), _confidence(found)]


def method_label(row: dict[str, Any]) -> str:
    """A measure with its similarity, where it is built on one."""
    name = NAMES[row["method"]]
    return name if row["similarity"] is None else f"{name} ({row['similarity']})"


def interval_cell(interval: dict[str, float | None] | None, *, sign: bool = False) -> str:
    """`.806 (.776, .835)`, the mean with its sign where `sign`; a dash where there is nothing."""
    if interval is None or interval["mean"] is None:
        return "-"
    text = short(interval["mean"], sign=sign)
    if interval["low"] is None or interval["high"] is None:
        return text
    return f"{text} ({short(interval['low'])}, {short(interval['high'])})"


def _methods(found: dict[str, Any]) -> Table:
    rows = [
        (
            method_label(row),
            *(_cell(row[metric]) for metric in ("auarc_u_ea", "auroc_u_ia", "auroc_c_ia", "auarc_c_ia")),
            "-"
            if row["method"] == found["baseline"]
            else interval_cell(row["diff_to_baseline"].get("auroc_u_ia"), sign=True),
        )
        for row in found["methods"]
    ]
    note = (
        "U+EA: questions by uncertainty, against their expected accuracy. U+IA: answers by their question's "
        "uncertainty. C+IA: answers by their own confidence. AUARC: mean accuracy as coverage grows; AUROC: right "
        f"against wrong answers. Gain: on the AUROC of the {NAMES[found['baseline']]}, the share of answers that "
        f"are not the most frequent one. Mean accuracy {found['mean_accuracy']:.4f}; AUARC of an oracle "
        f"{found['oracle_auarc']:.4f} (U+EA), {found['oracle_auarc_answers']:.4f} (C+IA). 95 % intervals, resampling "
        "questions."
    )
    if any(row["method"] in TOKENS for row in found["methods"]):
        note += " Of tokens: negative log-probabilities, of a question the mean over its answers."
    columns = ("measure", "U+EA\nAUARC", "U+IA\nAUROC", "C+IA\nAUROC", "C+IA\nAUARC", "U+IA\ngain")
    return Table(f"Measures, n = {found['n']:,} questions, {found['n_answers']:,} answers", columns, tuple(rows), note)


def _selection(found: dict[str, Any]) -> Table:
    rows = [
        (
            rule_label(rule),
            interval_cell(found["selection_intervals"][rule]),
            "-" if rule == found["selection_baseline"] else interval_cell(found["selection_diff"][rule], sign=True),
        )
        for rule in found["selection"]
    ]
    note = (
        "The answer that a rule gives for each question, the first of those that tie. ER: the consensus game on the "
        "answers' frequency and mean similarity, without a model. 95 % intervals, resampling questions, paired."
    )
    return Table("Rules that choose an answer", ("rule", "accuracy", "gain on majority over ties"), tuple(rows), note)


def rule_label(rule: str) -> str:
    """A rule's name for a reader; that of a further similarity follows the rule's own."""
    if rule in NAMES:
        return NAMES[rule]
    known = next((name for name in NAMES if rule.startswith(f"{name}_")), None)
    return rule if known is None else f"{NAMES[known]} ({rule.removeprefix(f'{known}_')})"


def _confidence(found: dict[str, Any]) -> Table:
    stated = found["confidence"]
    rows = [
        (
            NAMES.get(name, name),
            *(short(stated[name][metric]) for metric in ("ece", "brier", "quadratic_reward")),
            "-" if name == "raw" else interval_cell(stated[name]["brier_diff_to_raw"], sign=True),
        )
        for name in ("raw", "isotonic", "base_rate")
    ]
    note = (
        f"The first answer of the largest set of alike answers ({stated['similarity']}), right in "
        f"{stated['accuracy']:.3f} of {stated['n']} questions, stated with the set's share of the answers. Isotonic "
        "and base rate are learnt on nine tenths of the questions and judged on the rest. Reward: SaySelf's, "
        "2 (1/2 - (o - p)^2), higher is better. ECE in ten bins; a constant can have none, so read it with the Brier "
        "score."
    )
    return Table(
        "The set's share as a probability", ("stated", "ECE", "Brier", "reward", "Brier, change"), tuple(rows), note
    )


def _cell(value: float | None) -> str:
    return "-" if value is None else short(value)
