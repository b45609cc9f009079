"""Similarity matrices: hand-worked values, scikit-learn, and what every one of them must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from ensembles.similarity import SIMILARITIES, cosine, given, rouge_l_between, similarity, words

TEXTS = st.lists(st.text(alphabet="ab the,'-ñ1", max_size=12), min_size=1, max_size=8)


def test_words_drop_case_punctuation_and_articles() -> None:
    assert words("The Beatles, (a band)!") == ("beatles", "band")
    assert words("O'Neill's up-and-down") == ("oneills", "up", "and", "down")
    assert words("Ünïcode, ça va") == ("ünïcode", "ça", "va")
    assert words(" ?! ") == ()


def test_words_when_there_is_only_an_article_keep_it() -> None:
    assert words("A") == ("a",)
    assert similarity(["A", "B", "a."], "jaccard") == pytest.approx(np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]]))


def test_similarity_by_hand() -> None:
    texts = ["the cat sat down", "cat sat", "sat cat"]
    assert similarity(texts, "jaccard")[0] == pytest.approx([1, 2 / 3, 2 / 3])
    assert similarity(texts, "rouge_l")[0] == pytest.approx([1, 2 * 2 / 5, 2 * 1 / 5])
    assert similarity(texts, "rouge_l")[1, 2] == pytest.approx(2 * 1 / 4)
    assert similarity(texts, "exact") == pytest.approx(np.eye(3))
    assert similarity(texts, "tfidf")[1, 2] == pytest.approx(1)


def test_tfidf_is_that_of_scikit_learn_on_distinct_answers() -> None:
    texts = ["green tea with milk", "black tea", "black coffee with milk milk", "black tea"]
    vectors = TfidfVectorizer().fit_transform(texts[:3])
    expected = cosine_similarity(vectors)[np.ix_([0, 1, 2, 1], [0, 1, 2, 1])]
    assert similarity(texts, "tfidf") == pytest.approx(expected)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_similarity_when_answers_are_empty_is_one_among_them_and_zero_to_others(name: str) -> None:
    assert similarity(["", "?", "word"], name) == pytest.approx(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]))
    assert similarity([], name).shape == (0, 0)


@pytest.mark.parametrize("name", SIMILARITIES)
@for_all(texts=TEXTS)
def test_similarity_is_symmetric_within_bounds_and_follows_the_order_of_texts(name: str, texts: list[str]) -> None:
    w = similarity(texts, name)
    assert w == pytest.approx(w.T)
    assert ((w >= 0) & (w <= 1)).all() and (np.diag(w) == 1).all()
    assert similarity(texts[::-1], name) == pytest.approx(w[::-1, ::-1])


def test_similarity_of_no_such_name_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown similarity 'bleu': choose one of exact, jaccard"):
        similarity(["a"], "bleu")


def test_rouge_l_between_answers_and_references_has_their_shape() -> None:
    found = rouge_l_between([words("paris france"), words("rome")], [words("Paris")])
    assert found == pytest.approx(np.array([[2 / 3], [0]]))
    assert rouge_l_between([], [words("Paris")]).shape == (0, 1)


def test_cosine_of_vectors_counts_opposites_as_nothing() -> None:
    w = cosine([[1, 0], [2, 2], [-1, 0], [0, 0], [0, 0]])
    assert w[0] == pytest.approx([1, np.sqrt(0.5), 0, 0, 0])
    assert w[3] == pytest.approx([0, 0, 0, 1, 1])
    with pytest.raises(ValueError, match="finite"):
        cosine([[np.nan, 1]])


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 0.5]], "square"),
        ([[1, 1.5], [1.5, 1]], "outside"),
        ([[1, np.nan], [np.nan, 1]], "outside"),
        ([[1, 0.2], [0.3, 1]], "symmetric"),
        ([[0.9, 0.2], [0.2, 1]], "diagonal"),
    ],
)
def test_matrix_from_outside_is_refused_where_it_is_none(matrix: list[list[float]], message: str) -> None:
    assert given([[1, 0.2], [0.2, 1]])[0, 1] == 0.2
    with pytest.raises(ValueError, match=message):
        given(matrix)
