"""The comparison as tables of texts, for the screen and for the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from os.path import commonprefix
from typing import Any

from app.benchmark.page.content import Table
from app.numbers import short

Row = dict[str, Any]

_NONE = "–"
_MANY = 12
_TELLING = 6
"""So many letters at the end of all members' names say what the group is."""
_RULE_COLUMNS = ("rule", "Brier", "log loss", "skill", "vs default", "", "power")


def tables(group: Row) -> list[Table]:
    """Yardsticks and fixed rules, learnt rules, hybrids, triage by spread, and the members' habits, of one group."""
    found = [_fixed(group), _learnt(group)]
    if group["hybrids"]:
        found.append(_hybrids(group))
    if group["triage"]:
        found.append(_triage(group))
    return [*found, _habits(group)]


def label(group: Row) -> str:
    """A group in a few words: its dataset, and its name, or what its members' names share, or their number."""
    return f"{group['dataset']}, {group['group'] or _shared(group['members'])}"


def _shared(members: Sequence[str]) -> str:
    shared = commonprefix([name[::-1] for name in members])[::-1]
    if len(members) == 1:
        return members[0]
    return f"{len(members)} x *{shared}" if len(shared) >= _TELLING else f"{len(members)} forecasters"


def overview(found: Row) -> Table:
    """One line a group: yardsticks, the default, and how many fixed rules are better or worse than it."""
    rows = tuple(
        (
            label(group),
            str(group["n"]),
            score(group["average_member"]["brier"]),
            score(group["best_member_in_hindsight"]["brier"]),
            score(group["human"]["brier"]) if group["human"] else _NONE,
            score(group["default_rule"]["brier"]),
            interval(group["default_rule"]["diff_to_average_member"]),
        )
        for group in found["groups"]
    )
    columns = ("group", "n", "average", "best*", "people", "default", "default vs average")
    return Table("Brier scores", columns, rows, _in_a_sentence(found["groups"]))


def _in_a_sentence(groups: Sequence[Row]) -> str:
    """Whether any fixed rule beat the default everywhere."""
    names = [row["rule"] for row in groups[0]["rules"] if not row["fitted"]]
    verdicts = {
        name: [row["verdict"] for group in groups for row in group["rules"] if row["rule"] == name] for name in names
    }
    always = [name for name, said in verdicts.items() if all(verdict == "better" for verdict in said)]
    if always:
        return f"Better than the default in every group: {', '.join(always)}."
    some = [f"{name} {said.count('better')}" for name, said in verdicts.items() if "better" in said]
    found = f"; significantly better in some: {', '.join(some)} of {len(groups)}" if some else ""
    return f"No fixed rule is better than the default in every group{found}. Lower is better."


def _fixed(group: Row) -> Table:
    own, human, best = group["default_rule"], group["human"], group["best_member_in_hindsight"]
    average = group["average_member"]
    rows: list[tuple[str, ...]] = [
        ("average member", score(average["brier"]), score(average["log_loss"]), "", "", "", ""),
        ("best member in hindsight*", *_scores(best), "", "", ""),
    ]
    if human:
        rows.append((f"human (n = {human['n']})", *_scores(human), "", "", ""))
    rows.append((f"default: {own['rule']}", *_scores(own), "", "", ""))
    rows += [_line(row) for row in group["rules"] if not row["fitted"]]
    to_average = own["diff_to_average_member"]
    left_out = f" {group['incomplete']} left out, not answered by all." if group["incomplete"] else ""
    note = (
        f"Best: {best['member']}. {counted(group['n'], 'question')} in {counted(group['clusters'], 'cluster')}, "
        f"{counted(group['rounds'], 'round')}, {counted(len(group['members']), 'member')}, worth "
        f"{group['effective_members']:.2f} independent ones.{left_out} Lower is better; differences in Brier score "
        "with 95 % intervals, clusters resampled; skill against always saying the rate of yes. The default is "
        f"{interval(to_average)} against the average member ({own['verdict_to_average_member']}); {own['reason']}."
    )
    return Table(label(group), _RULE_COLUMNS, tuple(rows), note)


def _learnt(group: Row) -> Table:
    rows = tuple(
        (row["rule"], "on" if row["gate"]["on"] else "off", score(row["brier"]), *_ungated(row, "diff_to_default"))
        for row in group["rules"]
        if row["fitted"]
    )
    note = (
        f"{group['learning'].capitalize()}. As used, a learnt rule that has not won on later rounds is the plain logit "
        f"pool. Ungated: on the {_n_learnt(group['rules'])} of {counted(group['n'], 'question')} that there was "
        "something to learn for."
    )
    if group["rounds"] == 1 and "fold" in group["learning"]:
        note += " Within one round that flatters it: base rates move between rounds."
    columns = ("learnt rule", "gate", "used", "ungated", "vs default", "", "power")
    return Table(f"{label(group)}, learnt rules", columns, rows, note)


def _n_learnt(rows: Sequence[Row]) -> int:
    return max((row["ungated"]["n_learnt"] for row in rows if row["fitted"]), default=0)


def _ungated(row: Row, difference: str) -> tuple[str, str, str, str]:
    """A learnt rule's score, difference, verdict and power; dashes where there was nothing to learn from."""
    found = row["ungated"]
    if not found["n_learnt"]:
        return _NONE, _NONE, "nothing learnt", ""
    return score(found["brier"]), interval(found[difference]), found["verdict"], chance(found)


