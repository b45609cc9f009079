"""`auspex ui` before it serves, and the demo's world that it makes."""

from __future__ import annotations

import socket
from datetime import date
from pathlib import Path

import pytest

from app.commands import ui
from app.demo_world import is_synthetic, prepare
from db.errors import BadInput


def test_port_that_is_taken_is_refused_in_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BadInput, match=f"{port}.*--port"):
            ui.run("127.0.0.1", port, headless=True, worker=False)


def test_world_that_could_not_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    def break_off(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "demo", break_off, days=(date(2024, 12, 2),), n=4)
    assert not list(tmp_path.iterdir())


def test_store_without_the_demos_mark_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    assert not is_synthetic(tmp_path / "store")
