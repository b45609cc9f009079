"""The consensus game: its first iteration by hand, what every equilibrium must keep, and how it ranks real samples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ensembles.equilibrium import CORRECT, INCORRECT, discriminator_prior, equilibrium, generator_prior
from ensembles.odds import Floats
from ensembles.similarity import rouge_l_between, similarity, words

GIVEN = np.array([[0.6, 0.4], [0.4, 0.6]])
"""The generator's prior: told to be correct it gives the first candidate with 0.6, told not to be with 0.4."""
JUDGED = np.array([[0.7, 0.3], [0.5, 0.5]])
"""The discriminator's: the first candidate is correct with 0.7, on the second it has no opinion."""

SHARES = st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3)


def logs(probability: object) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.asarray(probability, dtype=np.float64)))


def played_slowly(given: Floats, judged: Floats, iterations: int, lam: float = 0.1, eta: float = 0.1) -> Floats:
    """The generator's policy after so many iterations, by the paper's formula with every sum written out."""
    g, d = [given], [judged]
    for t in range(1, iterations + 1):
        q_g = sum(past.T for past in d) / (2 * t)
        q_d = sum(past.T for past in g) / (2 * t)
        raised_g = np.exp((q_g + lam * np.log(given)) / (1 / (eta * t) + lam))
        raised_d = np.exp((q_d + lam * np.log(judged)) / (1 / (eta * t) + lam))
        g.append(raised_g / raised_g.sum(axis=1, keepdims=True))
        d.append(raised_d / raised_d.sum(axis=1, keepdims=True))
    return g[-1]


def test_first_iteration_by_hand() -> None:
    """After one policy 1 / (eta t) + lam is 10.1; Q is half of the other player's prior."""
    found = equilibrium(logs(GIVEN), logs(JUDGED), iterations=1)
    correct = ((0.35 - 0.25) + 0.1 * np.log(0.6 / 0.4)) / 10.1
    incorrect = ((0.15 - 0.25) + 0.1 * np.log(0.4 / 0.6)) / 10.1
    first, second = ((0.3 - 0.2) + 0.1 * np.log(0.7 / 0.3)) / 10.1, (0.2 - 0.3) / 10.1
    assert found.generator[:, 0] == pytest.approx([1 / (1 + np.exp(-correct)), 1 / (1 + np.exp(-incorrect))])
    assert found.discriminator[:, CORRECT] == pytest.approx([1 / (1 + np.exp(-first)), 1 / (1 + np.exp(-second))])
    assert found.generator[CORRECT, 0] == pytest.approx(0.503479, abs=1e-6)
    assert found.discriminator[0, CORRECT] == pytest.approx(0.504572, abs=1e-6)
    assert found.iterations == 1


@settings(max_examples=20, deadline=None)
@given(right=SHARES, wrong=SHARES, belief=st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3))
def test_game_follows_the_formula_and_stays_normalised(
    right: list[float], wrong: list[float], belief: list[float]
) -> None:
    given = np.array([right, wrong]) / np.array([[sum(right)], [sum(wrong)]])
    judged = np.stack([belief, 1 - np.array(belief)], axis=-1)
    for iterations in (1, 2, 30):
        found = equilibrium(logs(given), logs(judged), iterations=iterations)
        assert found.generator == pytest.approx(played_slowly(given, judged, iterations))
        assert found.generator.sum(axis=-1) == pytest.approx(1)
        assert found.discriminator.sum(axis=-1) == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(right=SHARES, wrong=SHARES, belief=st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3))
def test_names_of_candidates_and_of_roles_do_not_matter(
    right: list[float], wrong: list[float], belief: list[float]
) -> None:
    log_g, log_d = logs([right, wrong]), logs(np.stack([belief, 1 - np.array(belief)], axis=-1))
    found = equilibrium(log_g, log_d, iterations=200)
    moved = equilibrium(log_g[:, [2, 0, 1]], log_d[[2, 0, 1]], iterations=200)
    assert moved.generator == pytest.approx(found.generator[:, [2, 0, 1]])
    turned = equilibrium(log_g[::-1], log_d[:, ::-1], iterations=200)
    assert turned.generator == pytest.approx(found.generator[::-1])
    assert turned.discriminator == pytest.approx(found.discriminator[:, ::-1])


