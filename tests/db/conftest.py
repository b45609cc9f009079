"""A ledger's address on either database; PostgreSQL is skipped where there is none, unless it is required."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

POSTGRES = "postgresql://root@127.0.0.1:5432"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty SQLite file or PostgreSQL database."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db")
    else:
        yield from _postgres_address()


def _postgres_address() -> Iterator[str]:
    try:
        admin = psycopg.connect(f"{POSTGRES}/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if os.environ.get("AUSPEX_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"no PostgreSQL: {error}")
        pytest.skip(f"no PostgreSQL on 127.0.0.1:5432: {error}")
    name = f"auspex_{uuid.uuid4().hex[:12]}"
    with admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield f"{POSTGRES}/{name}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
