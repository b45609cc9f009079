"""Attempts to get out of the sandbox, or to take more than it gives: none may touch what is at stake."""

from __future__ import annotations

import contextlib
import io
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.events.store import EventStore
from tests.tools.given import descendants
from tests.tools.stakes import SECRETS, Stakes, need_bwrap, stakes
from tests.tools.worlds import AS_OF, CANARY, with_future
from tools.registry import toolbox
from tools.sandbox import Kind, Limits, SandboxResult, open_sandbox

LIMITS = Limits(seconds=0.2, memory_mb=128, tool_calls=10)
ATTEMPTS = {
    f"{file.stem}: {name.strip()}": code.strip()
    for file in sorted(Path(__file__).with_name("escapes").glob("*.txt"))
    for name, _, code in (part.partition("\n") for part in file.read_text().split("### ")[1:])
}
MOST_SECONDS = 20.0
MOST_HOST_MB = 100


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    return with_future(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def at_stake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stakes]:
    with stakes(tmp_path_factory.mktemp("stakes")) as found:
        yield found


@pytest.mark.parametrize("kind", ["monty", pytest.param("bubblewrap", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name.startswith("excess") else name for name in ATTEMPTS]
)
def test_attempt_touches_nothing_and_the_sandbox_goes_on(
    name: str, kind: Kind, store: EventStore, at_stake: Stakes
) -> None:
    if kind == "bubblewrap":
        need_bwrap()
    tools = toolbox(store.as_of(AS_OF))
    memory, started = _host_mb(), time.monotonic()
    with open_sandbox(tools, as_of=AS_OF, kind=kind, limits=LIMITS) as sandbox:
        result = sandbox.run(at_stake.aimed(ATTEMPTS[name]))
        again = sandbox.run("6 * 7")
    said = "\n".join([result.text, *(f"{call.arguments} {call.observation}" for call in result.calls)])
    assert at_stake.harm(said) == set()
    assert again.value == "42", "the next block runs"
    assert time.monotonic() - started < MOST_SECONDS
    assert _host_mb() - memory < MOST_HOST_MB
    assert len(result.text) < 2 * (LIMITS.output_chars + LIMITS.value_chars)
    assert len(result.calls) <= LIMITS.tool_calls
    assert all(added < AS_OF for added in dates_of(result))


def dates_of(result: SandboxResult) -> list[datetime]:
    """When what its tool calls showed became known, where they showed something stored."""
    found = [call.observation.latest_added_at for call in result.calls]
    return [added for added in found if added is not None]


def test_attempts_that_are_shown_something_stored_are_shown_the_past(store: EventStore) -> None:
    tools = toolbox(store.as_of(AS_OF))
    with open_sandbox(tools, as_of=AS_OF) as sandbox:
        dates = dates_of(sandbox.run(ATTEMPTS["tools: widen by dates"]))
    assert dates
    assert max(dates) < AS_OF


def test_there_are_sixty_attempts_on_monty() -> None:
    assert len({code for name, code in ATTEMPTS.items() if not name.startswith("excess")}) >= 60


def test_answers_changed_inside_are_intact_outside(store: EventStore) -> None:
    tools = toolbox(store.as_of(AS_OF))
    with open_sandbox(tools, as_of=AS_OF) as sandbox:
        result = sandbox.run(ATTEMPTS["tools: change an answer"])
        again = sandbox.run("print(len(get_events()), len(get_relation_distribution()))")
    assert result.error is None
    events, distribution = (call.observation.data for call in result.calls)
    assert events == tools["get_events"]().data
    assert distribution == tools["get_relation_distribution"]().data
    assert again.stdout.split() == [str(len(events)), str(len(distribution))] != ["0", "0"]


def test_canary_is_there_once_its_time_has_come(store: EventStore) -> None:
    """The control: the same code under a later as_of does say it."""
    later = datetime(2025, 6, 1, tzinfo=UTC)
    with open_sandbox(toolbox(store.as_of(later)), as_of=later) as sandbox:
        assert CANARY in sandbox.run(ATTEMPTS["tools: widen by dates"]).text


@pytest.mark.parametrize(
    ("code", "harm"),
    [
        ("import os\nprint(os.environ['@ENV@'])", {"environment"}),
        ("from pathlib import Path\nprint(Path('@FILE@').read_text())", {"file"}),
        ("import socket\nwith socket.create_connection(('127.0.0.1', @PORT@)) as s: s.recv(1)", {"connection"}),
        ("open('@FOLDER@/x', 'w').close()", {"files"}),
        ("import os\nos.remove('@FILE@')", {"files"}),
        ("import os\nos.kill(@PID@, 9)\nos.waitid(os.P_PID, @PID@, os.WEXITED | os.WNOWAIT)", {"process"}),
        ("from pathlib import Path\nprint(Path('/etc/passwd').read_text())", {"users"}),
    ],
)
def test_harm_is_seen_when_nothing_is_in_the_way(code: str, harm: set[str], tmp_path: Path) -> None:
    """The control: without a sandbox the same attempts do what they are written for."""
    with stakes(tmp_path) as unguarded, contextlib.redirect_stdout(io.StringIO()) as said:
        exec(unguarded.aimed(code), {})  # noqa: S102
        assert unguarded.harm(said.getvalue()) == harm


def test_the_process_around_monty_holds_no_secret(at_stake: Stakes) -> None:
    """Even what code could reach by breaking the interpreter is an empty environment."""
    with open_sandbox({}, as_of=AS_OF) as sandbox:
        assert sandbox.run("1").value == "1"
        children = descendants() - {at_stake.victim.pid}
        environments = [Path(f"/proc/{child}/environ").read_text() for child in children]
    assert len(environments) >= 2
    assert not any(SECRETS["environment"] in environment or "PATH" in environment for environment in environments)


def _host_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
