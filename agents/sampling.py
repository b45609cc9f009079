"""Asking a model the same thing several times: the answers that uncertainty is measured on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents.llm.budget import Budget
from agents.llm.chat import Completion, Request
from agents.llm.client import LlmClient
from agents.strict_json import without_thinking
from db.errors import MemberFailed
from ensembles.token_uncertainty import TokenUncertainty, token_uncertainty

TEMPERATURE = 1.0
"""The samples' temperature in the papers: lower ones hide uncertainty."""
MAX_TOKENS = 1024
TOP_LOGPROBS = 5


@dataclass(frozen=True, slots=True)
class Samples:
    """What came of asking n times: the answers that came, and why the others did not.

    `tokens` has what the tokens of each answer say of its uncertainty, None where the model tells no log-probabilities.
    """

    answers: tuple[str, ...]
    tokens: tuple[TokenUncertainty | None, ...]
    failures: tuple[MemberFailed, ...]


async def sample_answers(
    client: LlmClient,
    model: str,
    prompt: str,
    n: int,
    *,
    temperature: float = TEMPERATURE,
    budget: Budget | None = None,
) -> Samples:
    """`n` answers of a model to a prompt, for `ensembles.uncertainty.answers_uncertainty`, without their thinking.

    Failures are kept apart, never made an answer; what raises is as in `LlmClient.samples`.
    """
    request = Request(
        model=model,
        messages=({"role": "user", "content": prompt},),
        temperature=temperature,
        max_tokens=MAX_TOKENS,
        logprobs=True,
        top_logprobs=TOP_LOGPROBS,
    )
    found = await client.samples(request, n, budget=budget)
    completions = [one for one in found if isinstance(one, Completion)]
    return Samples(
        answers=tuple(without_thinking(one.text) for one in completions),
        tokens=tuple(None if one.logprobs is None else of_logprobs(one.logprobs) for one in completions),
        failures=tuple(one for one in found if isinstance(one, MemberFailed)),
    )


def of_logprobs(logprobs: Sequence[Mapping[str, object]]) -> TokenUncertainty | None:
    """Token uncertainty of `Completion.logprobs`, OpenAI's `choices[].logprobs.content`; None without tokens.

    Entropies are None unless every token comes with its likeliest ones. A log-probability above 0 is rounding.
    """
    if not logprobs:
        return None
    said = np.minimum([float(str(token["logprob"])) for token in logprobs], 0.0)
    tops = [_top(token) for token in logprobs]
    if not all(tops):
        return token_uncertainty(log_probability=said)
    width = max(map(len, tops))
    top = np.array([row + [np.nan] * (width - len(row)) for row in tops])
    return token_uncertainty(log_probability=said, top=np.minimum(top, 0.0))


def _top(token: Mapping[str, object]) -> list[float]:
    named = token.get("top_logprobs")
    return [float(one["logprob"]) for one in named] if isinstance(named, list) else []
