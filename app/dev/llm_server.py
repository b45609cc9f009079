"""An OpenAI-compatible server on loopback that answers by rules instead of a model.

It reads what it is asked: the good model, `scripted`, calls tools, reads their observations and answers from them; the
others misbehave, each in the way that its name says (`app/dev/faults.py`, `app/dev/wayward.py`). It serves development
and tests without an account anywhere, and counts what it was asked.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from app.dev.replies import Reply, ToolCall
from app.dev.state import State
from db.errors import BadInput

if TYPE_CHECKING:
    import uvicorn

__all__ = ["LlmServer", "Reply", "ToolCall", "running", "running_apart", "serve"]

HOST = "127.0.0.1"
_BACKLOG = 2048


class LlmServer:
    """A running server: where it is, what it was asked, and what it is told to say."""

    def __init__(self, port: int, state: State) -> None:
        self.url = url_of(port)
        self._state = state

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The bodies of the chat requests so far, oldest first."""
        return list(self._state.requests)

    @property
    def counts(self) -> Counter[str]:
        """How many chat requests each model has had."""
        return Counter(self._state.by_model)

    @property
    def tools_offered(self) -> Counter[str]:
        """How many chat requests offered each tool."""
        return Counter(self._state.tools_offered)

    @property
    def most_in_flight(self) -> int:
        """The most requests that were ever open at once, those waiting for a slot included."""
        return self._state.most_in_flight

    @property
    def most_in_slots(self) -> int:
        """The most requests that were ever worked on at once."""
        return self._state.most_in_slots

    def script(self, model: str, replies: Sequence[Reply], *, repeat_last: bool = True) -> None:
        """Let `model`, of any name, give these replies in order; a request for n choices takes n of them.

        The last one repeats, or else the model's own behaviour follows (of a name of none: a 404).
        """
        self._state.script(model, replies, repeat_last=repeat_last)

    def forget(self) -> None:
        """Forget scripts, requests and counts."""
        self._state.forget()


def url_of(port: int) -> str:
    """The base URL that clients are given."""
    return f"http://{HOST}:{port}/v1"


@contextmanager
def running(*, latency_s: float = 0.0, slots: int | None = None, port: int = 0) -> Iterator[LlmServer]:
    """The server in a thread of this process, ready on entry and stopped on exit.

    Every reply takes `latency_s`; at most `slots` are worked on at once, further ones wait.
    """
    state = State()
    with listening(port) as listener:
        server = _server(state, latency_s, slots)
        thread = threading.Thread(target=_run, args=(server, listener), name="llm-server", daemon=True)
        thread.start()
        try:
            yield LlmServer(listener.getsockname()[1], state)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def running_apart(*, latency_s: float = 0.0, slots: int | None = None) -> Iterator[str]:
    """The server in a process of its own, for measurements: yields its URL; `/counts` beside `/v1` says what it saw."""
    with listening(0) as listener:
        settings = (str(listener.fileno()), str(latency_s), str(slots or 0))
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "app.dev", *settings], pass_fds=[listener.fileno()]
        )
        try:
            yield url_of(listener.getsockname()[1])
        finally:
            process.terminate()
            process.wait()


def serve(listener: socket.socket, *, state: State, latency_s: float = 0.0, slots: int | None = None) -> None:
    """Serve in this thread until SIGINT or SIGTERM, which are raised again afterwards."""
    _run(_server(state, latency_s, slots), listener)


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A listening socket on loopback (`port` 0: any free one); clients may connect before anything serves it.

    Raises BadInput where the port is taken.
    """
    # the protocol is named so that asyncio sets TCP_NODELAY, without which every reply waits 40 ms for an ACK
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise BadInput(f"port {port} cannot be had ({error.strerror}): choose another with --port") from error
        listener.listen(_BACKLOG)
        yield listener


def _server(state: State, latency_s: float, slots: int | None) -> uvicorn.Server:
    import uvicorn

    from app.dev.endpoints import application

    config = uvicorn.Config(
        application(state, latency_s=latency_s, slots=slots),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=0,
    )
    return uvicorn.Server(config)


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[listener]))
