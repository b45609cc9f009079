"""A desk per test, and one server of scripted models for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.dev.llm_server import LlmServer
from tests.app.jobs.desks import Desk, new_desk
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, llm_server: LlmServer) -> Desk:
    """A desk with six questions whose models are the scripted server's."""
    return new_desk(tmp_path, monkeypatch, llm_url=llm_server.url)
