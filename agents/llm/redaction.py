"""Secrets that no prompt, message, log or record may hold, replaced by three stars wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

STARS = "***"


class Redaction:
    """Replaces secrets in texts and in JSON-like data."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: list[str] = []
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Keep these secret too; the longest are replaced first, as one may hold another."""
        self._secrets = sorted({*self._secrets, *filter(None, secrets)}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, STARS)
        return text

    def data(self, value: Any) -> Any:
        """A copy of JSON-like data without secrets, in keys either."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.data(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.data(item) for item in value)
        return value
