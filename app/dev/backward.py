"""How the good model writes questions for an answer that it is shown alone: by putting its words into each."""

from __future__ import annotations

import re

from app.dev.answers import Answer
from app.dev.asked import Asked, text_of

_ANSWER = re.compile(r"^Answer: (.*)$", re.MULTILINE)
_WANTED = re.compile(r"Write (\d+) different questions that this answer may be the reply to")


def led_back(asked: Asked) -> Answer | None:
    """The questions wanted for the answer in the prompt; None where none are."""
    wanted = _WANTED.search(asked.system)
    users = [text_of(message) for message in asked.messages if message.get("role") == "user"]
    answer = next((found[1] for text in users if (found := _ANSWER.search(text))), None)
    if wanted is None or answer is None:
        return None
    questions = [f"Which question number {number} leads to {answer}?" for number in range(1, int(wanted[1]) + 1)]
    return Answer("questions", {"questions": questions}, f"Questions around {answer}.")
