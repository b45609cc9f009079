"""`rank=backward`: options ranked by how well each leads back to the question that was asked.

The black-box form of TRLM (Varun et al. 2024, arXiv:2412.02626), which scores an answer by the likelihood of its
question: the model sees one option alone and writes questions that it may reply to, and the option scores by how alike
these are to the real one. Ranks by that score and by the stated probabilities are averaged, and the probabilities
handed out anew in the order of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from agents.answer_forms import Form, form_schema, one_line
from agents.answers import Parsed, parse_form
from agents.members.llm.choices.parts import all_answered, at_once, options_of, row, value
from agents.members.llm.prompts import backward_prompts
from agents.members.llm.run import Answering, Conversation, Task, read_as
from agents.members.llm.run_log import RunLog
from db.errors import Unparseable
from ensembles.odds import Floats
from ensembles.ranks import fused_ranks, handed_out
from ensembles.similarity import similarity

N_QUESTIONS = 4
"""Questions that an option is led back to."""
MEASURE = "tfidf"
"""How alike two questions are: words that all of them have tell options apart least."""


class QuestionsForm(Form):
    """Questions that an answer may be the reply to."""

    questions: list[str]


def by_backward_questions(answering: Answering) -> Answering:
    """The probabilities of `answering`, handed out anew by rank; raises MemberFailed where an option has no questions.

    A rank is among all options: what one of them failed to score, it cannot be ranked by.
    """

    async def answer(task: Task, log: RunLog) -> Parsed:
        options = options_of(task)
        given = await answering(task, log)
        asked = [partial(_questions, task, option) for option in options]
        written = all_answered(await at_once(log, asked), "options")
        stated, backward = np.array(row(options, given)), backward_scores(task.question.text, written)
        rank = fused_ranks(np.stack([stated, backward]))
        report = _report(options, stated, backward, rank)
        reasons = [text for text in (given.rationale, report) if text]
        return Parsed(value(options, handed_out(stated, rank)), "\n\n".join(reasons), (*given.notes, report))

    return answer


def backward_scores(question: str, written: Sequence[Sequence[str]]) -> Floats:
    """The mean likeness to `question` of the questions written for each option, 0..1, (options,)."""
    texts = [one_line(question), *(text for questions in written for text in questions)]
    return np.asarray(similarity(texts, MEASURE)[0, 1:].reshape(len(written), -1).mean(axis=1), dtype=np.float64)


async def _questions(task: Task, option: str, log: RunLog) -> tuple[str, ...]:
    """The questions that the model writes for one option, without having seen the real one."""
    orders, shown = backward_prompts(option, task.snapshot.as_of, N_QUESTIONS)
    conversation = Conversation(task, log, orders, json_schema=form_schema(QuestionsForm))
    return await read_as(_read_questions, conversation.ask(shown), conversation.ask)


def _read_questions(text: str) -> tuple[str, ...]:
    questions = tuple(map(one_line, parse_form(QuestionsForm, text).questions))
    if len(questions) != N_QUESTIONS or not all(questions):
        said = f"the reply cannot be read: {N_QUESTIONS} questions were asked for, none of them empty"
        raise Unparseable(said, raw_text=text)
    return questions


def _report(options: Sequence[str], stated: Floats, backward: Floats, rank: Floats) -> str:
    shown = "; ".join(
        f"{one_line(option)} stated {p:.3f}, backward {score:.3f}, rank {place:g}"
        for option, p, score, place in zip(options, stated, backward, rank, strict=True)
    )
    return f"Ranked by stated probability and backward questions: {shown}."
