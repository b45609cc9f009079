"""The good model as a reviewer: what it thinks of a text is worked out from the text and the criteria it is given."""

from __future__ import annotations

import re

from app.dev.answers import Answer
from app.dev.asked import Asked
from app.dev.observed import unquoted

_CRITERION = re.compile(r"^- `(\w+)`: (.*)$", re.MULTILINE)
_WORD = re.compile(r"[a-z]{4,}")
_BRIEF = 12
"""Words; a shorter text is marked one lower on everything."""


def review(asked: Asked) -> Answer:
    """Marks: the more of a criterion's own words the reasons use, the better; a brief text loses one."""
    reasons = unquoted(asked.prompt.partition("\n## Reasons")[2])
    words = set(_WORD.findall(reasons.lower()))
    least = 1 if len(reasons.split()) < _BRIEF else 2
    marks = {
        name: min(least + len(words.intersection(_WORD.findall(described.lower()))), 5)
        for name, described in _CRITERION.findall(asked.system)
    }
    comment = f"{len(reasons.split())} words; best at {max(marks, key=lambda name: marks[name])}."
    return Answer("review", {"comment": comment, "marks": marks}, comment)
