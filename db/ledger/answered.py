"""What repeated requests were answered: the same key and request give the same answer, done once.

A request claims its key before anything is done, so that of two at once one does it and the other waits for the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from db.ledger.clock import microseconds
from db.ledger.service import ServiceTables
from db.ledger.service_models import AnsweredRow

KEPT = timedelta(hours=24)
"""How long an answer is kept."""
UNDER_WAY = timedelta(minutes=5)
"""After how long a claim without an answer is taken over: whoever had it has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is known of an idempotency key.

    `mine`: whoever claimed it now is to do what is asked. Otherwise it was claimed before: by the same request or
    another (`same`), with its `answer` unless that is still under way.
    """

    mine: bool
    same: bool = True
    answer: Answer | None = None


class Answered(ServiceTables):
    """The answers in a ledger's database, apart for each API key."""

    def claim(self, api_key_id: str, key: str, asked: str, *, now: datetime) -> Claim:
        """Claim `key` for the request whose SHA-256 is `asked`; answers older than `KEPT` are forgotten."""
        try:
            return self._claim(api_key_id, key, asked, now)
        except IntegrityError:  # in PostgreSQL another may claim it between our look and our insert: look again
            return self._claim(api_key_id, key, asked, now)

    def _claim(self, api_key_id: str, key: str, asked: str, now: datetime) -> Claim:
        row = {"api_key_id": api_key_id, "key": key, "asked": asked, "claimed_at": microseconds(now)}
        with self._writing() as connection:
            connection.execute(delete(AnsweredRow).where(AnsweredRow.claimed_at < microseconds(now - KEPT)))
            died = AnsweredRow.claimed_at < microseconds(now - UNDER_WAY)
            connection.execute(delete(AnsweredRow).where(_is(api_key_id, key), AnsweredRow.status == 0, died))
            known = connection.execute(select(AnsweredRow.__table__).where(_is(api_key_id, key))).mappings().first()
            if known is None:
                connection.execute(insert(AnsweredRow), [row | {"status": 0, "headers": "{}", "body": ""}])
                return Claim(mine=True)
        if known["asked"] != asked:
            return Claim(mine=False, same=False)
        if not known["status"]:
            return Claim(mine=False)
        answer = Answer(status=known["status"], headers=json.loads(known["headers"]), body=known["body"])
        return Claim(mine=False, answer=answer)

    def keep(self, api_key_id: str, key: str, answer: Answer) -> None:
        """Keep the answer to a request that was claimed."""
        said = {"status": answer.status, "headers": json.dumps(dict(answer.headers)), "body": answer.body}
        with self._writing() as connection:
            connection.execute(update(AnsweredRow).where(_is(api_key_id, key)).values(said))

    def release(self, api_key_id: str, key: str) -> None:
        """Give a claim up, because nothing was done: the same key may be tried again."""
        with self._writing() as connection:
            connection.execute(delete(AnsweredRow).where(_is(api_key_id, key), AnsweredRow.status == 0))


def _is(api_key_id: str, key: str) -> ColumnElement[bool]:
    return and_(AnsweredRow.api_key_id == api_key_id, AnsweredRow.key == key)
