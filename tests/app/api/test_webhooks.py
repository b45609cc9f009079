"""Webhooks: told at least once and in the form that is said, whatever is killed; never where they must not lead."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.jobs.client import Jobs
from app.jobs.records import JobState, JobStatus, ResolveJob
from app.settings import Settings
from app.webhooks.background import BackgroundSender
from app.webhooks.messages import job_event, record_event
from app.webhooks.sender import WAITS, Sender
from db.errors import BadInput, LedgerError, UnknownName
from db.jobs.book import JobBook
from db.jobs.engine import open_jobs_engine
from db.ledger.ledger import Ledger
from db.ledger.outbox import DeliveryState, Outbox
from db.ledger.webhooks import EventType, Webhook, Webhooks, WebhookState
from db.records import Resolution
from tests.app.api.receiver import Receiver, receiving
from tests.app.api.serving import DUE, Served, binary, forecast

EVENTS = list(EventType)


class Bench:
    """A ledger, its webhooks and outbox, and a sender that is stepped by hand."""

    def __init__(self, address: str, stack: ExitStack) -> None:
        self.ledger = stack.enter_context(Ledger(address))
        self.webhooks = stack.enter_context(Webhooks(address))
        self.outbox = stack.enter_context(Outbox(address))
        self.sender = Sender(self.outbox, self.webhooks)

    def hook(self, url: str, *, allow_private: bool = True) -> Webhook:
        return self.webhooks.create(url, EVENTS, now=datetime.now(UTC), allow_private=allow_private)

    def step(self) -> None:
        asyncio.run(self.sender.once())

    def states(self, hook: Webhook) -> list[DeliveryState]:
        return [item.state for item in self.outbox.deliveries(hook.id).data]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(str(tmp_path / "ledger.db"), stack)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def resolution(question_id: str) -> Resolution:
    return Resolution(question_id=question_id, outcome=True, resolved_at=DUE, known_at=DUE)


def test_forecast_and_resolution_are_told_as_signed_cloud_events(bench: Bench, receiver: Receiver) -> None:
    bench.ledger.append([binary(0), forecast(binary(0).id, "before")])
    hook = bench.hook(receiver.url)
    said = forecast(binary(0).id, "after")
    bench.ledger.append([said], run_id="run-7")
    bench.ledger.resolve([resolution(binary(0).id)])
    bench.step()
    contents = [json.loads(body) for _, body in receiver.received]
    assert sorted(content["type"] for content in contents) == ["forecast.created", "question.resolved"]
    for headers, body in receiver.received:
        content = json.loads(body)
        assert content["specversion"] == "1.0"
        assert headers["content-type"] == "application/cloudevents+json"
        assert headers["webhook-id"] == content["id"]
        assert abs(datetime.now(UTC).timestamp() - int(headers["webhook-timestamp"])) < 60
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(hook.secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    [told] = [content for content in contents if content["type"] == "forecast.created"]
    assert told["data"]["id"] == said.id
    assert told["data"]["run_id"] == "run-7"
    assert "raw_text" not in told["data"]
    assert told["time"].endswith("Z")
    bench.step()
    assert len(receiver.received) == 2


def test_only_events_that_were_asked_for_are_told(bench: Bench, receiver: Receiver) -> None:
    bench.webhooks.create(receiver.url, [EventType.QUESTION_RESOLVED], now=datetime.now(UTC), allow_private=True)
    bench.ledger.append([binary(0), forecast(binary(0).id)])
    bench.ledger.resolve([resolution(binary(0).id)])
    bench.step()
    assert [json.loads(body)["type"] for _, body in receiver.received] == ["question.resolved"]


def test_failed_message_is_tried_again_later_under_the_same_id(bench: Bench, receiver: Receiver) -> None:
    hook = bench.hook(receiver.url)
    receiver.answers = [500]
    bench.ledger.append([forecast("q")])
    bench.step()
    [waiting] = bench.outbox.deliveries(hook.id).data
    assert (waiting.state, waiting.attempts, waiting.last_status) == (DeliveryState.PENDING, 1, 500)
    assert timedelta(0) < waiting.due_at - datetime.now(UTC) <= WAITS[0] * 1.2
    later(bench)
    bench.step()
    assert bench.states(hook) == [DeliveryState.DELIVERED]
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


def later(bench: Bench) -> None:
    """Let all that waits be due now."""
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{bench.ledger.address}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE webhook_deliveries SET due_at = 0 WHERE state = 'pending'"))
    engine.dispose()


def test_message_that_is_never_taken_is_dead_and_can_be_tried_anew(bench: Bench, receiver: Receiver) -> None:
    hook = bench.hook(receiver.url)
    receiver.answers = [503] * (len(WAITS) + 1)
    bench.ledger.append([forecast("q")])
    for _ in range(len(WAITS) + 3):
        bench.step()
        later(bench)
    [dead] = bench.outbox.deliveries(hook.id, state=DeliveryState.DEAD).data
    assert dead.attempts == len(WAITS) + 1 == len(receiver.received)
    assert dead.last_error == "it answered 503"
    assert bench.outbox.again(hook.id, now=datetime.now(UTC)) == 1
    bench.step()
    assert bench.states(hook) == [DeliveryState.DELIVERED]


def test_receiver_that_is_gone_is_told_no_more(bench: Bench, receiver: Receiver) -> None:
    hook = bench.hook(receiver.url)
    receiver.answers = [410]
    bench.ledger.append([forecast("q")])
    bench.step()
    assert bench.webhooks.get(hook.id).state is WebhookState.GONE
    bench.ledger.append([forecast("r")])
    bench.step()
    assert len(receiver.received) == 1


def test_redirect_is_not_followed(bench: Bench, receiver: Receiver) -> None:
    hook = bench.hook(receiver.url)
    receiver.answers = [302]
    bench.ledger.append([forecast("q")])
    bench.step()
    assert len(receiver.received) == 1
    assert bench.states(hook) == [DeliveryState.PENDING]


def test_sender_that_dies_with_a_message_in_hand_leaves_it_to_the_next(bench: Bench, receiver: Receiver) -> None:
    hook = bench.hook(receiver.url)
    bench.ledger.append([forecast("q")])
    now = datetime.now(UTC)
    bench.outbox.fill(record_event, now=now)
    assert len(bench.outbox.take(hook.id, 5, now=now, hold=timedelta(seconds=60))) == 1  # and dies
    assert bench.outbox.take(hook.id, 5, now=now, hold=timedelta(seconds=60)) == []
    later(bench)
    bench.step()
    assert len(receiver.received) == 1


def test_two_senders_tell_everything_once(bench: Bench, receiver: Receiver, tmp_path: Path) -> None:
    bench.hook(receiver.url)
    bench.ledger.append([forecast(f"q{n}") for n in range(60)])

    def work() -> None:
        with ExitStack() as stack:
            other = Bench(str(tmp_path / "ledger.db"), stack)
            for _ in range(6):
                other.step()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [headers["webhook-id"] for headers, _ in receiver.received]
    assert len(ids) == len(set(ids)) == 60


def test_paused_webhook_is_told_afterwards_of_what_happened(bench: Bench, receiver: Receiver) -> None:
    hook = bench.hook(receiver.url)
    bench.webhooks.set_state(hook.id, WebhookState.PAUSED)
    bench.ledger.append([forecast("q")])
    bench.step()
    assert receiver.received == []
    bench.webhooks.set_state(hook.id, WebhookState.ACTIVE)
    bench.step()
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://[::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://user:pass@example.org/",
        "http://example.org:22/",
    ],
)
def test_private_address_is_never_told_unless_an_administrator_said_so(
    bench: Bench, desk_url: Callable[[dict[str, Any]], httpx.Response], url: str
) -> None:
    assert desk_url({"url": url, "events": ["forecast.created"]}).status_code == 400
    hook = bench.hook(url, allow_private=False)  # as if the name had led elsewhere when it was made
    bench.ledger.append([forecast("q")])
    bench.step()
    [refused] = bench.outbox.deliveries(hook.id).data
    assert (refused.state, refused.last_status) == (DeliveryState.PENDING, None)
    assert "is refused" in refused.last_error or "is no address" in refused.last_error


@pytest.fixture
def desk_url(reading: Served) -> Iterator[Callable[[dict[str, Any]], httpx.Response]]:
    with reading.client() as client:
        yield lambda body: client.post("/v1/webhooks", json=body)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "x", "http://"])
def test_what_is_no_web_address_is_refused(desk_url: Callable[[dict[str, Any]], httpx.Response], url: str) -> None:
    assert desk_url({"url": url, "events": ["forecast.created"], "allow_private": True}).status_code == 400


def test_service_makes_webhooks_and_tells_them(client: httpx.Client, receiver: Receiver) -> None:
    asked = {"url": receiver.url, "events": ["question.resolved"], "allow_private": True}
    made = client.post("/v1/webhooks", json=asked)
    assert made.status_code == 201
    hook = made.json()
    assert hook["secret"].startswith("whsec_")
    assert "secret" not in client.get(made.headers["location"]).json()
    question = {
        "kind": "binary",
        "text": "Rain?",
        "open_at": "2025-01-01T00:00:00Z",
        "resolve_by": "2025-02-01T00:00:00Z",
    }
    found = client.post("/v1/questions", json=question).headers["location"]
    assert client.post(f"{found}/resolve", json={"outcome": "yes"}).json()["new"] is True
    told = wait(lambda: receiver.received)
    assert json.loads(told[0][1])["data"]["outcome"] is True
    listed = wait(
        lambda: client.get(f"/v1/webhooks/{hook['id']}/deliveries", params={"state": "delivered"}).json()["data"]
    )
    assert listed[0]["last_status"] == 204
    assert client.post(f"/v1/webhooks/{hook['id']}/pause").json()["state"] == "paused"
    assert client.post(f"/v1/webhooks/{hook['id']}/resume").json()["state"] == "active"
    assert client.post(f"/v1/webhooks/{hook['id']}/redeliver").json() == {"n": 0}
    assert client.delete(f"/v1/webhooks/{hook['id']}").status_code == 204
    assert client.get(f"/v1/webhooks/{hook['id']}").status_code == 404


def wait(look: Callable[[], Any]) -> Any:
    """What `look` finds, once it finds something."""
    pause = threading.Event()
    for _ in range(300):
        if found := look():
            return found
        pause.wait(0.1)
    raise AssertionError("it did not come")


def test_sender_beside_other_work_tells_until_it_is_closed(bench: Bench, receiver: Receiver, tmp_path: Path) -> None:
    bench.hook(receiver.url)
    settings = Settings(database_url=bench.ledger.address, jobs_url=f"sqlite:///{tmp_path / 'jobs.db'}")
    with BackgroundSender(settings):
        bench.ledger.append([forecast("q")])
        wait(lambda: receiver.received)
    bench.ledger.append([forecast("r")])
    assert len(receiver.received) == 1


def test_job_that_failed_is_an_event_each_time_it_fails() -> None:
    status = JobStatus(
        job_id="job-1",
        kind="forecast",
        title="t",
        state=JobState.FAILED,
        done=1,
        failed=1,
        total=2,
        created_at=DUE,
        updated_at=DUE,
        error="the store is gone",
    )
    event = job_event(status)
    assert event.type is EventType.BATCH_FAILED
    assert json.loads(event.body)["data"]["error"] == "the store is gone"
    again = job_event(status.model_copy(update={"updated_at": DUE + timedelta(hours=1)}))
    assert again.id != event.id
    assert job_event(status).id == event.id


def test_jobs_that_fail_are_told_once(bench: Bench, receiver: Receiver, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'jobs.db'}"
    with Jobs(Settings(database_url=bench.ledger.address, jobs_url=address)) as jobs:
        before = jobs.submit(ResolveJob())
        book = JobBook(open_jobs_engine(address))
        book.end(before, 1, JobState.FAILED, error="too early to be told")
        bench.hook(receiver.url)
        failing, other = jobs.submit(ResolveJob()), jobs.submit(ResolveJob())
        book.end(failing, 1, JobState.FAILED, error="the store is gone")
        book.end(other, 1, JobState.DONE)
        for _ in range(2):  # another sender each time, which remembers nothing
            bench.sender = Sender(bench.outbox, bench.webhooks, jobs)
            bench.step()
        book.engine.dispose()
    [(_, body)] = receiver.received
    told = json.loads(body)
    assert (told["type"], told["subject"], told["data"]["error"]) == (
        "batch.failed",
        f"jobs/{failing}",
        "the store is gone",
    )


def test_jobs_that_cannot_be_read_are_said_as_the_ledgers_fault(bench: Bench, tmp_path: Path) -> None:
    address = tmp_path / "jobs.db"
    bench.hook("http://127.0.0.1:9/")
    with Jobs(Settings(database_url=bench.ledger.address, jobs_url=f"sqlite:///{address}")) as jobs:
        with sqlite3.connect(address) as database:
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                if not name.startswith("sqlite_"):
                    database.execute(f'DROP TABLE "{name}"')
        database.close()
        bench.sender = Sender(bench.outbox, bench.webhooks, jobs)
        with pytest.raises(LedgerError, match="the jobs could not be read"):
            bench.step()


def test_events_beside_the_journal_are_put_in_once(bench: Bench, receiver: Receiver) -> None:
    hook = bench.hook(receiver.url)
    status = JobStatus(
        job_id="job-1", kind="desk", title="t", state=JobState.FAILED, done=0, failed=0, total=0, created_at=DUE
    )
    for _ in range(3):
        bench.outbox.add([job_event(status)], now=datetime.now(UTC))
    bench.step()
    assert len(receiver.received) == len(bench.states(hook)) == 1


def test_names_and_events_that_are_none_are_refused(bench: Bench) -> None:
    with pytest.raises(BadInput, match=r"forecast\.created"):
        bench.webhooks.create("http://example.org/", [], now=datetime.now(UTC))
    for do in (bench.webhooks.get, bench.webhooks.remove):
        with pytest.raises(UnknownName, match="no webhook"):
            do("x")
