"""Jobs, schedules and keys over HTTP: submitted, watched, cancelled, never twice."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from db.ledger.api_keys import Scope
from tests.app.api.serving import Served

ASKED = {"kind": "binary", "text": "Will it rain?", "resolve_by": "2099-01-01T00:00:00Z"}
SCHEDULE = {"name": "daily", "cron": "0 6 * * *", "time_zone": "Europe/London", "spec": {"kind": "desk", "n": 5}}


@pytest.fixture
def question_id(client: httpx.Client) -> str:
    found: str = client.post("/v1/questions", json=ASKED).json()["questions"][0]["id"]
    return found


def spec(question_id: str) -> dict[str, object]:
    return {
        "kind": "forecast",
        "question_ids": [question_id],
        "members": ["climatology"],
        "as_of": "2026-01-01T00:00:00Z",
    }


def test_job_is_accepted_and_found_where_it_says(client: httpx.Client, question_id: str) -> None:
    accepted = client.post("/v1/jobs", json=spec(question_id))
    assert accepted.status_code == 202
    status = client.get(accepted.headers["location"])
    assert status.json() == accepted.json()
    assert (status.json()["state"], status.json()["total"]) == ("queued", 1)
    assert [job["job_id"] for job in client.get("/v1/jobs", params={"state": "queued"}).json()["data"]] == [
        status.json()["job_id"]
    ]
    assert client.get("/v1/jobs", params={"state": "done"}).json()["data"] == []


def test_job_is_cancelled_and_goes_on(client: httpx.Client, question_id: str) -> None:
    place = client.post("/v1/jobs", json=spec(question_id)).headers["location"]
    assert client.post(f"{place}/resume").status_code == 409
    assert client.post(f"{place}/cancel").json()["state"] == "cancelled"
    assert client.post(f"{place}/cancel").status_code == 409
    assert client.post(f"{place}/resume").json()["state"] == "queued"


def test_job_that_cannot_be_done_is_refused(client: httpx.Client, question_id: str) -> None:
    for wrong in ({"question_ids": ["none"]}, {"members": ["nobody"]}, {"rule": "guess"}):
        found = client.post("/v1/jobs", json=spec(question_id) | wrong)
        assert found.status_code == 400, found.text
    assert client.get("/v1/jobs").json()["data"] == []


def test_estimate_begins_nothing(client: httpx.Client, question_id: str) -> None:
    found = client.post("/v1/estimates", json=spec(question_id))
    assert found.status_code == 200
    assert found.json()["forecasts"] == 1
    assert client.get("/v1/jobs").json()["data"] == []


def test_first_jobs_at_once_are_all_accepted_and_the_same_one_once(desk: Served) -> None:
    found: list[str] = []

    def ask(key: str) -> None:
        with desk.client(Scope.FORECAST) as client:
            answer = client.post("/v1/jobs", json={"kind": "resolve"}, headers={"Idempotency-Key": key})
            found.append(answer.json().get("job_id", answer.text))

    threads = [threading.Thread(target=ask, args=(key,)) for key in "aabbccdd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 4
    with desk.client() as client:
        assert {job["job_id"] for job in client.get("/v1/jobs").json()["data"]} == set(found)


def test_schedule_is_made_paused_and_removed(client: httpx.Client) -> None:
    made = client.post("/v1/schedules", json=SCHEDULE)
    assert made.status_code == 201
    assert client.get(made.headers["location"]).json()["spec"]["n"] == 5
    assert client.post("/v1/schedules", json=SCHEDULE).status_code == 409
    assert client.post("/v1/schedules/daily/pause").json()["paused"] is True
    assert client.post("/v1/schedules/daily/resume").json()["paused"] is False
    assert client.get("/v1/schedules/daily/missed").json() == {"moments": []}
    window = {"first": "2026-01-01T00:00:00Z", "last": "2026-01-02T23:00:00Z"}
    assert len(client.post("/v1/schedules/daily/backfill", json=window).json()["job_ids"]) == 2
    assert [item["name"] for item in client.get("/v1/schedules").json()["data"]] == ["daily"]
    assert client.delete("/v1/schedules/daily").status_code == 204
    assert client.get("/v1/schedules/daily").status_code == 404
    for wrong in ({"cron": "every day"}, {"time_zone": "Nowhere"}):
        assert client.post("/v1/schedules", json=SCHEDULE | wrong).status_code == 400


def test_question_is_resolved_corrected_and_annulled(client: httpx.Client) -> None:
    past = ASKED | {"open_at": "2025-01-01T00:00:00Z", "resolve_by": "2025-02-01T00:00:00Z"}
    place = client.post("/v1/questions", json=past).headers["location"]
    assert client.post(f"{place}/resolve", json={"outcome": "maybe"}).status_code == 400
    assert client.post(f"{place}/resolve", json={"outcome": "yes"}).json()["new"] is True
    assert client.post(f"{place}/resolve", json={"outcome": "yes"}).json()["new"] is False
    refused = client.post(f"{place}/resolve", json={"outcome": "no"})
    assert refused.status_code == 400
    assert "correct" in refused.json()["detail"]
    corrected = client.post(f"{place}/resolve", json={"outcome": "no", "correct": True})
    assert corrected.json()["resolution"]["outcome"] is False
    annulled = client.post(f"{place}/annul", json={"reason": "no data", "correct": True})
    assert annulled.json()["resolution"]["outcome"] == "ANNULLED"
    assert client.get(place).json()["row"]["state"] == "annulled"
    ahead = client.post(f"{place}/resolve", json={"outcome": "yes", "known_at": "2098-01-01T00:00:00Z"})
    assert "known_at" in ahead.json()["detail"]


def test_every_kind_of_question_is_recorded_as_it_is(client: httpx.Client) -> None:
    common: dict[str, Any] = {"text": "?", "open_at": "2026-01-01T00:00:00Z", "resolve_by": "2026-02-01T00:00:00Z"}
    asked = [
        common | {"kind": "multiple_choice", "options": ["x", "y"]},
        common | {"kind": "numeric", "lower": 0, "upper": 5.5, "unit": "m"},
        common | {"kind": "relation", "day": "2026-01-05", "subject": "USA", "object": "CHN"},
        common
        | {
            "kind": "binary",
            "criterion": {"subject": "USA", "object": "CHN", "first_day": "2026-01-02", "last_day": "2026-01-05"},
        },
    ]
    made = client.post("/v1/questions", json={"questions": asked})
    assert made.status_code == 201, made.text
    assert made.json()["new"] == 4
    again = client.post("/v1/questions", json={"questions": asked}).json()
    assert again == made.json() | {"new": 0}
    assert [item["kind"] for item in client.get("/v1/questions").json()["data"]] == [
        item["kind"] for item in reversed(asked)
    ]


@pytest.mark.parametrize("kind", ["ingest", "desk"])
def test_what_administrators_have_done_is_not_driven_by_others(desk: Served, kind: str) -> None:
    asked = {"kind": kind, "sources": ["events.csv"]}
    window = {"first": "2026-01-01T00:00:00Z", "last": "2026-01-01T23:00:00Z"}
    with desk.client() as admin, desk.client(Scope.FORECAST) as other:
        place = admin.post("/v1/jobs", json=asked).headers["location"]
        assert admin.post("/v1/schedules", json=SCHEDULE | {"spec": asked}).status_code == 201
        for path, body in (
            (f"{place}/cancel", None),
            (f"{place}/resume", None),
            ("/v1/schedules/daily/pause", None),
            ("/v1/schedules/daily/resume", None),
            ("/v1/schedules/daily/backfill", window),
        ):
            assert other.post(path, json=body).status_code == 403, path
        assert other.delete("/v1/schedules/daily").status_code == 403
        assert admin.get(place).json()["state"] == "queued"
        assert [item["paused"] for item in admin.get("/v1/schedules").json()["data"]] == [False]
        assert admin.post(f"{place}/cancel").json()["state"] == "cancelled"
        assert admin.delete("/v1/schedules/daily").status_code == 204


def test_schedule_and_job_that_forecasters_may_make_are_theirs_to_drive(desk: Served) -> None:
    with desk.client(Scope.FORECAST) as client:
        place = client.post("/v1/jobs", json={"kind": "resolve"}).headers["location"]
        assert client.post(f"{place}/cancel").status_code == 202
        assert client.post("/v1/schedules", json=SCHEDULE).status_code == 201
        assert client.post("/v1/schedules/daily/pause").status_code == 200
        assert client.post("/v1/schedules/none/pause").status_code == 404
        assert client.delete("/v1/schedules/daily").status_code == 204
