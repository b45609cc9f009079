"""The errors of Auspex: one tree, as many types as there are different reactions.

AuspexError                  anything that Auspex itself raises
├── BadInput                 what was asked for cannot be done as asked: say so in one sentence, exit 2
│   ├── UnknownName          a name (country, code, member, rule) that no table holds; lists near misses
│   └── AmbiguousName        a name with several meanings; lists them
├── StoreError               the event store cannot be used as it is
│   ├── StoreMissing         there is no store at that path
│   ├── StoreCorrupt         a partition does not match its manifest
│   └── StoreChanged         a snapshot's files were superseded long ago: open the store again
├── SourceRefused            a file, archive or address was refused before it was read (bomb, traversal, private host)
├── LedgerError              the ledger cannot be used as it is
├── CallForbidden            a model off this machine was about to be called where that is switched off
└── MemberFailed             a forecaster has no answer; recorded as a `MemberFailure`, never as a number
    ├── Unparseable          the model's answer is none: asked once more with the reason, then recorded
    ├── ProviderBusy         a fault that passes (429, 5xx, connection): tried again, then the fallback, then recorded
    └── ProviderClosed       no further call can succeed (key, payment, no such model): the model is not called again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AuspexError(Exception):
    """Base of every error that Auspex raises. Its message is one sentence meant for a person."""


class BadInput(AuspexError):
    """What was asked for cannot be done as asked; the message names the input and what to do."""


class UnknownName(BadInput):
    """A name that no table holds.

    `name` is what was given, `near` are the closest known names, best first.
    """

    def __init__(self, message: str, *, name: str, near: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.near = tuple(near)


class AmbiguousName(BadInput):
    """A name with several meanings; `candidates` lists them."""

    def __init__(self, message: str, *, name: str, candidates: Sequence[str]) -> None:
        super().__init__(message)
        self.name = name
        self.candidates = tuple(candidates)


class StoreError(AuspexError):
    """The event store cannot be used as it is."""


class StoreMissing(StoreError):
    """There is no event store at the path given."""


class StoreCorrupt(StoreError):
    """A partition does not match the manifest: rows, size or checksum differ."""


class StoreChanged(StoreError):
    """The files behind a snapshot were superseded and removed; open the store again."""


class SourceRefused(AuspexError):
    """A source file was refused before extraction: zip bomb, nested, encrypted, or a path that escapes."""


class LedgerError(AuspexError):
    """The ledger cannot be used as it is (unreachable, wrong schema, broken chain)."""


class CallForbidden(AuspexError):
    """A model off this machine was about to be called where such calls are switched off (tests)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a call took that came to nothing: tokens, US dollars (None: unknown), seconds, and the words it gave."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    latency_s: float = 0.0
    text: str = ""


class MemberFailed(AuspexError):
    """A forecaster has no answer to a question; `reason` is a `FailureReason` value.

    `spent` is what the failing call to a model took, None where none was made.
    """

    def __init__(self, message: str, *, reason: str, spent: Spent | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.spent = spent


class Unparseable(MemberFailed):
    """A model's answer that does not say what was asked for; `raw_text` is what it said."""

    def __init__(self, message: str, *, raw_text: str) -> None:
        super().__init__(message, reason="unparseable")
        self.raw_text = raw_text


class ProviderBusy(MemberFailed):
    """A provider's fault that passes; `retry_after_s` is how long it asks to be left alone, None if it does not say."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message, reason="provider")
        self.retry_after_s = retry_after_s


class ProviderClosed(MemberFailed):
    """A provider's refusal that every further call would meet too: bad key, no credit, no such model."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="provider")
