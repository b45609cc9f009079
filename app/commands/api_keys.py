"""`auspex api-keys`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from app.cli.options import listed, moment, plain_text
from app.commands.places import ledger_address
from app.output import emit_json, err, out, table
from db.errors import AmbiguousName, BadInput, UnknownName
from db.ledger.api_keys import MARK, ApiKey, ApiKeys, Scope


def create(name: str, scopes: str, expires: str | None, ledger: str | None, *, as_json: bool) -> None:
    """Make a key and show it, once."""
    wanted = listed(scopes)
    for scope in wanted:
        if scope not in set(Scope):
            raise BadInput(f"--scope {scope!r} is none: say {', '.join(Scope)}")
    until = moment(expires, "--expires") if expires else None
    with ApiKeys(ledger_address(ledger)) as keys:
        key, text = keys.create(
            plain_text(name, "NAME"), [Scope(scope) for scope in wanted], now=datetime.now(UTC), expires_at=until
        )
    if as_json:
        emit_json({**_shown(key), "key": text})
        return
    out.print(text, highlight=False, soft_wrap=True)
    err.print(f"The key of {key.name} ({', '.join(key.scopes)}). Keep it well: it is not shown again.", highlight=False)


def list_keys(ledger: str | None, *, as_json: bool) -> None:
    """All keys without their secrets."""
    with ApiKeys(ledger_address(ledger)) as keys:
        found = keys.list()
    if as_json:
        emit_json({"keys": [_shown(key) for key in found]})
        return
    if not found:
        out.print("Nobody has a key. Make one: auspex api-keys create NAME --scope read")
        return
    now = datetime.now(UTC)
    table(
        f"{len(found)} keys",
        ("name", "begins", "scopes", "made", "last used", "state", "id"),
        [
            (
                key.name,
                f"{key.prefix}…",
                " ".join(key.scopes),
                f"{key.created_at:%Y-%m-%d}",
                "never" if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M}",
                _state(key, now),
                key.id,
            )
            for key in found
        ],
    )


def revoke(key: str, ledger: str | None, *, as_json: bool) -> None:
    """Close the key with this id, or the only one that begins so."""
    with ApiKeys(ledger_address(ledger)) as keys:
        revoked = keys.revoke(_id_of(key, keys), now=datetime.now(UTC))
    if as_json:
        emit_json(_shown(revoked))
    else:
        out.print(f"The key of {revoked.name} ({revoked.prefix}…) opens nothing any more.", highlight=False)


def _id_of(given: str, keys: ApiKeys) -> str:
    known = keys.list()
    beginning = given.startswith(MARK) and len(given) > len(MARK)
    found = [key.id for key in known if key.id == given or (beginning and given.startswith(key.prefix))]
    if not found:
        raise UnknownName(f"there is no key {given[:20]!r}: see auspex api-keys list", name=given)
    if len(found) > 1:
        raise AmbiguousName(f"several keys begin so: {', '.join(found)}; give an id", name=given, candidates=found)
    return found[0]


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "valid" if key.valid_at(now) else "expired"


def _shown(key: ApiKey) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(key).items()}
