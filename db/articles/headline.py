"""A pseudo-headline from the words of a URL: nine in ten news URLs carry one."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_EXTENSION = re.compile(r"\.[a-z]{2,6}$", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_FEWEST_WORDS = 2
"""One word alone is the name of a section."""
_NUMBERS_LONGEST = 4
"""Digits that a number may have and still be a word (a year); longer ones are ids."""
_MIXED_LONGEST = 5
"""Characters that letters mixed with digits may have and still be a word (G20, F16, MH370); longer ones are ids."""


def headline_of(url: str) -> str:
    """The words of the URL's most telling path segment, such as "Liberia eyes digital overhaul"; empty without any.

    The segment with the most words of letters counts, the last of several; ids and file extensions are no words.
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    best: list[str] = []
    most = _FEWEST_WORDS
    for segment in path.split("/"):
        words = _WORD.findall(_UUID.sub("", _EXTENSION.sub("", unquote(segment))))
        letters = sum(len(word) > 1 and word.isalpha() for word in words)
        if letters >= most:
            best, most = words, letters
    text = " ".join(word for word in best if _is_word(word))
    return text[:1].upper() + text[1:]


def _is_word(text: str) -> bool:
    if text.isdecimal():
        return len(text) <= _NUMBERS_LONGEST
    return len(text) <= _MIXED_LONGEST or not any(character.isdecimal() for character in text)
