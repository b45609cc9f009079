"""Pages of a list, and the cursors that lead from one to the next.

A cursor holds the key of the last row that was given, so that the next page begins after it however many rows came or
went meanwhile, and costs the same as the first. It is bound to what was asked: with another filter it is refused.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, TypeVar

from db.errors import BadInput

Item = TypeVar("Item")
Row = TypeVar("Row")

MOST = 1000
"""The longest page that is given."""
_CHECK = 6  # bytes: a cursor is no secret, only kept from being mistyped, or used for another list


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of a list in its order, and the cursor of what follows: "" at the end."""

    data: list[Item]
    next: str = ""


def write_cursor(key: str, *, scope: str) -> str:
    """The cursor to what comes after `key` in the list that `scope` names: ASCII text that is safe in a URL."""
    said = key.encode()
    return urlsafe_b64encode(_check(said, scope) + said).rstrip(b"=").decode()


def read_cursor(cursor: str, *, scope: str) -> str:
    """The key that `write_cursor` was given; raises BadInput for what is no cursor of this list."""
    try:
        key = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))[_CHECK:].decode()
        if write_cursor(key, scope=scope) != cursor:
            raise ValueError("it does not fit")
    except ValueError as error:  # what is no base64 or no UTF-8 is one as well
        raise BadInput(
            f"{cursor!r} is no cursor of this list: give the one that came with the page before, and the same filter"
        ) from error
    return key


def checked_limit(limit: int) -> int:
    """The limit itself; raises BadInput unless it is between 1 and MOST."""
    if not 1 <= limit <= MOST:
        raise BadInput(f"a page holds between 1 and {MOST} rows, not {limit}")
    return limit


def page_of(rows: Sequence[Row], limit: int, *, key: Callable[[Row], object], scope: str) -> tuple[Sequence[Row], str]:
    """The rows of a page and the cursor of the next, of up to `limit` + 1 rows that were read."""
    if len(rows) <= limit:
        return rows, ""
    return rows[:limit], write_cursor(str(key(rows[limit - 1])), scope=scope)


def _check(said: bytes, scope: str) -> bytes:
    return blake2b(scope.encode() + b"\x1f" + said, digest_size=_CHECK).digest()
