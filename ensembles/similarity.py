"""How alike m texts are, as one matrix: what most measures of uncertainty from samples are functions of.

A matrix of similarities has shape (m, m), values in 0..1, 1 on its diagonal, and is symmetric. It is computed on the
distinct texts and spread over the repeats. Two texts without a word are alike (1); one against a text with words is
not (0).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ensembles.odds import Floats

Words = tuple[str, ...]

_WITHIN_WORDS = re.compile(r"['’`]")
_BETWEEN_WORDS = re.compile(r"[^\w\s]")
_ARTICLES = frozenset({"a", "an", "the"})
_SYMMETRY = 1e-6
"""How far a matrix from outside may be from symmetric, in rounding; judges with two opinions are averaged before."""


def words(text: str) -> Words:
    """The words that answers are compared by: lower case, no punctuation, no English articles (Joshi et al. 2017).

    Apostrophes vanish ("o'neill" is one word), other punctuation parts words. Articles stay where there is nothing
    else, so that option "A" is not an empty answer. Signs and decimal points go too: compare numbers as numbers.
    """
    found = _BETWEEN_WORDS.sub(" ", _WITHIN_WORDS.sub("", text.lower())).split()
    return tuple(word for word in found if word not in _ARTICLES) or tuple(found)


def similarity(texts: Sequence[str], name: str) -> Floats:
    """The matrix (m, m) of `texts` under the measure called `name` in SIMILARITIES; ValueError for a name of none."""
    if name not in SIMILARITIES:
        raise ValueError(f"unknown similarity {name!r}: choose one of {', '.join(SIMILARITIES)}")
    distinct = dict.fromkeys(map(words, texts))
    places = {said: place for place, said in enumerate(distinct)}
    at = [places[words(text)] for text in texts]
    return _unit_diagonal(SIMILARITIES[name](list(distinct)))[np.ix_(at, at)]


def exact(answers: Sequence[Words]) -> Floats:
    """1 for the same words in the same order, else 0."""
    return np.array([[float(one == other) for other in answers] for one in answers]).reshape(_square(answers))


def jaccard(answers: Sequence[Words]) -> Floats:
    """The share of words in common among all words of both, `|A and B| / |A or B|` (Jaccard 1912)."""
    held = _counts(answers) > 0
    common = held.astype(np.float64) @ held.T
    either = held.sum(axis=1)[:, None] + held.sum(axis=1) - common
    return np.asarray(np.divide(common, either, out=np.ones(_square(answers)), where=either > 0), dtype=np.float64)


def rouge_l(answers: Sequence[Words]) -> Floats:
    """ROUGE-L F-measure: `2 LCS / (words of one + words of the other)`, LCS of words (Lin 2004, equation 4, beta 1)."""
    return rouge_l_between(answers, answers)


def rouge_l_between(answers: Sequence[Words], references: Sequence[Words]) -> Floats:
    """ROUGE-L of each answer with each reference, of shape (answers, references)."""
    from rapidfuzz.distance import LCSseq
    from rapidfuzz.process import cdist

    if not answers or not references:
        return np.zeros((len(answers), len(references)))
    common = cdist(answers, references, scorer=LCSseq.similarity, dtype=np.int32)
    lengths = np.array([len(one) for one in answers])[:, None] + np.array([len(other) for other in references])
    found = np.divide(2.0 * common, lengths, out=np.ones(lengths.shape), where=lengths > 0)
    return np.asarray(found, dtype=np.float64)


def tfidf(answers: Sequence[Words]) -> Floats:
    """The cosine of word counts weighted by how few of these answers have the word, so that common words count less.

    The weight is `ln((1 + m) / (1 + answers with the word)) + 1` over the distinct answers, as in scikit-learn.
    """
    counts = _counts(answers)
    weight = np.log((1 + len(answers)) / (1 + (counts > 0).sum(axis=0))) + 1
    return cosine(counts * weight)


SIMILARITIES: dict[str, Callable[[Sequence[Words]], Floats]] = {
    "exact": exact,
    "jaccard": jaccard,
    "rouge_l": rouge_l,
    "tfidf": tfidf,
}
"""The measures by name; each takes distinct answers as words."""


def cosine(vectors: ArrayLike) -> Floats:
    """The matrix of cosines of vectors, shape (m, dimensions), such as embeddings; a negative cosine counts as 0.

    Vectors of zeros are alike (1), as empty answers are. Raises ValueError for anything but finite numbers.
    """
    matrix = np.asarray(vectors, dtype=np.float64)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise ValueError(f"vectors must be finite and of shape (m, dimensions), not {matrix.shape}")
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit = np.divide(matrix, length, out=np.zeros_like(matrix), where=length > 0)
    zero = (length == 0)[:, 0]
    return _unit_diagonal(np.where(zero[:, None] & zero, 1.0, np.clip(unit @ unit.T, 0.0, 1.0)))


def given(matrix: ArrayLike) -> Floats:
    """A matrix from outside (a judge, an entailment model), checked; raises ValueError where it is none.

    Directed judgements are to be averaged with their transpose before.
    """
    found = np.asarray(matrix, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1]:
        raise ValueError(f"similarities must be a square matrix, not of shape {found.shape}")
    if not ((found >= 0) & (found <= 1)).all():  # NaN compares false
        raise ValueError("a similarity lies outside 0..1 (or is NaN)")
    if (np.abs(found - found.T) > _SYMMETRY).any() or (np.abs(np.diag(found) - 1) > _SYMMETRY).any():
        raise ValueError("similarities must be symmetric with 1 on the diagonal: average both directions first")
    return _unit_diagonal((found + found.T) / 2)


def _counts(answers: Sequence[Words]) -> Floats:
    """How often each answer has each word that any of them has, of shape (answers, words)."""
    place = {word: at for at, word in enumerate(dict.fromkeys(word for answer in answers for word in answer))}
    counts = np.zeros((len(answers), len(place)))
    for row, answer in enumerate(answers):
        for word in answer:
            counts[row, place[word]] += 1
    return counts


def _unit_diagonal(matrix: Floats) -> Floats:
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _square(answers: Sequence[Words]) -> tuple[int, int]:
    return len(answers), len(answers)
