"""The service's tables on both databases: keys, answers to repeated requests, webhooks and their outbox."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from db.errors import BadInput, UnknownName
from db.ledger.answered import KEPT, UNDER_WAY, Answer, Answered
from db.ledger.api_keys import MARK, ApiKeys, Scope
from db.ledger.ledger import Ledger
from db.ledger.outbox import Delivery, DeliveryState, Event, Outbox, Told
from db.ledger.webhooks import EventType, Webhooks
from db.records import Forecast, Record
from db.values import ProbabilityValue

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOLD = timedelta(seconds=60)
ANSWER = Answer(status=201, headers={"location": "/v1/x"}, body='{"ä": 1}')


def forecast(n: int) -> Forecast:
    return Forecast(question_id=f"q{n}", member="m", as_of=NOW, created_at=NOW, value=ProbabilityValue(probability=0.5))


def event(type: EventType, record: Record, run_id: str) -> Event:
    return Event(id=f"{type}-{record.id}", type=type, body=f'{{"run": "{run_id}"}}')


def test_key_opens_until_it_is_revoked_or_expires(address: str) -> None:
    with ApiKeys(address) as keys:
        assert not keys.any_valid(now=NOW)
        key, text = keys.create("me", [Scope.FORECAST], now=NOW, expires_at=NOW + HOLD)
        other, other_text = keys.create("you", [Scope.READ, Scope.ADMIN], now=NOW)
        assert text.startswith(MARK)
        assert text != other_text
        assert keys.find(text, now=NOW) == key
        assert [key.may(scope) for scope in Scope] == [True, True, False]
        assert keys.find(text, now=NOW + HOLD) is None
        assert keys.find(other_text, now=NOW + HOLD) == other
        keys.used({other.id: NOW})
        assert keys.list()[-1].last_used_at == NOW or keys.list()[0].last_used_at == NOW
        assert keys.revoke(other.id, now=NOW).revoked_at == NOW
        assert keys.revoke(other.id, now=NOW + HOLD).revoked_at == NOW
        assert keys.find(other_text, now=NOW) is None
        assert keys.find("auspex_", now=NOW) is keys.find(MARK + "\ud800", now=NOW) is keys.find("", now=NOW) is None
        assert keys.any_valid(now=NOW)
        assert not keys.any_valid(now=NOW + HOLD)
        with pytest.raises(UnknownName, match="no API key 'x'"):
            keys.revoke("x", now=NOW)
        with pytest.raises(BadInput, match="may do nothing"):
            keys.create("me", [], now=NOW)


def test_claim_is_one_persons_until_it_is_answered(address: str) -> None:
    with Answered(address) as answered:
        assert answered.claim("a", "k", "asked", now=NOW).mine
        waiting = answered.claim("a", "k", "asked", now=NOW)
        assert (waiting.mine, waiting.same, waiting.answer) == (False, True, None)
        assert not answered.claim("a", "k", "other", now=NOW).same
        assert answered.claim("b", "k", "other", now=NOW).mine
        answered.keep("a", "k", ANSWER)
        assert answered.claim("a", "k", "asked", now=NOW).answer == ANSWER
        answered.release("b", "k")
        assert answered.claim("b", "k", "asked", now=NOW).mine


def test_claim_of_the_dead_is_taken_over_and_old_answers_are_forgotten(address: str) -> None:
    with Answered(address) as answered:
        answered.claim("a", "k", "asked", now=NOW)
        assert not answered.claim("a", "k", "asked", now=NOW + UNDER_WAY).mine
        assert answered.claim("a", "k", "asked", now=NOW + UNDER_WAY + HOLD).mine
        answered.keep("a", "k", ANSWER)
        assert answered.claim("a", "k", "asked", now=NOW + UNDER_WAY + HOLD).answer == ANSWER
        assert answered.claim("a", "k", "other", now=NOW + UNDER_WAY + HOLD + KEPT + HOLD).mine


def test_of_many_claims_at_once_one_is_granted(address: str) -> None:
    granted: list[bool] = []
    with Answered(address) as answered:

        def claim() -> None:
            granted.append(answered.claim("a", "k", "asked", now=NOW).mine)

        threads = [threading.Thread(target=claim) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(granted) == [False] * 7 + [True]


def test_outbox_holds_each_event_once_from_the_webhooks_beginning_on(address: str) -> None:
    with Ledger(address) as ledger, Webhooks(address) as webhooks, Outbox(address) as outbox:
        ledger.append([forecast(0)])
        hook = webhooks.create("http://x.example/", [EventType.FORECAST_CREATED], now=NOW)
        ledger.append([forecast(n) for n in range(1, 604)], run_id="r")
        filled = []

        def fill() -> None:
            filled.append(sum(outbox.fill(event, now=NOW) for _ in range(3)))

        threads = [threading.Thread(target=fill) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(filled) == 603
        taken: list[Delivery] = []
        while found := outbox.take(hook.id, 100, now=NOW, hold=HOLD):
            taken += found
        assert len({delivery.event_id for delivery in taken}) == len(taken) == 603
        assert taken[0].body == '{"run": "r"}'
        assert len(outbox.take(hook.id, 1000, now=NOW + HOLD, hold=HOLD)) == 603
        outbox.settle([Told(position=taken[0].position, state=DeliveryState.DELIVERED, due_at=NOW)], now=NOW)
        outbox.settle(
            [Told(position=taken[1].position, state=DeliveryState.DEAD, due_at=NOW, status=500, error="no")], now=NOW
        )
        page = outbox.deliveries(hook.id, limit=500)
        rest = outbox.deliveries(hook.id, limit=500, after=page.next)
        assert len(page.data) + len(rest.data) == 603
        [dead] = outbox.deliveries(hook.id, state=DeliveryState.DEAD).data
        assert (dead.last_status, dead.last_error, dead.attempts) == (500, "no", 2)
        assert outbox.forget(before=NOW + HOLD) == 1
        webhooks.remove(hook.id)
        assert outbox.deliveries(hook.id).data == []


def test_two_takers_never_have_the_same_message(address: str) -> None:
    with Ledger(address) as ledger, Webhooks(address) as webhooks, Outbox(address) as outbox:
        hook = webhooks.create("http://x.example/", [EventType.FORECAST_CREATED], now=NOW)
        ledger.append([forecast(n) for n in range(200)])
        outbox.fill(event, now=NOW)
        taken: list[int] = []

        def take() -> None:
            while found := outbox.take(hook.id, 7, now=NOW, hold=HOLD):
                taken.extend(delivery.position for delivery in found)

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == len(set(taken)) == 200
