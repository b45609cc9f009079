"""Every measure of every question: its uncertainty, and where there is one the confidence of each single answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from app.benchmark.uncertainty.samples import Sampled
from ensembles import uncertainty
from ensembles.odds import Floats
from ensembles.similarity import similarity, words
from ensembles.token_uncertainty import TokenUncertainty, token_uncertainty
from ensembles.uncertainty import Ints

Stack = Callable[[Floats], Floats | Ints]
"""From matrices (n, m, m) to (n,) or (n, m)."""

BASELINE = "variation_ratio"
"""The simple measure that the others are compared with: how many answers are not the most frequent one."""
SIMPLE = ("distinct_answers", BASELINE, "lexsim", "length")
"""The measures that are there whatever similarities are asked for."""
TOKENS: dict[str, Callable[[TokenUncertainty], float]] = {
    "token_max": lambda found: found.max_negative_log_probability,
    "token_mean": lambda found: found.mean_negative_log_probability,
    "token_all": lambda found: 1 - found.sequence_probability,
}
"""The measures that are there where the file tells how likely the answers' tokens were."""
EXACT, ROUGE_L = "exact", "rouge_l"
CHOICES = ("jaccard", ROUGE_L, "tfidf")
"""The similarities of texts that can be chosen; `exact` is behind the simple measures."""

_SPECTRAL: dict[str, tuple[Stack, Stack | None]] = {
    "eigv": (uncertainty.eigv, None),
    "ecc": (uncertainty.ecc, uncertainty.ecc_confidence),
    "deg": (uncertainty.deg, uncertainty.deg_confidence),
    "num_sets": (uncertainty.num_sets, None),
    "set_share": (uncertainty.variation_ratio, uncertainty.set_share),
}


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A measure: uncertainty (questions,), and confidence (all answers,), question by question, or None."""

    method: str
    similarity: str | None
    uncertainty: Floats
    confidence: Floats | None = None

    @property
    def label(self) -> str:
        """Its name for a reader."""
        return self.method if self.similarity is None else f"{self.method} ({self.similarity})"


@dataclass(frozen=True, slots=True)
class Matrices:
    """One similarity matrix (m, m) for each question; questions of the same m are measured together."""

    name: str
    of: tuple[Floats, ...]

    def measured(self, measure: Stack) -> list[Floats]:
        """What `measure` gives for each question."""
        sizes = np.array([len(matrix) for matrix in self.of])
        found: list[Floats] = [np.empty(0)] * len(self.of)
        for m in np.unique(sizes):
            places = np.flatnonzero(sizes == m)
            values = np.asarray(measure(np.stack([self.of[at] for at in places])), dtype=np.float64)
            for place, value in zip(places, values, strict=True):
                found[place] = value
        return found


def matrices(questions: Sequence[Sampled], name: str) -> Matrices:
    """The questions' matrices under a similarity of texts."""
    return Matrices(name, tuple(similarity(one.samples, name) for one in questions))


def measures(
    questions: Sequence[Sampled], *, exact: Matrices, rouge_l: Matrices, columns: Sequence[Matrices]
) -> list[Measure]:
    """The simple measures first, then all of each similarity in `columns`, then those of tokens where these are known,
    and the length of the answers as a control.

    `exact` and `rouge_l` are for the simple ones, whether they are wanted otherwise or not.
    """
    count = partial(uncertainty.num_sets, same=1.0)
    length = [np.mean([len(words(sample)) for sample in one.samples]) for one in questions]
    return [
        Measure("distinct_answers", exact.name, _by_question(exact, count)),
        Measure(
            BASELINE,
            exact.name,
            _by_question(exact, uncertainty.variation_ratio),
            _by_answer(exact, uncertainty.set_share),
        ),
        Measure("lexsim", rouge_l.name, _by_question(rouge_l, uncertainty.deg)),
        *(measure for found in columns for measure in _all(found)),
        *_of_tokens(questions),
        Measure("length", None, np.array(length)),
    ]


def _all(found: Matrices) -> Iterator[Measure]:
    for method, (of_question, of_answer) in _SPECTRAL.items():
        confidence = None if of_answer is None else _by_answer(found, of_answer)
        yield Measure(method, found.name, _by_question(found, of_question), confidence)


def _of_tokens(questions: Sequence[Sampled]) -> Iterator[Measure]:
    """A question is as uncertain as its answers are on average, and an answer as sure as its own tokens."""
    known = [one.logprobs for one in questions if one.logprobs is not None]
    if len(known) < len(questions):
        return
    by_answer = [[token_uncertainty(log_probability=tokens) for tokens in answers] for answers in known]
    for method, measure in TOKENS.items():
        found = [np.array([measure(answer) for answer in answers]) for answers in by_answer]
        yield Measure(method, None, np.array([answers.mean() for answers in found]), -np.concatenate(found))


def _by_question(found: Matrices, measure: Stack) -> Floats:
    return np.array(found.measured(measure))


def _by_answer(found: Matrices, measure: Stack) -> Floats:
    return np.concatenate(found.measured(measure))
