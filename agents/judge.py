"""A language model as judge of whether answers mean the same: a similarity matrix where words are no guide to meaning.

Each pair of distinct answers is one small call, which the client's call log remembers, so that judging again is free.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from agents.asking import asked
from agents.llm.budget import Budget
from agents.llm.chat import Request
from agents.llm.client import LlmClient
from agents.prompting import render, template
from agents.strict_json import only_object
from db.errors import BadInput, MemberFailed, Unparseable
from ensembles.odds import Floats
from ensembles.similarity import Words, words
from tools.untrusted import visible

VERDICTS = {"same": 1.0, "partly": 0.5, "different": 0.0}
"""What a verdict is worth as a similarity. What agrees in part is no contradiction, so `uncertainty.sets` merges it."""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": list(VERDICTS)}},
    "required": ["verdict"],
    "additionalProperties": False,
}
MAX_TOKENS = 1024
MOST_PAIRS = 400
"""More pairs than these are not paid for unless said so: 28 distinct answers make 378."""
_QUESTIONS_AT_ONCE = 32


async def judge_similarity(
    client: LlmClient,
    model: str,
    question: str,
    answers: Sequence[str],
    *,
    budget: Budget | None = None,
    most_pairs: int = MOST_PAIRS,
) -> Floats:
    """The similarity matrix (m, m) of the answers to a question, for `ensembles.uncertainty`.

    Answers of the same words (`ensembles.similarity.words`) are alike without asking. Each pair is asked about once, in
    the order in which its answers came first. An answer that cannot be read is asked for once more. Raises BadInput for
    more than `most_pairs` pairs, Unparseable or another MemberFailed where a pair stays without a verdict: a matrix
    with a gap measures nothing.
    """
    distinct = _distinct(answers, most_pairs)
    places = {said: place for place, said in enumerate(distinct)}
    pairs = list(combinations(distinct, 2))
    verdicts = await asyncio.gather(
        *(_verdict(client, model, question, distinct[one], distinct[other], budget) for one, other in pairs),
        return_exceptions=True,
    )
    found = np.eye(len(places))
    for (one, other), verdict in zip(pairs, verdicts, strict=True):
        if isinstance(verdict, BaseException):
            raise verdict
        found[places[one], places[other]] = found[places[other], places[one]] = verdict
    at = [places[words(answer)] for answer in answers]
    return np.asarray(found[np.ix_(at, at)], dtype=np.float64)


async def judge_questions(
    client: LlmClient, model: str, asked: Sequence[tuple[str, Sequence[str]]], *, budget: Budget | None = None
) -> list[Floats | MemberFailed]:
    """The matrix of each (question, answers), a failure in the place of one that could not be judged.

    Raises BadInput before anything is paid for where one of them has more than MOST_PAIRS pairs.
    """
    for _, answers in asked:
        _distinct(answers, MOST_PAIRS)
    slot = asyncio.Semaphore(_QUESTIONS_AT_ONCE)

    async def one(question: str, answers: Sequence[str]) -> Floats | MemberFailed:
        async with slot:
            try:
                return await judge_similarity(client, model, question, answers, budget=budget)
            except MemberFailed as failure:
                return failure

    return list(await asyncio.gather(*(one(question, answers) for question, answers in asked)))


def _distinct(answers: Sequence[str], most_pairs: int) -> dict[Words, str]:
    """The first answer of each wording, by its words; BadInput where they make too many pairs."""
    distinct: dict[Words, str] = {}
    for answer in answers:
        distinct.setdefault(words(answer), answer)
    n_pairs = len(distinct) * (len(distinct) - 1) // 2
    if n_pairs > most_pairs:
        raise BadInput(
            f"{len(distinct)} distinct answers make {n_pairs} pairs to judge, at most {most_pairs} are paid for: "
            "give fewer samples, or a similarity of words"
        )
    return distinct


async def _verdict(
    client: LlmClient, model: str, question: str, first: str, second: str, budget: Budget | None
) -> float:
    quoted = {
        name: json.dumps(visible(text), ensure_ascii=False)
        for name, text in (("question", question), ("first", first), ("second", second))
    }
    messages = (
        {"role": "system", "content": template("judge")},
        {"role": "user", "content": render("judge_pair", **quoted)},
    )
    request = Request(model=model, messages=messages, temperature=0.0, max_tokens=MAX_TOKENS, json_schema=SCHEMA)
    verdict, _ = await asked(client, request, read_verdict, budget=budget)
    return verdict


def read_verdict(reply: str) -> float:
    """The similarity that a reply states; Unparseable for anything but one object with one known verdict."""
    try:
        found = only_object(reply)
    except ValueError as error:
        raise Unparseable(f"the reply cannot be read as a verdict: {error}", raw_text=reply) from error
    verdict = found.get("verdict")
    if len(found) != 1 or not isinstance(verdict, str) or verdict not in VERDICTS:
        raise Unparseable(f"the verdict must be one of {', '.join(VERDICTS)}, and nothing else", raw_text=reply)
    return VERDICTS[verdict]
