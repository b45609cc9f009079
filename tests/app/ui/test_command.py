"""`auspex ui` before it serves, and the demo's world that it makes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.commands import ui
from app.demo_world import is_synthetic, prepare
from db.errors import BadInput

ROOT = Path(__file__).parents[3]
ANYWHERE = "0.0.0.0"  # noqa: S104


def test_port_that_is_taken_is_refused_in_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BadInput, match=f"{port}.*--port"):
            ui.run("127.0.0.1", port, headless=True, worker=False)


@pytest.mark.parametrize("host", [ANYWHERE, "::", "192.0.2.7", "desk.example.org"])
def test_address_that_others_can_reach_is_refused_while_nobody_signs_in(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(BadInput, match=f"{host} .*--open"):
        ui.run(host, 8501, headless=True, worker=False)


def test_address_that_others_can_reach_is_had_with_sign_in_or_by_saying_so(tmp_path: Path) -> None:
    """Each in a process of its own, as Streamlit reads its secrets once; what is refused then is the port."""
    with socket.socket() as other:
        other.bind((ANYWHERE, 0))
        other.listen()
        command = [sys.executable, "-m", "app.cli", "ui", "--host", ANYWHERE, "--port", str(other.getsockname()[1])]
        where: dict[str, Any] = {"cwd": tmp_path, "capture_output": True, "text": True, "check": False}
        where["env"] = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        assert "choose another --port" in subprocess.run([*command, "--open"], **where).stderr
        assert "--open" in subprocess.run(command, **where).stderr
        (tmp_path / ".streamlit").mkdir()
        (tmp_path / ".streamlit" / "secrets.toml").write_text('[auth]\nclient_id = "x"\n')
        assert "choose another --port" in subprocess.run(command, **where).stderr


def test_world_that_could_not_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    def break_off(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "demo", break_off, days=(date(2024, 12, 2),), n=4)
    assert not list(tmp_path.iterdir())


def test_store_without_the_demos_mark_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    assert not is_synthetic(tmp_path / "store")
