"""What the service answers to those who read: pages, single things, tags, files."""

from __future__ import annotations

import csv
import io
import json

import httpx
import pyarrow.parquet as pq
import pytest

from tests.app.api.serving import FORMULA, SCRIPT, Served, binary, forecast

LISTS = ("questions", "forecasts", "aggregates", "failures", "resolutions", "scores", "runs", "jobs")


def test_health_needs_no_key(reading: Served) -> None:
    with reading.client(None) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ready"}
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")


@pytest.mark.parametrize("name", LISTS)
def test_pages_lead_through_a_whole_list_once(reader: httpx.Client, name: str) -> None:
    whole = reader.get(f"/v1/{name}", params={"limit": 500}).json()
    assert whole["next_cursor"] is None
    found, cursor = [], ""
    while True:
        page = reader.get(f"/v1/{name}", params={"limit": 2, "cursor": cursor}).json()
        found += page["data"]
        assert len(page["data"]) <= 2
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == whole["data"]


def test_questions_are_filtered(reader: httpx.Client) -> None:
    def ids(**asked: str) -> set[str]:
        found = reader.get("/v1/questions", params={"limit": 500, **asked})
        assert found.status_code == 200, found.text
        return {row["id"] for row in found.json()["data"]}

    assert len(ids()) == 8
    assert ids(state="resolved") == {binary(n).id for n in range(3)}
    assert ids(text="QUESTION 4") == {binary(4).id}
    assert ids(tag="t1") == {binary(1).id, binary(4).id}
    assert len(ids(kind="multiple_choice")) == 1
    assert ids(member="nobody") == set()
    assert ids(opened_from="2025-06-01T00:00:01Z") == set()


def test_question_is_read_whole_by_the_beginning_of_its_id(reader: httpx.Client) -> None:
    question = binary(1)
    found = reader.get(f"/v1/questions/{question.id[:10]}").json()
    assert found["question"] == question.model_dump(mode="json")
    assert [item["member"] for item in found["forecasts"]] == ["m", "climatology"]
    assert [item["outcome"] for item in found["resolutions"]] == [False]
    assert found["row"]["state"] == "resolved"


def test_scores_are_those_of_the_resolution(reader: httpx.Client) -> None:
    rows = reader.get("/v1/scores", params={"question_id": binary(0).id, "member": "m"}).json()["data"]
    [row] = rows
    assert row["metrics"]["brier"] == pytest.approx(0.49)
    assert row["track"] == "live"
    assert reader.get("/v1/scores", params={"of": "aggregates", "limit": 500}).json()["data"]
    assert reader.get("/v1/scores", params={"question_id": binary(5).id}).json()["data"] == []


def test_leaderboard_ranks_members(reader: httpx.Client) -> None:
    rows = reader.get("/v1/leaderboard").json()["members"]
    assert {row["member"] for row in rows} == {"m", "climatology", "aggregate (median)"}
    assert all(row["n_binary"] == 3 for row in rows)


@pytest.mark.parametrize("path", ["/v1/questions", f"/v1/questions/{binary(0).id}", "/v1/jobs", "/v1/models"])
def test_what_has_not_changed_is_not_sent_again(reader: httpx.Client, path: str) -> None:
    first = reader.get(path)
    again = reader.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert reader.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/questions/0123456789", 404), ("/v1/questions?cursor=none", 400), ("/v1/runs?cursor=none", 400)],
)
def test_what_there_is_none_of_has_not_stayed_as_it_was(reader: httpx.Client, path: str, status: int) -> None:
    tag = reader.get("/v1/questions").headers["etag"]
    for known in (tag, "*"):
        assert reader.get(path, headers={"If-None-Match": known}).status_code == status


def test_tag_changes_with_the_ledger(client: httpx.Client) -> None:
    first = client.get("/v1/questions")
    asked = {"kind": "binary", "text": "Rain?", "resolve_by": "2099-01-01T00:00:00Z"}
    assert client.post("/v1/questions", json=asked).status_code == 201
    again = client.get("/v1/questions", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert len(again.json()["data"]) == 1


def test_moments_are_rfc_3339_in_utc(reader: httpx.Client) -> None:
    row = reader.get("/v1/forecasts", params={"limit": 1}).json()["data"][0]
    assert row["created_at"] == "2025-06-01T00:00:00Z"
    shifted = reader.get("/v1/forecasts", params={"created_from": "2025-06-01T02:00:00+02:00"}).json()["data"]
    assert len(shifted) == 14


def test_exports_hold_every_forecast_in_each_format(reader: httpx.Client) -> None:
    def body(format: str) -> httpx.Response:
        found = reader.get(f"/v1/exports/forecasts.{format}")
        assert found.status_code == 200
        assert f'filename="forecasts.{format}"' in found.headers["content-disposition"]
        return found

    whole = body("json").json()["forecasts"]
    assert len(whole) == 14
    assert [json.loads(line) for line in body("jsonl").text.splitlines()] == whole
    rows = list(csv.DictReader(io.StringIO(body("csv").text)))
    assert [row["id"] for row in rows] == [item["id"] for item in whole]
    assert {row["rationale"] for row in rows} == {"'" + FORMULA}
    assert pq.read_table(io.BytesIO(body("parquet").content)).num_rows == 14


def test_exports_are_filtered_and_tagged(reader: httpx.Client) -> None:
    found = reader.get("/v1/exports/forecasts.jsonl", params={"member": "m"})
    assert len(found.text.splitlines()) == 7
    known = {"If-None-Match": found.headers["etag"]}
    again = reader.get("/v1/exports/forecasts.jsonl", params={"member": "m"}, headers=known)
    assert again.status_code == 304
    assert reader.get("/v1/exports/forecasts.jsonl", headers=known).status_code == 200  # that is another file
    for name in ("questions", "aggregates", "resolutions"):
        assert reader.get(f"/v1/exports/{name}.csv").status_code == 200
    assert reader.get("/v1/exports/forecasts.exe").status_code == 422


def test_script_in_a_text_comes_out_as_json_that_no_browser_runs(reader: httpx.Client) -> None:
    found = reader.get(f"/v1/questions/{binary(0).id}")
    assert SCRIPT in found.json()["question"]["text"]
    assert found.headers["content-type"] == "application/json"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert "access-control-allow-origin" not in found.headers


def test_forecast_keeps_its_id_over_the_wire(reader: httpx.Client) -> None:
    rows = reader.get("/v1/forecasts", params={"question_id": binary(0).id, "member": "m"}).json()["data"]
    assert rows == [forecast(binary(0).id).model_dump(mode="json")]
