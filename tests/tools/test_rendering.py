"""Words within a token budget: nothing over it, nothing left out without a count."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tools.rendering import LEAST_TOKENS, clip, render, tokens_of
from tools.tool import Answer

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300)


def test_tokens_are_four_bytes_each_rounded_up() -> None:
    assert [tokens_of(text) for text in ("", "a", "abcd", "abcde", "é" * 4)] == [0, 1, 1, 2, 2]


def test_render_when_all_fits_shows_all() -> None:
    answer = Answer(data=None, heading="three", lines=["a", "b", "c"], note="end")
    assert render(answer, 100) == "three\na\nb\nc\nend"


def test_render_when_lines_do_not_fit_counts_the_rest() -> None:
    answer = Answer(data=None, heading="many", lines=[f"line {n:03d}" for n in range(500)], note="the note")
    text = render(answer, 200)
    heading, *shown, marker, note = text.splitlines()
    assert tokens_of(text) <= 200
    assert (heading, note) == ("many", "the note")
    assert shown == [f"line {n:03d}" for n in range(len(shown))]
    assert marker == f"… {500 - len(shown)} more"
    assert len(shown) > 70, "the budget is used"


def test_render_when_one_line_is_too_long_cuts_it_and_counts_the_characters() -> None:
    answer = Answer(data=None, heading="article", lines=["x" * 10_000, "second"])
    _, cut, marker = render(answer, 100).splitlines()
    assert marker == f"… {10_000 - len(cut) + 1} more characters, 1 more line"


@given(heading=TEXT, lines=st.lists(TEXT, max_size=60), note=TEXT, budget=st.integers(LEAST_TOKENS, 600))
def test_render_never_exceeds_the_budget_and_counts_what_is_missing(
    heading: str, lines: list[str], note: str, budget: int
) -> None:
    text = render(Answer(data=None, heading=heading, lines=lines, note=note), budget)
    assert tokens_of(text) <= budget
    if tokens_of("\n".join([heading, *lines, note])) > budget and lines and len(note) < 100:
        assert all(line in text for line in lines) or re.search(r"… \d+ more", text)


@given(TEXT, st.integers(3, 400))
def test_clip_keeps_the_beginning(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped.encode()) <= limit
    assert clipped == text or text.startswith(clipped.removesuffix("…"))
