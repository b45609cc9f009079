"""Asking a model for one thing outside of a member's run: read strictly, and asked for once more if it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from agents.llm.chat import Completion, Request
from agents.members.llm.run import MAX_ECHO
from agents.members.llm.run_log import storable
from agents.prompting import render
from db.errors import Unparseable

if TYPE_CHECKING:
    from agents.llm.budget import Budget
    from agents.llm.client import LlmClient

T = TypeVar("T")


async def asked(
    client: LlmClient, request: Request, reader: Callable[[str], T], *, budget: Budget | None = None
) -> tuple[T, list[Completion]]:
    """What `reader` finds in the reply, and the one or two calls that it took.

    `reader` raises Unparseable where it cannot read a reply; the model is told why and asked once more. Raises what
    `LlmClient.complete` does, and Unparseable of the second reply.
    """
    first = await client.complete(request, budget=budget)
    try:
        return reader(first.text), [first]
    except Unparseable as error:
        told = render("repair", reason=str(error))
    refused = storable(first.text)[:MAX_ECHO]
    more = ({"role": "assistant", "content": refused}, {"role": "user", "content": told})
    second = await client.complete(replace(request, messages=(*request.messages, *more)), budget=budget)
    return reader(second.text), [first, second]
