"""Keys to the service: made once, shown once, kept as their SHA-256, revoked and never forgotten.

A key has 256 random bits, so that a plain SHA-256 of it cannot be searched for: stretching is for what people choose.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from db.errors import BadInput, UnknownName
from db.ledger.clock import microseconds, moment, moment_or_none
from db.ledger.service import ServiceTables
from db.ledger.service_models import ApiKeyRow

MARK = "auspex_"
"""How every key begins, so that one is recognised where it should not lie."""
_BYTES = 32
_SHOWN = len(MARK) + 6
_TABLE = ApiKeyRow.__table__


class Scope(StrEnum):
    """What a key may do; each may do what those before it may."""

    READ = "read"
    FORECAST = "forecast"  # and ask questions, run jobs, record outcomes
    ADMIN = "admin"  # and keys, webhooks, files of the server

    @property
    def rank(self) -> int:
        """The place in that order, from 0."""
        return list(Scope).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret: `prefix` is how it begins. None: never expires, not revoked, not used yet."""

    id: str
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def may(self, scope: Scope) -> bool:
        """Whether one of its scopes is `scope`, or one that may do all that `scope` may."""
        return any(held.rank >= scope.rank for held in self.scopes)

    def valid_at(self, now: datetime) -> bool:
        """Whether it is neither revoked nor past its expiry."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ApiKeys(ServiceTables):
    """The keys in a ledger's database."""

    def create(
        self, name: str, scopes: Collection[Scope], *, now: datetime, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """A new key, and its text, which is kept nowhere and cannot be shown again.

        Raises BadInput without a scope, without a name, and for an expiry that has passed.
        """
        if not name.strip():
            raise BadInput("the key has no name: say who or what will use it")
        if not scopes:
            raise BadInput(f"the key may do nothing: give it one or more of {', '.join(Scope)}")
        if expires_at is not None and expires_at <= now:
            raise BadInput(f"the key would expire at {expires_at:%Y-%m-%d %H:%M} UTC, which has passed")
        text = MARK + secrets.token_urlsafe(_BYTES)
        key = ApiKey(
            id=secrets.token_hex(8),
            name=name.strip(),
            prefix=text[:_SHOWN],
            scopes=tuple(scope for scope in Scope if scope in scopes),
            created_at=now,
            expires_at=expires_at,
            revoked_at=None,
            last_used_at=None,
        )
        row = {
            "id": key.id,
            "name": key.name,
            "prefix": key.prefix,
            "digest": _digest(text),
            "scopes": " ".join(key.scopes),
            "created_at": microseconds(now),
            "expires_at": None if expires_at is None else microseconds(expires_at),
        }
        with self._writing() as connection:
            connection.execute(insert(ApiKeyRow), [row])
        return key, text

    def find(self, text: str, *, now: datetime) -> ApiKey | None:
        """The key with this text, None where there is none, or it is revoked or has expired."""
        if not text.startswith(MARK):
            return None
        with self._reading() as connection:
            row = connection.execute(select(_TABLE).where(ApiKeyRow.digest == _digest(text))).mappings().first()
        key = None if row is None else _key(row)
        return key if key is not None and key.valid_at(now) else None

    def list(self) -> list[ApiKey]:
        """All keys, those revoked too, the oldest first."""
        with self._reading() as connection:
            rows = connection.execute(select(_TABLE).order_by(ApiKeyRow.created_at, ApiKeyRow.id)).mappings().all()
        return [_key(row) for row in rows]

    def any_valid(self, *, now: datetime) -> bool:
        """Whether there is a key that opens anything."""
        unexpired = or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > microseconds(now))
        with self._reading() as connection:
            return bool(connection.execute(select(exists().where(ApiKeyRow.revoked_at.is_(None), unexpired))).scalar())

    def revoke(self, key_id: str, *, now: datetime) -> ApiKey:
        """Close a key for good; one that is closed already stays as it is. Raises UnknownName."""
        with self._writing() as connection:
            connection.execute(
                update(ApiKeyRow)
                .where(ApiKeyRow.id == key_id, ApiKeyRow.revoked_at.is_(None))
                .values(revoked_at=microseconds(now))
            )
            row = connection.execute(select(_TABLE).where(ApiKeyRow.id == key_id)).mappings().first()
        if row is None:
            raise UnknownName(f"there is no API key {key_id!r}: see auspex api-keys list", name=key_id)
        return _key(row)

    def used(self, moments: Mapping[str, datetime]) -> None:
        """Note when keys, by id, were used last: of many uses at once, so that no request waits for it."""
        with self._writing() as connection:
            for key_id, last in moments.items():
                connection.execute(
                    update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(last_used_at=microseconds(last))
                )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(
        id=row["id"],
        name=row["name"],
        prefix=row["prefix"],
        scopes=tuple(Scope(scope) for scope in row["scopes"].split()),
        created_at=moment(row["created_at"]),
        expires_at=moment_or_none(row["expires_at"]),
        revoked_at=moment_or_none(row["revoked_at"]),
        last_used_at=moment_or_none(row["last_used_at"]),
    )
