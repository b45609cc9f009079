"""The errors of Auspex: one tree, as many types as there are different reactions.

AuspexError                  anything that Auspex itself raises
├── BadInput                 what was asked for cannot be done as asked: say so in one sentence, exit 2
│   ├── UnknownName          a name (country, code, member, rule) that no table holds; lists near misses
│   └── AmbiguousName        a name with several meanings; lists them
├── StoreError               the event store cannot be used as it is
│   ├── StoreMissing         there is no store at that path
│   ├── StoreCorrupt         a partition does not match its manifest
│   └── StoreChanged         a snapshot's files were superseded long ago: open the store again
├── SourceRefused            a file or archive was refused before it was read (bomb, traversal, encryption)
├── LedgerError              the ledger cannot be used as it is
└── MemberFailed             a forecaster has no answer; recorded as a `MemberFailure`, never as a number
"""

from __future__ import annotations

from collections.abc import Sequence


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


class MemberFailed(AuspexError):
    """A forecaster has no answer to a question; `reason` is a `FailureReason` value."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
