"""`auspex serve` and `auspex api-keys` as processes: safe by default, keys shown once, stopped by a signal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

AUSPEX = (sys.executable, "-m", "app.cli")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"AUSPEX_DATABASE_URL": str(tmp_path / "ledger.db"), "AUSPEX_STORE": str(tmp_path / "store")}


def auspex(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*AUSPEX, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


@contextmanager
def serving(environment: dict[str, str], *arguments: str) -> Iterator[tuple[str, str]]:
    """A server as a process; yields its address and what it said before."""
    command = [*AUSPEX, "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if found := re.search(r"http://\S+", line):
                url = found.group()
                break
        else:
            raise AssertionError(said)
        try:
            for _ in range(100):
                try:
                    httpx.get(f"{url}/healthz", timeout=10)
                    break
                except httpx.ConnectError:
                    continue
            yield url, said
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)


def test_key_is_made_listed_used_and_revoked(environment: dict[str, str]) -> None:
    made = json.loads(auspex(environment, "api-keys", "create", "me", "--scope", "read", "--json").stdout)
    assert made["scopes"] == ["read"]
    listed = auspex(environment, "api-keys", "list", "--json").stdout
    assert made["key"] not in listed
    assert json.loads(listed)["keys"][0]["prefix"] == made["prefix"]
    with serving(environment) as (url, said):
        assert "Nobody has a key" not in said
        headers = {"Authorization": f"Bearer {made['key']}"}
        assert httpx.get(f"{url}/v1/questions", headers=headers).status_code == 200
        assert "server" not in httpx.get(f"{url}/healthz").headers
        revoked = auspex(environment, "api-keys", "revoke", made["id"], "--json")
        assert json.loads(revoked.stdout)["revoked_at"]
        assert httpx.get(f"{url}/v1/questions", headers=headers).status_code == 401
    used = json.loads(auspex(environment, "api-keys", "list", "--json").stdout)["keys"][0]["last_used_at"]
    assert used is not None


def test_without_a_key_it_says_how_to_make_one_and_lets_nobody_in(environment: dict[str, str]) -> None:
    with serving(environment) as (url, said):
        assert "auspex api-keys create" in said
        assert httpx.get(f"{url}/v1/questions").status_code == 401


def test_no_auth_serves_this_machine(environment: dict[str, str]) -> None:
    with serving(environment, "--no-auth") as (url, _):
        assert httpx.get(f"{url}/v1/questions").json()["data"] == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - refused
def test_others_are_not_let_in_without_a_key(environment: dict[str, str], host: str) -> None:
    for arguments in ((), ("--no-auth",)):
        done = auspex(environment, "serve", "--host", host, *arguments)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create", "me", "--scope", "all"), "--scope 'all' is none"),
        (("create", " "), "the key has no name"),
        (("create", "me", "--expires", "2020-01-01"), "which has passed"),
        (("revoke", "nothing"), "there is no key 'nothing'"),
    ],
)
def test_wrong_use_is_one_sentence(environment: dict[str, str], arguments: tuple[str, ...], sentence: str) -> None:
    done = auspex(environment, "api-keys", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
