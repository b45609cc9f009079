"""Fixtures of the tests of members: a server that answers, a small store, and members that ask."""

from __future__ import annotations

from tests.member_worlds import asking, small_world
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["asking", "llm_server", "shared_llm_server", "small_world"]
