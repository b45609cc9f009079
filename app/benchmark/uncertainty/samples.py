"""Reading sampled answers: JSON lines with `id`, `question`, `answer` and `samples`; other keys are ignored.

`logprobs` may tell of each sample how likely its tokens were: a list of lists of log-probabilities.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from ensembles.similarity import rouge_l_between, words

LEAST_ROUGE_L = 0.3
"""A sample is right if its ROUGE-L with the answer is above this, as in the papers."""
LEAST_SAMPLES = 2
_ROUNDING = 1e-3
"""How far above 0 a server may round a log-probability."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A question with its known answer and the answers that a model gave when asked several times.

    `logprobs` are the log-probabilities of each answer's tokens, in nats and at most 0; None where they are not known.
    """

    id: str
    question: str
    answer: str
    samples: tuple[str, ...]
    logprobs: tuple[tuple[float, ...], ...] | None = None

    def right(self) -> NDArray[np.float64]:
        """Which samples are right, 0 or 1, by ROUGE-L with the answer: overlap of words, not meaning."""
        found = rouge_l_between([words(sample) for sample in self.samples], [words(self.answer)])
        return (found[:, 0] > LEAST_ROUGE_L).astype(np.float64)


def read_samples(path: Path) -> list[Sampled]:
    """The questions of a file, in its order. Raises BadInput naming the line that is not as it should be."""
    try:
        with path.open(encoding="utf-8") as file:
            found = list(_questions(path, file))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path} is not a text file in UTF-8: give JSON lines with id, question, answer, samples"
        ) from error
    if not found:
        raise BadInput(f"{path} holds no question: give JSON lines with id, question, answer, samples")
    without = next((one.id for one in found if one.logprobs is None), None)
    if without is not None and any(one.logprobs is not None for one in found):
        raise BadInput(f"{path} has no 'logprobs' for question {without!r}, but for others: give all of them or none")
    return found


def _questions(path: Path, lines: Iterator[str]) -> Iterator[Sampled]:
    line_of: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            one = _question(json.loads(line))
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadInput(f"{path}, line {number} is not JSON: {error}") from error
        except ValueError as error:
            raise BadInput(f"{path}, line {number}: {error}") from error
        if one.id in line_of:
            raise BadInput(f"{path}, line {number}: the id {one.id!r} was given on line {line_of[one.id]} already")
        line_of[one.id] = number
        yield one


def _question(content: Any) -> Sampled:
    if not isinstance(content, dict):
        raise ValueError("each line must be a JSON object with id, question, answer, samples")
    if not isinstance(content.get("id"), str | int):
        raise ValueError("'id' must be a text or a number")
    for key in ("question", "answer"):
        if not isinstance(content.get(key), str):
            raise ValueError(f"{key!r} must be a text")
    samples = content.get("samples")
    if not isinstance(samples, list) or not all(isinstance(sample, str) for sample in samples):
        raise ValueError("'samples' must be a list of texts")
    if len(samples) < LEAST_SAMPLES:
        raise ValueError(f"{len(samples)} samples are too few to tell uncertainty from: give at least {LEAST_SAMPLES}")
    logprobs = _logprobs(content.get("logprobs"), len(samples))
    return Sampled(str(content["id"]), content["question"], content["answer"], tuple(samples), logprobs)


def _logprobs(content: Any, n: int) -> tuple[tuple[float, ...], ...] | None:
    if content is None:
        return None
    if not isinstance(content, list) or len(content) != n or not all(map(_are_log_probabilities, content)):
        raise ValueError(
            f"'logprobs' must be a list of {n} lists, one for each sample, of its tokens' log-probabilities"
        )
    return tuple(tuple(min(float(token), 0.0) for token in tokens) for tokens in content)


def _are_log_probabilities(tokens: Any) -> bool:
    """One or more numbers, at most 0 but for the rounding of servers."""
    return (
        isinstance(tokens, list)
        and bool(tokens)
        and all(type(token) in (int, float) and -math.inf < token <= _ROUNDING for token in tokens)
    )


def sizes(questions: Sequence[Sampled]) -> str:
    """How many questions with how many samples each, in words."""
    m = sorted({len(one.samples) for one in questions})
    noun = "question" if len(questions) == 1 else "questions"
    return f"{len(questions):,} {noun} x {m[0] if len(m) == 1 else f'{m[0]} to {m[-1]}'} samples"
