"""Failures that are alike: their words without what differs from one to the next."""

from __future__ import annotations

import re

LONGEST = 200
_PATTERNS = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE), "<address>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b"), "<address>"),
    (re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”|‘[^’]*’|`[^`]*`|«[^»]*»"), "<text>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b\w+[-_](?=\w*\d)\w{6,}\b"), "<id>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<address>"),
    (re.compile(r"\d+(?:[.,:/-]\d+)*"), "<n>"),
    (re.compile(r"\s+"), " "),
)


def signature(detail: str) -> str:
    """The words of a failure with numbers, ids, quoted text and addresses taken out, at most `LONGEST` characters."""
    for pattern, replacement in _PATTERNS:
        detail = pattern.sub(replacement, detail)
    return detail.strip()[:LONGEST]
