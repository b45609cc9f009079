"""What a sandbox must not touch, and how to see that it did."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.tools.worlds import CANARY

SECRETS = {"environment": "canary-in-the-environment", "file": "canary-in-a-file", "future": CANARY}
VARIABLE = "AUSPEX_TEST_CANARY"


def need_bwrap() -> None:
    """Skip a test without bubblewrap, unless it is required."""
    if shutil.which("bwrap") is None:
        message = "no bwrap: install bubblewrap to test the jail"
        if os.environ.get("AUSPEX_REQUIRE_BWRAP") == "1":
            pytest.fail(message)
        pytest.skip(message)


@dataclass
class Stakes:
    """A secret in the environment, one in a file, a server that nobody may call, and a process that must live on."""

    folder: Path
    server: socket.socket
    victim: subprocess.Popen[bytes]
    connections: list[object] = field(default_factory=list)

    @property
    def secret_file(self) -> Path:
        """The file with a secret in it."""
        return self.folder / "secret.py"

    def aimed(self, code: str) -> str:
        """An attempt with its targets filled in."""
        targets = {
            "@FILE@": self.secret_file,
            "@FOLDER@": self.folder,
            "@ENV@": VARIABLE,
            "@PORT@": self.server.getsockname()[1],
            "@PID@": self.victim.pid,
        }
        for mark, target in targets.items():
            code = code.replace(mark, str(target))
        return code

    def harm(self, said: str) -> set[str]:
        """What an attempt that said this did that it must not be able to do."""
        harm = {name for name, secret in SECRETS.items() if secret in said.lower()}
        if self.connections:
            harm.add("connection")
        if [path.name for path in self.folder.iterdir()] != ["secret.py"] or not self._intact():
            harm.add("files")
        if self.victim.poll() is not None:
            harm.add("process")
        if "root:" in said:
            harm.add("users")
        return harm

    def _intact(self) -> bool:
        return self.secret_file.exists() and self.secret_file.read_text() == f'print("{SECRETS["file"]}")\n'


@contextmanager
def stakes(folder: Path) -> Iterator[Stakes]:
    """Everything at stake, set up in an empty folder."""
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as server:
        patch.setenv(VARIABLE, SECRETS["environment"])
        victim = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
        found = Stakes(folder, server, victim)
        found.secret_file.write_text(f'print("{SECRETS["file"]}")\n')
        listening = threading.Thread(target=_listen, args=(server, found.connections))
        listening.start()
        try:
            yield found
        finally:
            victim.kill()
            victim.communicate()
            server.shutdown(socket.SHUT_RDWR)
            listening.join()


def _listen(server: socket.socket, connections: list[object]) -> None:
    with suppress(OSError):  # ends when the server is shut down
        while True:
            connection, address = server.accept()
            connections.append(address)
            connection.close()