def test_players_who_agree_stay_agreed_and_grow_surer() -> None:
    found = equilibrium(logs([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]]), logs([[0.8, 0.2], [0.4, 0.6], [0.2, 0.8]]))
    assert int(found.by_generator) == int(found.by_discriminator) == 0
    assert found.generator[CORRECT, 0] > 0.6
    assert found.discriminator[0, CORRECT] > 0.8
    assert list(np.argsort(-found.generator[INCORRECT])) == [2, 1, 0]


def test_players_without_an_opinion_get_none() -> None:
    found = equilibrium(np.zeros((2, 4)), np.zeros((4, 2)))
    assert found.generator == pytest.approx(np.full((2, 4), 0.25))
    assert found.discriminator == pytest.approx(np.full((4, 2), 0.5))


def test_a_decided_game_comes_to_rest_where_each_answers_the_other() -> None:
    """At rest Q is half of the other's policy: pi is proportional to prior * exp(Q / lam)."""
    given, judged = np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.95, 0.05], [0.05, 0.95]])
    found = equilibrium(logs(given), logs(judged))
    assert found.change < 1e-6
    raised = given * np.exp(found.discriminator.T / 2 / 0.1)
    assert found.generator == pytest.approx(raised / raised.sum(axis=1, keepdims=True), abs=1e-3)


def test_settled_question_is_played_no_further_and_ends_where_it_would_have() -> None:
    log_g, log_d = logs([[0.99, 0.01], [0.01, 0.99]]), logs([[0.999, 0.001], [0.001, 0.999]])
    early, late = equilibrium(log_g, log_d, tolerance=1e-3), equilibrium(log_g, log_d, tolerance=0)
    assert 100 <= early.iterations < late.iterations == 5000
    assert early.settled and not late.settled
    assert not equilibrium(log_g, log_d, iterations=50, tolerance=1).settled, "the learning rate outweighs the prior"
    assert early.generator == pytest.approx(late.generator, abs=1e-3)


def test_probability_of_zero_stays_and_certainty_does() -> None:
    found = equilibrium(logs([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]]), logs([[1.0, 0.0], [0.3, 0.7], [0.5, 0.5]]))
    assert found.generator[:, 2] == pytest.approx([0, 0])
    assert found.discriminator[0] == pytest.approx([1, 0])
    assert found.by_generator == 0
    assert np.isfinite(found.generator).all()
    alone = equilibrium(logs([[1.0], [1.0]]), logs([[0.2, 0.8]]))
    assert alone.generator == pytest.approx(np.ones((2, 1)))


def test_stack_is_played_question_by_question_and_padding_is_absent() -> None:
    nan = np.nan
    log_g = logs([[GIVEN[0], GIVEN[1]], [[0.3, 0.7], [0.6, 0.4]]])
    log_d = logs([JUDGED, [[0.2, 0.8], [0.6, 0.4]]])
    padded_g = np.concatenate([log_g, np.full((2, 2, 1), nan)], axis=-1)
    padded_d = np.concatenate([log_d, np.full((2, 1, 2), nan)], axis=-2)
    none_g, none_d = np.full((1, 2, 3), nan), np.full((1, 3, 2), nan)
    stack = equilibrium(np.concatenate([padded_g, none_g]), np.concatenate([padded_d, none_d]), iterations=300)
    for at in range(2):
        one = equilibrium(log_g[at], log_d[at], iterations=300)
        assert stack.generator[at, :, :2] == pytest.approx(one.generator)
        assert stack.discriminator[at, :2] == pytest.approx(one.discriminator)
    assert np.isnan(stack.generator[:, :, 2]).all() and np.isnan(stack.discriminator[:, 2]).all()
    assert np.isnan(stack.generator[2]).all()
    assert list(stack.by_generator) == [0, 1, -1] == list(stack.by_discriminator)
    assert list(stack.iterations) == [300, 300, 0]
    assert equilibrium(np.zeros((0, 2, 3)), np.zeros((0, 3, 2))).generator.shape == (0, 2, 3)


