"""`auspex mcp`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from app.commands.places import settings_at
from app.mcp.desk import McpDesk
from app.mcp.server import build_server, serve_http
from app.output import err
from db.errors import BadInput
from db.ledger.api_keys import ApiKeys


def over_stdio(store: Path | None, ledger: str | None, *, allow_writes: bool) -> None:
    """Serve on standard input and output until the client hangs up."""
    with McpDesk(settings_at(store, ledger)) as desk:
        build_server(desk, allow_writes=allow_writes).run("stdio")


def over_http(
    host: str, port: int, allowed_hosts: list[str], store: Path | None, ledger: str | None, *, allow_writes: bool
) -> None:
    """Serve over streamable HTTP; raises BadInput where no API key could open it."""
    settings = settings_at(store, ledger)
    with ApiKeys(settings.database_url) as keys, McpDesk(settings) as desk:
        if not keys.any_valid(now=datetime.now(UTC)):
            raise BadInput("no API key opens the server: make one with `auspex api-keys create`")
        url = f"http://{host}:{port}"
        server = build_server(desk, allow_writes=allow_writes, keys=keys, url=url)
        err.print(f"MCP at {url}/mcp, for API keys as bearer tokens; stop with Ctrl-C")
        serve_http(server, host, port, allowed_hosts)
