"""One answer in a reply, whatever fences a model puts around it or thinks aloud before."""

from __future__ import annotations

import pytest

from agents.strict_json import MAX_CHARACTERS, holds_object, only_object

DRAFT, ANSWER = '{"probability": 0.9}', '{"probability": 0.1}'
BLOCK = f"```json\n{ANSWER}\n```"


@pytest.mark.parametrize(
    "draft",
    [
        f"```json\n{DRAFT}\n```",
        f"- draft:\n  ```json\n  {DRAFT}\n  ```",
        f"```JSON\n{DRAFT}\n```",
        f"```json5\n{DRAFT}\n```",
        f"```\n{DRAFT}\n```",
        f"```\n\n\t{DRAFT}\n```",
        f"~~~json\n{DRAFT}\n~~~",
        f"~~~~\n{DRAFT}\n~~~~",
        f"> ```json\n> {DRAFT}\n> ```",
        f"Draft: ```json\n{DRAFT}\n```",
        f"````\n{DRAFT}\n````",
        f"```json {DRAFT}```",
    ],
)
def test_second_object_in_a_fence_of_any_form_is_refused(draft: str) -> None:
    for reply in (f"{draft}\n\n{BLOCK}", f"{BLOCK}\n\n{draft}"):
        with pytest.raises(ValueError, match="more than one JSON block"):
            only_object(reply)
        assert holds_object(reply)


def test_only_object_in_a_fence_that_was_not_asked_for_is_refused_with_what_was() -> None:
    for reply in (f"```\n{ANSWER}\n```", f"```JSON\n{ANSWER}\n```", f"So:\n  ```json\n  {ANSWER}\n  ```"):
        with pytest.raises(ValueError, match="does not open with ```json"):
            only_object(reply)


@pytest.mark.parametrize("beside", ["```python\nprint(1)\n```", "```\nnone\n```", "| ```json\n| {}\n| ```"])
def test_blocks_without_an_object_and_quoted_news_are_no_answers(beside: str) -> None:
    assert only_object(f"{beside}\n\n{BLOCK}") == {"probability": 0.1}
    assert not holds_object(beside)


@pytest.mark.parametrize("reply", [ANSWER, BLOCK, f"Reasons.\n\n{BLOCK}"])
def test_thinking_before_the_answer_is_not_looked_at(reply: str) -> None:
    thought = f"<think>\n```json\n{DRAFT}\n```\n{'so ' * MAX_CHARACTERS}</think>\n\n"
    assert only_object(thought + reply) == {"probability": 0.1}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (f"<think>\n{BLOCK}\n</think>", "empty"),
        (f"<think>\n{BLOCK}\n</think>\nI would rather not say.", "no JSON object"),
        (f"<think>\n{BLOCK}\n", "thinking does not end"),
        (f"<think>{BLOCK}", "thinking does not end"),
    ],
)
def test_answer_inside_thinking_alone_is_none(reply: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        only_object(reply)


@pytest.mark.parametrize("flood", ["```json\n", "`", "~", "``` ", "<think></think>", "> ", "```\n"])
def test_flood_of_fences_is_refused_at_once(flood: str) -> None:
    """Each would take minutes if it were searched once per fence."""
    with pytest.raises(ValueError):
        only_object("x\n" + flood * (MAX_CHARACTERS // len(flood) - 1))