def _hybrids(group: Row) -> Table:
    rows = tuple(
        (f"{row['hybrid']}, ungated", *_ungated(row, "diff_to_human"))
        if row["fitted"]
        else (
            row["hybrid"] + (" (recommended)" if row["recommended"] else ""),
            score(row["brier"]),
            interval(row["diff_to_human"]),
            row["verdict"],
            chance(row),
        )
        for row in group["hybrids"]
    )
    human = group["human"]
    note = (
        f"Human alone: {score(human['brier'])} (n = {human['n']}). 80/20: the human's share of the log-odds first, for "
        "members that did not see the human number; what they saw is in their answers already. As used, a learnt "
        "hybrid that has not won on later rounds is 80/20."
    )
    columns = ("human / machine", "Brier", "vs human", "", "power")
    return Table(f"{label(group)}, with the human", columns, rows, note)


def _triage(group: Row) -> Table:
    rows = tuple(
        (
            "all" if row["source"] is None else row["source"] or "(no source)",
            str(row["n"]),
            correlation(row["spearman"]),
            correlation(row["spearman_of_own_doubt"]),
            correlation(row["spearman_beyond_own_doubt"]),
            _NONE if _unknown(row["brier_flagged"]) else score(row["brier_flagged"]),
            _NONE if _unknown(row["brier_rest"]) else score(row["brier_rest"]),
        )
        for row in group["triage"]
    )
    note = (
        "Rank correlation of the squared error of the default with the members' spread, with its own p (1 - p), and "
        "with the spread where that is held fixed; Brier score of the fifth with the widest spread, and of the rest."
    )
    columns = ("source", "n", "spread", "own doubt", "spread beyond it", "flagged", "rest")
    return Table(f"{label(group)}, where members disagree", columns, rows, note)


def _habits(group: Row) -> Table:
    rows = tuple(
        (
            row["member"],
            f"{row['mean_forecast']:.3f}",
            interval(row["lean"]),
            f"{row['share_of_fives']:.0%}",
            f"{row['share_of_tens']:.0%}",
        )
        for row in group["acquiescence"]
    )
    note = f"Lean: mean forecast less the rate of yes, {group['rate_of_yes']:.3f}. Round: multiples of .05 and of .1."
    columns = ("member", "mean forecast", "lean to yes", "of .05", "of .1")
    return Table(f"{label(group)}, members' habits", columns, rows, note)


def _line(row: Row) -> tuple[str, ...]:
    return (row["rule"], *_scores(row), interval(row["diff_to_default"]), row["verdict"], chance(row))


def _scores(row: Row) -> tuple[str, str, str]:
    gained = row["skill_vs_base_rate"]
    return score(row["brier"]), score(row["log_loss"]), _NONE if _unknown(gained) else f"{gained:+.2f}"


def chance(row: Row) -> str:
    """The chance that a difference worth having would have shown."""
    return "" if _unknown(row["power"]) else f"{row['power']:.0%}"


def reading(found: Row) -> list[str]:
    """How to read the tables, for a person."""
    unnamed = [group for group in found["groups"] if not group["group"] and len(group["members"]) > _MANY]
    skipped = ["All forecasters are pooled, whatever they saw: name a fair crowd with --group."] if unnamed else []
    skipped += [f"Left out: {row['reason']}." for row in found["skipped"]]
    return [
        *skipped,
        f"Power: the chance to see a true difference of {found['power_effect']:g} in Brier score with so many "
        "questions.",
        "*In hindsight: nobody knew which member it would be. A crowd is insurance against not knowing: it beats the "
        "average member, seldom the best one.",
    ]


def simulated_tables(found: Row) -> list[Table]:
    """One table per scenario."""
    return [_scenario(found, scenario) for scenario in found["scenarios"]]


def _scenario(found: Row, scenario: Row) -> Table:
    rows = tuple(
        (row["rule"], interval(row["diff_to_logit_pool"]), signed(row["worst_20th"]), f"{row['too_costly']:.0%}")
        for row in scenario["rules"]
    )
    columns = ("rule", "loss vs logit pool", "in 1 world of 20 over", f"worlds over {found['too_costly']:g}")
    note = f"{found['worlds']} worlds, {scenario['known']} outcomes known of {counted(scenario['rounds'], 'round')}."
    return Table(scenario["scenario"], columns, rows, note)


def score(value: float) -> str:
    """A score to four decimals, without the zero before its point."""
    return short(value, 4)


def signed(value: float) -> str:
    """A difference with its sign."""
    return short(value, 4, sign=True)


def interval(found: Row) -> str:
    """`+.0014 [+.0007, +.0023]`."""
    if _unknown(found["low"]):
        return signed(found["mean"])
    return f"{signed(found['mean'])} [{signed(found['low'])}, {signed(found['high'])}]"


def correlation(found: Row) -> str:
    """`+.83 [+.73, +.89]`."""
    if _unknown(found["low"]):  # of too few clusters a correlation alone says nothing
        return _NONE
    mean, low, high = (short(found[key], 2, sign=True) for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _unknown(value: float | None) -> bool:
    return value is None or math.isnan(value)


def counted(n: int, thing: str) -> str:
    """`1 round`, `2 rounds`."""
    return f"{n} {thing}" if n == 1 else f"{n:,} {thing}s"


def sizes(groups: Sequence[Row]) -> str:
    """How many questions there are, in words."""
    n = sorted({group["n"] for group in groups})
    return f"{n[0]} questions" if len(n) == 1 else f"{n[0]} to {n[-1]} questions a group"
