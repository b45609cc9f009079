"""When keys were used last is written, if not now then the next time."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.api.usage import Usage
from db.errors import LedgerError
from db.ledger.api_keys import ApiKeys, Scope

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def test_uses_that_could_not_be_written_are_written_the_next_time(tmp_path: Path) -> None:
    address = str(tmp_path / "ledger.db")
    with ApiKeys(address) as keys:
        first, second = (keys.create("k", [Scope.READ], now=made)[0].id for made in (NOW, LATER))
        usage = Usage(keys)
        usage.note(first, NOW)
        usage.note(second, NOW)
        with sqlite3.connect(address) as database:
            database.execute("ALTER TABLE api_keys RENAME TO away")
            with pytest.raises(LedgerError, match="could not be written"):
                usage.flush()
            database.execute("ALTER TABLE away RENAME TO api_keys")
        database.close()
        usage.note(second, LATER)
        usage.flush()
        assert [key.last_used_at for key in keys.list()] == [NOW, LATER]
