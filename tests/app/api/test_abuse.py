"""Abuse: no key, wrong scope, revoked, guessed, floods, large bodies, bad cursors, replays, broken JSON, no leaks."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api.service import Options
from db.ledger.answered import Answered
from db.ledger.api_keys import ApiKeys, Scope
from db.ledger.ledger import Ledger
from tests.app.api.serving import Served, served

ASKED = {"kind": "binary", "text": "Will it rain?", "resolve_by": "2099-01-01T00:00:00Z"}


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that a response is, which says nothing of the server's inside."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "Traceback" not in response.text
    found: dict[str, Any] = response.json()
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert found["instance"] == response.request.url.path
    return found


@pytest.mark.parametrize("path", ["/v1/questions", "/v1/api-keys", "/v1", "/v1/there/is/nothing"])
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer auspex_wrong", "Basic YTpi", "Bearer \xff\xfe"])
def test_without_a_valid_key_nothing_is_said(reading: Served, path: str, header: str | None) -> None:
    reading.app.state.service.failures._buckets.clear()
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    with reading.client(None) as client:
        found = client.get(path, headers=headers)
    problem(found, 401)
    assert found.headers["www-authenticate"].startswith("Bearer")


def test_key_is_asked_for_before_the_body_is_looked_at(reading: Served) -> None:
    with reading.client(None) as client:
        problem(client.post("/v1/questions", content=b"{broken"), 401)


WRITES = [
    ("POST", "/v1/questions", Scope.FORECAST),
    ("POST", "/v1/questions/x/resolve", Scope.FORECAST),
    ("POST", "/v1/jobs", Scope.FORECAST),
    ("POST", "/v1/jobs/x/cancel", Scope.FORECAST),
    ("POST", "/v1/schedules", Scope.FORECAST),
    ("DELETE", "/v1/schedules/x", Scope.FORECAST),
    ("GET", "/v1/api-keys", Scope.ADMIN),
    ("POST", "/v1/api-keys", Scope.ADMIN),
    ("POST", "/v1/api-keys/x/revoke", Scope.ADMIN),
    ("GET", "/v1/webhooks", Scope.ADMIN),
    ("POST", "/v1/webhooks", Scope.ADMIN),
    ("DELETE", "/v1/webhooks/x", Scope.ADMIN),
]


@pytest.mark.parametrize(("method", "path", "needed"), WRITES)
def test_scope_that_is_too_small_is_refused(reading: Served, method: str, path: str, needed: Scope) -> None:
    for scope in Scope:
        if scope.rank >= needed.rank:
            continue
        with reading.client(scope) as client:
            found = client.request(method, path, json={} if method == "POST" else None)
        assert needed in problem(found, 403)["detail"]
        assert "insufficient_scope" in found.headers["www-authenticate"]


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "ingest", "sources": ["/etc/passwd"]},
        {"kind": "benchmark", "name": "relations", "arguments": {"data": "/etc/passwd"}},
        {"kind": "desk", "sources": ["http://169.254.169.254/"]},
    ],
)
def test_jobs_that_read_files_and_addresses_take_an_administrator(desk: Served, spec: dict[str, Any]) -> None:
    with desk.client(Scope.FORECAST) as client:
        problem(client.post("/v1/jobs", json=spec), 403)
        schedule = {"name": "s", "cron": "0 6 * * *", "spec": spec}
        problem(client.post("/v1/schedules", json=schedule), 403)
    with desk.client(Scope.ADMIN) as client:
        assert client.get("/v1/jobs").json()["data"] == []


def test_revoked_and_expired_keys_open_nothing(desk: Served) -> None:
    with desk.client() as admin:
        made = admin.post("/v1/api-keys", json={"name": "x", "scopes": ["read"]}).json()
        headers = {"Authorization": f"Bearer {made['key']}"}
        assert httpx.get(f"{desk.url}/v1/questions", headers=headers).status_code == 200
        assert admin.post(f"/v1/api-keys/{made['id']}/revoke").json()["revoked_at"]
        problem(httpx.get(f"{desk.url}/v1/questions", headers=headers), 401)
    now = datetime.now(UTC)
    with ApiKeys(desk.settings.database_url) as keys:
        past = now - timedelta(days=2)
        _, text = keys.create("old", [Scope.ADMIN], now=past, expires_at=past + timedelta(days=1))
    problem(httpx.get(f"{desk.url}/v1/questions", headers={"Authorization": f"Bearer {text}"}), 401)


def test_guessing_is_slowed_down_and_holders_of_keys_are_not(desk: Served) -> None:
    with desk.client(None) as stranger, desk.client(Scope.READ) as holder:
        answers = [
            stranger.get("/v1/questions", headers={"Authorization": f"Bearer auspex_{n}"}).status_code
            for n in range(30)
        ]
        assert answers[:10] == [401] * 10
        assert answers.count(429) >= 19
        found = stranger.get("/v1/questions")
        problem(found, 429)
        assert int(found.headers["retry-after"]) >= 1
        assert holder.get("/v1/questions").status_code == 200


def test_flood_of_one_key_is_answered_429_and_others_are_served(tmp_path: Path) -> None:
    with (
        served(str(tmp_path / "ledger.db"), tmp_path, Options(per_minute=60)) as desk,
        desk.client(Scope.READ) as flooding,
        desk.client(Scope.ADMIN) as other,
    ):
        found = [flooding.get("/v1/questions") for _ in range(20)]
        assert found[0].status_code == 200
        problem(found[-1], 429)
        assert 1 <= int(found[-1].headers["retry-after"]) <= 2
        assert other.get("/v1/questions").status_code == 200


def test_keys_are_kept_as_their_hash(desk: Served) -> None:
    with desk.client() as client:
        made = client.post("/v1/api-keys", json={"name": "x", "scopes": ["read"]}, headers={"Idempotency-Key": "k"})
        text = made.json()["key"]
        assert len(text) >= 40
        listed = client.get("/v1/api-keys").text
    assert text not in listed
    assert made.json()["prefix"] in listed
    database = Path(desk.settings.database_url)
    for file in database.parent.glob("ledger.db*"):
        assert text.encode() not in file.read_bytes()


def test_large_body_is_refused_by_its_length_before_it_is_read(desk: Served) -> None:
    host, port = desk.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/questions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + f"Authorization: Bearer {desk.keys[Scope.ADMIN]}\r\nContent-Length: 52428800\r\n\r\n".encode()
        )
        answer = connection.recv(4096)  # not a byte of the body was sent
    assert answer.startswith(b"HTTP/1.1 413")


def test_large_body_in_chunks_is_refused_as_it_comes(client: httpx.Client) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(800):
            sent += 1 << 16
            yield b"x" * (1 << 16)

    try:
        found = client.post("/v1/questions", content=chunks(), headers={"Content-Type": "application/json"})
    except httpx.WriteError:  # the server has answered and closed meanwhile
        assert sent < 50 << 20
        return
    problem(found, 413)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "____", "%00", "é", "A" * 1999, "AAAAAAAAAAAA"])
@pytest.mark.parametrize("name", ["questions", "forecasts", "resolutions", "runs", "jobs"])
def test_bad_cursor_is_refused(reader: httpx.Client, name: str, cursor: str) -> None:
    problem(reader.get(f"/v1/{name}?cursor={cursor}"), 400)


def test_cursor_of_another_list_or_filter_is_refused(reader: httpx.Client) -> None:
    cursor = reader.get("/v1/questions", params={"limit": 1}).json()["next_cursor"]
    problem(reader.get("/v1/forecasts", params={"cursor": cursor}), 400)
    problem(reader.get("/v1/questions", params={"cursor": cursor, "state": "open"}), 400)


@pytest.mark.parametrize(
    "path", ["/v1/questions?limit=0", "/v1/questions?limit=x", "/v1/questions?state=x", "/v1/questions?nonsense=1"]
)
def test_query_that_breaks_the_schema_is_refused(reader: httpx.Client, path: str) -> None:
    assert problem(reader.get(path), 422)["errors"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"NaN",
        b'{"kind": "binary"}',
        b'{"kind": "other", "text": "x"}',
        json.dumps(ASKED | {"text": 5}).encode(),
        json.dumps(ASKED | {"resolve_by": 4070908800}).encode(),
        json.dumps(ASKED | {"resolve_by": "2099-01-01T00:00:00"}).encode(),
        json.dumps(ASKED | {"resolve_by": "tomorrow"}).encode(),
        json.dumps(ASKED | {"answer": "yes"}).encode(),
        b'{"kind": "binary", "text": "\\ud800", "resolve_by": "2099-01-01T00:00:00Z"}',
        b'{"kind": "binary", "text": "\xff", "resolve_by": "2099-01-01T00:00:00Z"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
    ids=range(16),
)
def test_body_that_is_no_question_is_refused_and_nothing_recorded(reader: httpx.Client, body: bytes) -> None:
    found = reader.post("/v1/questions", content=body, headers={"Content-Type": "application/json"})
    problem(found, 422)
    assert len(reader.get("/v1/questions").json()["data"]) == 8


def test_body_that_is_no_json_is_refused(client: httpx.Client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        problem(client.post("/v1/questions", content=b"a=b", headers={"Content-Type": kind}), 415)


def test_question_that_cannot_be_is_refused_in_a_sentence(client: httpx.Client) -> None:
    asked = ASKED | {"open_at": "2099-06-01T00:00:00Z"}
    assert "before open_at" in problem(client.post("/v1/questions", json=asked), 400)["detail"]
    early = ASKED | {"resolve_by": "0001-01-01T00:00:00+23:00"}
    assert "outside the years" in problem(client.post("/v1/questions", json=early), 400)["detail"]
    pair = {"subject": "USA", "object": "USA", "first_day": "2026-01-02", "last_day": "2026-01-05"}
    same = problem(client.post("/v1/questions", json=ASKED | {"criterion": pair}), 400)["detail"]
    assert "the same country" in same
    problem(client.post("/v1/questions", json={"questions": [ASKED | {"criterion": pair}]}), 400)
    several = {"questions": [ASKED, asked]}
    assert problem(client.post("/v1/questions", json=several), 400)["detail"].startswith("question 2 ")
    assert client.get("/v1/questions").json()["data"] == []


def test_text_that_no_database_holds_is_refused(client: httpx.Client) -> None:
    for asked in (ASKED | {"text": "nul\x00"}, {"questions": [ASKED | {"tags": ["\x00"]}]}):
        assert "NUL" in problem(client.post("/v1/questions", json=asked), 400)["detail"]
    assert client.post("/v1/questions", json=ASKED | {"text": "a \\u0000 in words"}).status_code == 201


def test_unknown_paths_methods_and_ids_are_problems(client: httpx.Client) -> None:
    problem(client.get("/v1/nothing"), 404)
    problem(client.get("/docs"), 404)
    problem(client.get("/v1/questions/ffff"), 404)
    problem(client.get("/v1/jobs/job-x"), 404)
    problem(client.delete("/v1/webhooks/x"), 404)
    found = client.put("/v1/questions", json={})
    problem(found, 405)
    assert found.headers["allow"] == "GET, POST"
    problem(client.get("/v1/questions/%00"), 400)
    problem(client.get("/v1/questions?text=%00"), 400)
    problem(client.get("/v1/questions/%25"), 404)
    problem(client.get("/v1/questions/_"), 404)


def test_same_key_and_body_is_done_once(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "once"}
    first = client.post("/v1/questions", json=ASKED, headers=headers)
    again = client.post("/v1/questions", json=ASKED, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert len(client.get("/v1/questions").json()["data"]) == 1  # without the key `open_at` would differ


def test_same_key_with_another_request_is_refused(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "once"}
    assert client.post("/v1/questions", json=ASKED, headers=headers).status_code == 201
    problem(client.post("/v1/questions", json=ASKED | {"text": "Snow?"}, headers=headers), 409)
    problem(client.post("/v1/jobs", json={"kind": "resolve"}, headers=headers), 409)
    for bad in ("", "x" * 256, "\x7f"):
        problem(client.post("/v1/questions", json=ASKED, headers={"Idempotency-Key": bad}), 400)


def test_answers_are_kept_apart_for_each_api_key(desk: Served) -> None:
    headers = {"Idempotency-Key": "once"}
    with desk.client(Scope.ADMIN) as one, desk.client(Scope.FORECAST) as other:
        first = one.post("/v1/jobs", json={"kind": "resolve"}, headers=headers)
        second = other.post("/v1/jobs", json={"kind": "resolve", "title": "mine"}, headers=headers)
        assert (first.status_code, second.status_code) == (202, 202)
        assert first.json()["job_id"] != second.json()["job_id"]
        assert "idempotency-replayed" not in second.headers


def test_what_was_refused_may_be_tried_again_under_the_same_key(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "once"}
    problem(client.post("/v1/questions", json={"kind": "binary"}, headers=headers), 422)
    assert client.post("/v1/questions", json=ASKED, headers=headers).status_code == 201


def test_duplicates_at_once_are_done_once(desk: Served) -> None:
    found: list[httpx.Response] = []

    def ask() -> None:
        with desk.client() as client:
            found.append(client.post("/v1/questions", json=ASKED, headers={"Idempotency-Key": "once"}))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [response.status_code for response in found] == [201] * 12
    assert len({response.content for response in found}) == 1
    with Ledger(desk.settings.database_url) as ledger:
        assert len(ledger.questions()) == 1


def test_secret_is_not_repeated(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "once"}
    first = client.post("/v1/api-keys", json={"name": "x", "scopes": ["read"]}, headers=headers).json()
    again = client.post("/v1/api-keys", json={"name": "x", "scopes": ["read"]}, headers=headers).json()
    assert first["key"]
    assert again == first | {"key": None}


def test_without_keys_only_programs_of_this_machine_are_served(tmp_path: Path) -> None:
    with served(str(tmp_path / "ledger.db"), tmp_path, Options(open=True)) as desk, desk.client(None) as client:
        assert client.get("/v1/questions").status_code == 200
        assert client.get("/v1/api-keys").status_code == 200
        problem(client.get("/v1/questions", headers={"Host": "evil.example"}), 403)
        problem(client.post("/v1/questions", json=ASKED, headers={"Origin": "https://evil.example"}), 403)


def test_fault_inside_says_nothing_of_it(tmp_path: Path) -> None:
    """The database is taken away while the server runs."""
    with served(str(tmp_path / "ledger.db"), tmp_path) as desk, desk.client() as client:
        from sqlalchemy import create_engine, text

        engine = create_engine(f"sqlite:///{desk.settings.database_url}")
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE question_index"))
        engine.dispose()
        found = client.get("/v1/questions")
        assert found.status_code in (500, 503)
        assert "question_index" not in problem(found, found.status_code)["detail"]
        assert client.get("/healthz").status_code == 200


def test_what_was_done_is_answered_also_where_the_answer_cannot_be_kept(desk: Served) -> None:
    with desk.client() as client:
        with sqlite3.connect(desk.settings.database_url) as database:
            database.execute(
                "CREATE TRIGGER broken BEFORE UPDATE ON answered BEGIN INSERT INTO nowhere VALUES (1); END"
            )
        database.close()
        assert client.post("/v1/questions", json=ASKED, headers={"Idempotency-Key": "once"}).status_code == 201
        assert len(client.get("/v1/questions").json()["data"]) == 1
    with Answered(desk.settings.database_url) as answered, ApiKeys(desk.settings.database_url) as keys:
        [admin] = [key for key in keys.list() if key.may(Scope.ADMIN)]
        claim = answered.claim(admin.id, "once", "another request", now=datetime.now(UTC))
    assert not claim.mine  # given up, the key would let the same be done again
