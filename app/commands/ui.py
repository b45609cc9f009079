"""`auspex ui`: the desk in a browser and a worker for its jobs, as two processes that end together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType

from app.commands.addresses import is_loopback
from app.demo_world import LEDGER, STORE, prepare
from app.output import err
from app.settings import Settings, read_settings
from db.errors import BadInput

DEMO_DAYS = (date(2024, 11, 11), date(2024, 12, 9), date(2025, 1, 1))
"""As of when the demo's crowd forecasts; the last is the end of its world, whose questions stay open."""
DEMO_QUESTIONS = 60
_LOOK_EVERY_S = 0.2
_PATIENCE_S = 15.0
"""How long a process may take to end in order before it is killed."""


def run(host: str, port: int, *, headless: bool, worker: bool, to_anyone: bool = False) -> None:
    """Serve until Ctrl-C or until the desk ends.

    Raises BadInput for a port that cannot be had, and for an address that others can reach while nobody has to sign in,
    unless it is meant to be open `to_anyone`.
    """
    if not to_anyone:
        _check_closed(host)
    _check_free(host, port)
    environment = dict(os.environ) | _demo(read_settings())
    desk = [sys.executable, "-m", "app.ui.launch"]
    desk += ["--server.address", host, "--server.port", str(port), "--server.headless", str(headless).lower()]
    commands = {"desk": desk}
    if worker:
        commands["worker"] = [sys.executable, "-m", "app.cli", "worker"]
    shown = f"[{host}]" if ":" in host else host
    err.print(f"The desk is at http://{shown}:{port}. Ctrl-C ends it.", highlight=False)
    with _until_told(), _processes(commands, environment) as started:
        _watch(started)


def _demo(settings: Settings) -> dict[str, str]:
    """Where the demo's world is kept, made if need be, for a reader who has neither a store nor a ledger; else nothing.

    Whoever names a store or a ledger in the environment means those, also while they are empty.
    """
    if settings.model_fields_set & {"store", "database_url"}:
        return {}
    if settings.store.exists() or Path(settings.database_url).exists():
        return {}
    folder = settings.store.parent / "demo"
    if not folder.exists():
        err.print(
            "Nothing is kept here yet: a synthetic world is made to look at. This happens once, and takes a minute."
        )
    prepare(folder, err.print, days=DEMO_DAYS, n=DEMO_QUESTIONS)
    return {"AUSPEX_STORE": str(folder / STORE), "AUSPEX_DATABASE_URL": str(folder / LEDGER)}


def _check_closed(host: str) -> None:
    if is_loopback(host):
        return
    from app.ui import sign_in

    if not sign_in.is_demanded():
        raise BadInput(
            f"{host} can be reached by others, and nobody has to sign in: write [auth] into .streamlit/secrets.toml "
            "(docs/desk.md), serve on 127.0.0.1, or let anyone in with --open"
        )


def _check_free(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise BadInput(f"the desk cannot listen on {host}:{port} ({error.strerror}): choose another --port") from error


@contextmanager
def _until_told() -> Iterator[None]:
    """A signal to end leaves the block in order, as Ctrl-C does, so that both processes are ended with this one."""

    def leave(signal_number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except KeyboardInterrupt:
        err.print("Ending ...")
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _processes(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The processes, each in a group of its own so that Ctrl-C reaches only this one; ended when the block is left."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            started[name] = subprocess.Popen(command, env=dict(environment), start_new_session=True)  # noqa: S603
        yield started
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _watch(started: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait until the desk ends; a worker that ends before is said once. Exits as the desk did."""
    told = False
    while (code := started["desk"].poll()) is None:
        ended = started["worker"].poll() if "worker" in started else None
        if ended is not None and not told:
            err.print(f"The worker has ended (exit code {ended}): jobs wait until `auspex worker` runs.")
            told = True
        time.sleep(_LOOK_EVERY_S)
    sys.exit(code)
