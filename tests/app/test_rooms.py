"""The rooms lie where they should, and every registry entry resolves."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from agents.members.registry import MEMBERS
from ensembles.registry import POOLING

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("room", ["app", "agents", "tools", "db", "ensembles"])
def test_each_room_is_this_repositorys(room: str) -> None:
    found = import_module(room).__file__
    assert found is not None and Path(found).is_relative_to(ROOT)


@pytest.mark.parametrize("address", sorted({*MEMBERS.values(), *POOLING.values()}))
def test_registry_entries_resolve_and_are_documented(address: str) -> None:
    module, _, attribute = address.partition(":")
    entry = getattr(import_module(module), attribute)
    assert callable(entry) and entry.__doc__
