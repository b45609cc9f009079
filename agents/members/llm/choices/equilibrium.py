"""`rank=equilibrium`: what the model answers and what it judges correct, reconciled by the consensus game.

Jacob et al. 2023 (arXiv:2310.09139) read both from the likelihoods of a model's words. Models behind an API seldom show
those, so they are asked for the probabilities: of each option as the answer, of each option as a wrong answer, and, one
option at a time, of being correct. The forecast is the generator's policy at the equilibrium, which is surer than
anything that the model said: the game is made to find the best option, not to say how good it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from agents.answer_forms import BinaryForm, form_schema, one_line, schema
from agents.answers import Parsed, parse_form
from agents.members.llm.choices.parts import Part, all_answered, at_once, in_order, options_of, row, value
from agents.members.llm.prompts import question_prompt, system_prompt
from agents.members.llm.run import Answering, Conversation, Task, read, read_as
from agents.members.llm.run_log import RunLog
from db.values import ProbabilityValue
from ensembles.equilibrium import CORRECT, Equilibrium, discriminator_prior, equilibrium, generator_prior
from ensembles.odds import Floats


def by_equilibrium(rightly: Answering, wrongly: Answering) -> Answering:
    """The options' probabilities at the equilibrium between what the model gives and what it judges correct.

    `rightly` and `wrongly` are how the generator answers when asked for a correct and for an incorrect answer; every
    option is judged at the same time. Raises MemberFailed where one of these is missing: the game needs them all.
    """

    async def answer(task: Task, log: RunLog) -> Parsed:
        options = options_of(task)
        asked: list[Part[Parsed]] = [partial(rightly, task), partial(wrongly, task)]
        asked += [partial(_judged, in_order(task, [*options[at:], *options[:at]])) for at in range(len(options))]
        right, wrong, *verdicts = all_answered(await at_once(log, asked), "questions about the options")
        given = np.array([row(options, right), row(options, wrong)])
        believed = np.array([item.value.probability for item in verdicts if isinstance(item.value, ProbabilityValue)])
        found = await asyncio.to_thread(_played, given, believed)
        report = _report(options, given[CORRECT], believed, found)
        reasons = [parsed.rationale for parsed in (right, *verdicts) if parsed.rationale]
        return Parsed(value(options, found.generator[CORRECT]), "\n\n".join([*reasons, report]), (report,))

    return answer


async def wrongly(task: Task, log: RunLog) -> Parsed:
    """The probability of naming each option if one that is not correct was to be named."""
    system = system_prompt(task.member.kind, task.question, task.snapshot.as_of, asking="answer_incorrect")
    conversation = Conversation(task, log, system, json_schema=_where_held(task, schema(task.question)))
    reply = conversation.ask(question_prompt(task.question, task.snapshot.as_of))
    return await read(task.question, reply, conversation.ask)


async def _judged(task: Task, log: RunLog) -> Parsed:
    """The probability that the first option is the correct one.

    Each is judged in the first place, so that a liking for a place helps all alike, and the prior takes it out again.
    """
    [candidate, *_] = options_of(task)
    system = system_prompt(task.member.kind, task.question, task.snapshot.as_of, asking="answer_candidate")
    conversation = Conversation(task, log, system, json_schema=_where_held(task, form_schema(BinaryForm)))
    reply = conversation.ask(question_prompt(task.question, task.snapshot.as_of, candidate=candidate))
    return await read_as(_verdict, reply, conversation.ask)


def _verdict(text: str) -> Parsed:
    form = parse_form(BinaryForm, text)
    return Parsed(ProbabilityValue(probability=form.probability), form.rationale)


def _where_held(task: Task, json_schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema for a kind that answers by it, None for one that gives its reasons first."""
    return json_schema if task.member.kind == "direct" else None


def _played(given: Floats, believed: Floats) -> Equilibrium:
    with np.errstate(divide="ignore"):  # the log of what is ruled out is -inf, and it stays ruled out
        log_g, log_d = np.log(given), np.log(np.stack([believed, 1 - believed], axis=-1))
    return equilibrium(generator_prior(log_g), discriminator_prior(log_d))


def _report(options: Sequence[str], given: Floats, believed: Floats, found: Equilibrium) -> str:
    shown = "; ".join(
        f"{one_line(option)} given {a:.3f}, judged {b:.3f}, at the equilibrium {c:.3f} and {d:.3f}"
        for option, a, b, c, d in zip(
            options, given, believed, found.generator[CORRECT], found.discriminator[:, CORRECT], strict=True
        )
    )
    end = "settled" if found.settled else f"still moving by {float(found.change):.0e} a step"
    return f"Consensus game, after {int(found.iterations):,} steps {end}: {shown}."
