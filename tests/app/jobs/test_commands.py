"""The commands of jobs: what they print as JSON, and how they end."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.dev.llm_server import LlmServer, Reply
from db.errors import AuspexError
from tests.app.jobs.desks import Desk


def auspex(*arguments: str) -> Result:
    """The command, run in this process; errors of Auspex's own are raised."""
    found = CliRunner().invoke(app, list(arguments))
    if isinstance(found.exception, AuspexError):
        raise found.exception
    return found


def test_batch_is_run_shown_and_resumed(desk: Desk, llm_server: LlmServer) -> None:
    llm_server.script("told", [Reply(status=400, text="no"), Reply(text='{"rationale": "x", "probability": 0.3}')])
    run = ("batch", "run", "--as-of", "2025-05-21", "--members", "direct:told", "--json")
    planned = json.loads(auspex(*run, "--dry-run").stdout)
    assert (planned["forecasts"], planned["calls"], planned["cost_usd"]) == (6, 6, None)
    assert not llm_server.counts

    done = auspex(*run)
    found = json.loads(done.stdout)
    assert done.exit_code == 1  # something failed, and is listed
    assert (found["state"], found["done"], found["failed"], found["total"]) == ("done", 6, 1, 6)
    [group] = found["failures_by_signature"]
    assert group["n"] == 1 and group["member"] == "direct:told"

    again = auspex("batch", "resume", found["job_id"], "--json")
    assert again.exit_code == 0 and json.loads(again.stdout)["failed"] == 0
    assert json.loads(auspex("batch", "status", found["job_id"], "--json").stdout)["done"] == 6
    assert [job["job_id"] for job in json.loads(auspex("batch", "list", "--json").stdout)["jobs"]] == [found["job_id"]]
    assert "6 of 6 done" in auspex("batch", "status", found["job_id"]).stdout.replace("\n", " ")


def test_detached_batch_is_queued_and_cancelled(desk: Desk, llm_server: LlmServer) -> None:
    run = ("batch", "run", "--as-of", "2025-05-21", "--members", "direct:scripted", "--detach", "--json")
    found = json.loads(auspex(*run).stdout)
    assert found["state"] == "queued" and not llm_server.counts
    assert json.loads(auspex("batch", "cancel", found["job_id"], "--json").stdout)["state"] == "cancelled"


def test_schedules_are_added_listed_and_removed(desk: Desk) -> None:
    added = json.loads(auspex("schedule", "add", "--default", "--n", "7", "--json").stdout)
    assert (added["name"], added["spec"]["kind"], added["spec"]["n"]) == ("daily-desk", "desk", 7)
    [kept] = json.loads(auspex("schedule", "list", "--json").stdout)["schedules"]
    assert kept["missed"] == [] and not kept["paused"]
    assert "missed nothing" in auspex("schedule", "backfill", "daily-desk").stdout
    filled = auspex("schedule", "backfill", "daily-desk", "--from", "2025-05-01", "--to", "2025-05-03", "--json")
    assert len(json.loads(filled.stdout)["jobs"]) == 2
    for verb in ("pause", "unpause", "remove"):
        assert auspex("schedule", verb, "daily-desk").exit_code == 0
    assert "No schedules yet" in auspex("schedule", "list").stdout


def test_what_cannot_be_done_is_said_in_one_sentence(desk: Desk) -> None:
    for arguments in (
        ("batch", "status", "job-none"),
        ("schedule", "add", "x"),
        ("schedule", "add", "x", "--cron", "* *"),
        ("batch", "run", "--as-of", "2025-05-21", "--members", "nobody", "--dry-run"),
    ):
        with pytest.raises(AuspexError):
            auspex(*arguments)
