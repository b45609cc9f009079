"""Who asks: a holder of a key, or on this machine alone anyone; and what each endpoint demands of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import fastapi
from fastapi import Request, Security
from fastapi.params import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from app.api.problems import Refused
from db.ledger.api_keys import ApiKey, Scope

CALLER = "auspex.caller"
"""Where an ASGI scope holds its `Caller`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks; `key` is None where nobody is asked for one."""

    key: ApiKey | None

    @property
    def id(self) -> str:
        """What is kept apart by: the key's id, "" without one."""
        return "" if self.key is None else self.key.id

    def may(self, scope: Scope) -> bool:
        """Whether they may do what needs this scope."""
        return self.key is None or self.key.may(scope)

    def demand(self, scope: Scope) -> None:
        """Raise Refused (403) unless they may."""
        if not self.may(scope):
            challenge = f'Bearer realm="auspex", error="insufficient_scope", scope="{scope}"'
            detail = f"this key may not do that: it takes one with the scope {scope}"
            raise Refused(403, detail, headers={"WWW-Authenticate": challenge})


_BEARER = HTTPBearer(
    scheme_name="key", bearerFormat="auspex_…", description="An API key: `auspex api-keys create`.", auto_error=False
)


async def _caller(
    request: Request,
    scopes: SecurityScopes,
    _: Annotated[HTTPAuthorizationCredentials | None, fastapi.Depends(_BEARER)],
) -> Caller:
    caller: Caller = request.scope[CALLER]
    for scope in scopes.scopes:
        caller.demand(Scope(scope))
    return caller


Asker = Annotated[Caller, Security(_caller)]
"""A parameter of this type is whoever asks."""


def needs(scope: Scope) -> Depends:
    """A dependency that lets through those who may do what needs `scope`."""
    demanded: Depends = Security(_caller, scopes=[scope.value])
    return demanded
