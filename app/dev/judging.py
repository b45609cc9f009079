"""How the good model judges whether two answers mean the same: by their words, as it knows no better."""

from __future__ import annotations

import json
import re

from app.dev.answers import Answer
from app.dev.asked import Asked, text_of

_PAIR = re.compile(r'^Answer 1: (".*")\nAnswer 2: (".*")$', re.MULTILINE)


def judged(asked: Asked) -> Answer | None:
    """The verdict on the pair of answers in the prompt; None where it holds none."""
    users = [text_of(message) for message in asked.messages if message.get("role") == "user"]
    pair = next((found for text in users if (found := _PAIR.search(text))), None)
    if pair is None:
        return None
    first, second = (set(re.findall(r"\w+", json.loads(quoted).lower())) for quoted in pair.groups())
    verdict = "same" if first == second else "partly" if first & second else "different"
    return Answer("verdict", {"verdict": verdict}, f"The words say {verdict}.")