def test_priors_weigh_roles_and_candidates_by_hand() -> None:
    """P(y|correct) = .4, .1 and P(y|incorrect) = .4, .3: the first is as likely in both roles, the second is not."""
    found = np.exp(generator_prior(logs([[0.4, 0.1], [0.4, 0.3]])))
    assert found == pytest.approx(np.array([[0.5 / 0.75, 0.25 / 0.75], [0.5 / 1.25, 0.75 / 1.25]]))
    leaning = np.exp(discriminator_prior(logs([[0.9, 0.1], [0.6, 0.4]])))
    assert leaning[0] == pytest.approx([0.6 / (0.6 + 0.2), 0.2 / (0.6 + 0.2)])
    assert leaning[1] == pytest.approx([0.4 / (0.4 + 0.8), 0.8 / (0.4 + 0.8)])
    assert np.exp(generator_prior(logs([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]])))[:, 2] == pytest.approx([0, 0])
    padded = generator_prior(logs([[0.4, 0.1, np.nan], [0.4, 0.3, np.nan]]))
    assert np.exp(padded[:, :2]) == pytest.approx(found)
    assert np.isnan(padded[:, 2]).all()


def test_what_is_no_game_is_refused() -> None:
    fine_g, fine_d = logs(GIVEN), logs(JUDGED)
    for log_g, log_d, message in (
        (fine_g, fine_d[:1], "priors must be"),
        (fine_g[0], fine_d[0], "priors must be"),
        (np.zeros((3, 2)), np.zeros((2, 3)), "priors must be"),
        (np.full((2, 2), -np.inf), fine_d, "probability 0"),
        (fine_g, np.full((2, 2), -np.inf), "probability 0"),
        (np.full((2, 2), np.inf), fine_d, "infinite"),
    ):
        with pytest.raises(ValueError, match=message):
            equilibrium(log_g, log_d)
    refused: list[dict[str, Any]] = [{"lam": 0.0}, {"eta": np.inf}, {"iterations": 0}, {"tolerance": -1.0}]
    for wrong in refused:
        with pytest.raises(ValueError, match="lam and eta"):
            equilibrium(fine_g, fine_d, **wrong)


@pytest.mark.slow
def test_ranking_real_samples_gains_nothing_over_their_support(data_dir: Path) -> None:
    """500 questions with 20 samples each: the generator's prior is how often an answer came, the discriminator's how
    alike it is to the rest (Jaccard). The reference is ER-G .750 and ER-D .752, majority .732, support alone .752."""
    path = data_dir / "predictors" / "uq_nlg" / "triviaqa_llama13b_500x20.jsonl"
    if not path.exists():
        pytest.skip(f"no samples at {path}")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    n = max(len(row["samples"]) for row in rows)
    log_g, log_d = np.full((len(rows), 2, n), np.nan), np.full((len(rows), n, 2), np.nan)
    right = np.zeros((len(rows), n), dtype=bool)
    for at, row in enumerate(rows):
        share, support, correct = _candidates(row["samples"], row["answer"])
        k = len(share)
        log_g[at, :, :k] = logs([share, np.full(k, 1 / k)])
        log_d[at, :k] = logs(np.stack([support, np.maximum(1 - support, 0)], axis=-1))
        right[at, :k] = correct
    found, every = equilibrium(log_g, log_d), np.arange(len(rows))
    majority = right[every, np.nanargmax(log_g[:, CORRECT], axis=1)].mean()
    support_alone = right[every, np.nanargmax(log_d[:, :, CORRECT], axis=1)].mean()
    by_generator, by_discriminator = (
        right[every, found.by_generator].mean(),
        right[every, found.by_discriminator].mean(),
    )
    assert (majority, support_alone) == pytest.approx((0.732, 0.752), abs=1e-9)
    assert (by_generator, by_discriminator) == pytest.approx((0.750, 0.752), abs=0.0025)


def _candidates(samples: Sequence[str], answer: str) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Of each distinct answer: its share of the samples, its mean likeness to them, and whether it is correct."""
    said = [words(sample) for sample in samples]
    first = [said.index(one) for one in dict.fromkeys(said)]
    share = np.array([said.count(said[at]) for at in first]) / len(said)
    support = similarity(samples, "jaccard")[first].mean(axis=1)
    correct: NDArray[np.bool_] = rouge_l_between([said[at] for at in first], [words(answer)])[:, 0] > 0.3
    return share, support, correct
