"""From probabilities per code to a set of codes."""

from __future__ import annotations

import numpy as np
import pytest

from ensembles.decoding import choose_set


def test_choose_set_takes_the_best_k_and_may_choose_nothing() -> None:
    p = np.array([[0.9, 0.8, 0.1], [0.05, 0.02, 0.01]])
    assert choose_set(p).tolist() == [[True, True, False], [True, False, False]]
    assert choose_set(p, empty=np.array([0.05, 0.9])).tolist() == [[True, True, False], [False, False, False]]


def test_choose_set_refuses_what_is_unknown_or_senseless() -> None:
    with pytest.raises(ValueError, match="NaN"):
        choose_set(np.array([[0.9, np.nan, 0.1]]))
    with pytest.raises(ValueError, match="NaN"):
        choose_set(np.array([[0.9]]), empty=np.array([np.nan]))
    with pytest.raises(ValueError, match="caution"):
        choose_set(np.array([[0.9]]), caution=0.0)
    with pytest.raises(ValueError, match="at least one code"):
        choose_set(np.zeros((2, 0)))
