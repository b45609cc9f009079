"""API keys as bearer tokens of the MCP server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from mcp.server.auth.provider import AccessToken, TokenVerifier

from db.ledger.api_keys import ApiKeys, Scope


class KeyVerifier(TokenVerifier):
    """Knows a request by its key; a revoked, expired or unknown key is nobody's."""

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys

    async def verify_token(self, token: str) -> AccessToken | None:
        """The key's holder and every scope that the key's scopes include, or None."""
        key = await asyncio.to_thread(self._keys.find, token, now=datetime.now(UTC))
        if key is None:
            return None
        scopes = [str(scope) for scope in Scope if key.may(scope)]
        return AccessToken(token=token, client_id=key.id, scopes=scopes)
