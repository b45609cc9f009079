"""Questions as they are typed: what could not be resolved later is refused when it is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.commands.asking import Asked, question_of
from db.errors import BadInput

NOW = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("a", "A "), "'A ' begins or ends with a space"),
        (("a", "annulled"), "'annulled' is what a question is called that has no outcome"),
        (("AMBIGUOUS", "b"), "'AMBIGUOUS' is what"),
        (("a", "a"), "two or more different answers"),
    ],
)
def test_option_that_no_outcome_could_name_is_refused(options: tuple[str, ...], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        question_of(Asked(text="Which?", options=options), NOW)


def test_window_that_ends_after_the_last_year_is_refused() -> None:
    last = date.max
    with pytest.raises(BadInput, match="after the year 9999"):
        question_of(Asked(text="Will it?", window=(None, last)), NOW)
    with pytest.raises(BadInput, match="after the year 9999"):
        question_of(Asked(text="Will it?", actors=("China", "Taiwan"), window=(last, last)), NOW)
    with pytest.raises(BadInput, match="after the year 9999"):
        question_of(Asked(text="Will it?"), datetime(9999, 12, 31, tzinfo=UTC))
