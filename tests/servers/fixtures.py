"""The language model server and its client as fixtures, for modules that import them.

A module imports the fixtures that it uses together with those that they are built from: `llm_server` with
`shared_llm_server`, `client` with `shared_client` and both.
"""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from app.dev.llm_server import LlmServer, running
from tests.servers.prompts import connected


@pytest.fixture(scope="session")
def shared_llm_server() -> Iterator[LlmServer]:
    """One server for all tests of a process; its memory is whatever came before, so use `llm_server`."""
    with running() as server:
        yield server


@pytest.fixture
def llm_server(shared_llm_server: LlmServer) -> LlmServer:
    """The server without latency, remembering nothing of earlier tests."""
    shared_llm_server.forget()
    return shared_llm_server


@pytest.fixture(scope="session")
def shared_client(shared_llm_server: LlmServer) -> Iterator[openai.OpenAI]:
    """OpenAI's own client, connected to the server; it tries once."""
    with connected(shared_llm_server.url) as connection:
        yield connection


@pytest.fixture
def client(llm_server: LlmServer, shared_client: openai.OpenAI) -> openai.OpenAI:
    """The client, with a server that remembers nothing of earlier tests."""
    return shared_client
