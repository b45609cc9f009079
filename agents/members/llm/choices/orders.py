"""`order`: the question asked in several orders of its options, and the answers averaged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from agents.answers import Parsed
from agents.members.llm.choices.parts import at_once, failed, in_order, options_of, row, value
from agents.members.llm.run import Answering, Task
from agents.members.llm.run_log import RunLog
from db.errors import MemberFailed
from ensembles.odds import Floats
from ensembles.order import Ints, average_orders, balanced_orders, cyclic_orders, mean_total_variation, top_changes

_ORDERS: dict[str, Callable[[int], Ints]] = {"average": cyclic_orders, "balanced": balanced_orders}


def in_orders(answering: Answering) -> Answering:
    """The same way of answering, in all orders at once, averaged over those that did not fail.

    Each order is asked as if it were the only one. Raises MemberFailed, with the most common reason, without a quorum
    of orders. What is said about the order's influence goes into the reasons and the notes.
    """

    async def answer(task: Task, log: RunLog) -> Parsed:
        options = options_of(task)
        orders = _ORDERS[task.member.parameters.order or "average"](len(options))
        asked = [partial(answering, in_order(task, [options[at] for at in order])) for order in orders]
        outcomes = await at_once(log, asked)
        answered = [outcome for outcome in outcomes if isinstance(outcome, Parsed)]
        nothing = [np.nan] * len(options)
        p = np.array([row(options, found) if isinstance(found, Parsed) else nothing for found in outcomes])
        mean = average_orders(p)
        if np.isnan(mean).any():
            failures = [outcome for outcome in outcomes if isinstance(outcome, MemberFailed)]
            raise failed(failures, asked=len(outcomes), what="orders of the options")
        report = _report(p, n_answered=len(answered))
        reasons = [found.rationale for found in answered if found.rationale]
        return Parsed(value(options, mean), "\n\n".join([*reasons, report]), (report,))

    return answer


def _report(p: Floats, *, n_answered: int) -> str:
    said = f"Averaged over {n_answered} of {len(p)} orders of the options"
    changes = float(top_changes(p))
    if np.isnan(changes):
        return f"{said}; how far the order matters cannot be told."
    return f"{said}: order sensitivity {changes:.1f}, mean total variation {float(mean_total_variation(p)):.4f}."
