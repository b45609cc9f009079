"""Fixtures shared by all rooms: where the real data lies, and what happens when it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one per test process: more of them only wait for each other
os.environ["AUSPEX_REAL_CALLS"] = "0"  # no test, and no command that a test starts, calls a model off this machine

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data (`AUSPEX_DATA`, default `../shared/data`); skips where absent unless data is required."""
    folder = Path(os.environ.get("AUSPEX_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        message = f"no real data at {folder}: set AUSPEX_DATA"
        if os.environ.get("AUSPEX_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder
