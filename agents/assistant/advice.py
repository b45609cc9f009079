"""A step of a dialogue in a model's words: conditioned on the question, the store's count and all that was said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agents.assistant.session import FIXED, Advice, Session
from agents.assistant.steps import PERSONA, Step
from agents.llm.chat import Message, Request
from agents.members.llm.prompts import moment, question_prompt
from agents.prompting import render
from agents.strict_json import without_thinking
from db.errors import MemberFailed
from tools.untrusted import visible

if TYPE_CHECKING:
    from agents.llm.client import LlmClient

MAX_TOKENS = 2000
"""For 150 words, and for a reasoning model's thoughts before them."""
DEADLINE_S = 60.0
"""A person waits."""
_NO_ANSWER = "(no answer)"


async def advise(client: LlmClient, model: str, session: Session) -> Advice:
    """The next step in the words of `model`; in fixed words where it asks for a number, and where the model fails.

    A variant without a model's part (the control), and a finished session, raise ValueError; errors of the client that
    are no answer's (a forbidden call, an unknown model) pass through.
    """
    step = session.step
    if session.variant not in PERSONA or step is None:
        raise ValueError(f"a model has no part in a {session.variant} dialogue, or it is finished")
    if step.number:
        return FIXED
    request = Request(
        model=model, messages=tuple(_messages(session, step)), max_tokens=MAX_TOKENS, deadline_s=DEADLINE_S
    )
    try:
        completion = await client.complete(request)
    except MemberFailed as failure:
        spent = failure.spent
        return Advice(
            failure=str(failure),
            cost_usd=spent.cost_usd if spent else 0.0,
            tokens=spent.prompt_tokens + spent.completion_tokens if spent else 0,
        )
    text = visible(without_thinking(completion.text)).strip()
    return Advice(
        text=text,
        model=completion.model_used if text else "",
        failure="" if text else "it said nothing",
        cost_usd=completion.cost_usd,
        tokens=completion.tokens,
    )


def _messages(session: Session, step: Step) -> Iterator[Message]:
    """The orders for the next step, the question, and the dialogue so far: the person's words are the user's, as such
    and nothing more."""
    orders = render(
        PERSONA[session.variant],
        as_of=moment(session.as_of),
        title=step.title,
        aim="\n".join(f"> {line}" for line in step.text.splitlines()),
    )
    yield {"role": "system", "content": orders}
    question = question_prompt(session.question, session.as_of)
    counted = f"\n\n{session.counted}" if session.counted else ""
    yield {"role": "user", "content": render("assistant_question", question=question, base_rate=counted)}
    for turn in session.turns:
        yield {"role": "assistant", "content": turn.asked}
        yield {"role": "user", "content": visible(turn.answered) or _NO_ANSWER}
