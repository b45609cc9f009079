"""The chain of the journal's rows: what makes an edited, removed or moved row show."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

GENESIS = "0" * 64
"""What the first row is chained to."""


def link(chain: str, position: int, row: Mapping[str, Any] | RowMapping) -> str:
    """The chain value of a row: the hash of the one before and of everything that the row says."""
    said = (row["kind"], row["key"], row["record_id"], row["question_id"], row["member"], row["run_id"], row["body"])
    return hashlib.sha256("\x1f".join((chain, str(position), *said)).encode()).hexdigest()
