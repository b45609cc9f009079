"""One served desk for the tests that only read it, and one of its own for each test that changes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.app.api.serving import Served, fill, served


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A desk with seven questions that nobody changes."""
    folder = tmp_path_factory.mktemp("reading")
    address = str(folder / "ledger.db")
    fill(address)
    with served(address, folder) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Served]:
    """An empty desk of the test's own."""
    with served(str(tmp_path / "ledger.db"), tmp_path) as found:
        yield found


@pytest.fixture
def reader(reading: Served) -> Iterator[httpx.Client]:
    """Asks the desk that nobody changes."""
    with reading.client() as client:
        yield client


@pytest.fixture
def client(desk: Served) -> Iterator[httpx.Client]:
    """Asks the test's own desk as an administrator."""
    with desk.client() as client:
        yield client
