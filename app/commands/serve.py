"""`auspex serve`: the service on an address, safe by default."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

from app.commands.addresses import is_loopback
from app.commands.places import settings_at
from app.output import err
from app.telemetry import start_telemetry
from db.errors import BadInput

_BACKLOG = 512
"""Connections that wait to be taken."""
_MAKE_ONE = "auspex api-keys create NAME --scope admin"


def run(
    host: str,
    port: int,
    ledger: str | None,
    *,
    no_auth: bool,
    per_minute: int,
    proxies: str,
    deliver: bool,
) -> None:
    """Serve until interrupted. Raises BadInput for an address that would be open to others without a key."""
    settings = settings_at(None, ledger)
    start_telemetry(settings)
    _check(host, settings.database_url, no_auth=no_auth)
    listener = _listen(host, port)
    import uvicorn

    from app.api.main import make_app
    from app.api.service import Options

    app = make_app(settings, Options(open=no_auth, per_minute=per_minute, deliver=deliver))
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=20,
    )
    shown = f"[{host}]" if ":" in host else host
    err.print(f"Auspex is served on http://{shown}:{listener.getsockname()[1]}", highlight=False)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        listener.close()


def _check(host: str, database_url: str, *, no_auth: bool) -> None:
    from db.ledger.api_keys import ApiKeys

    loopback = is_loopback(host)
    if no_auth and not loopback:
        raise BadInput(f"--no-auth on {host} would let everybody in: leave it out, or serve on 127.0.0.1")
    with ApiKeys(database_url) as keys:
        has_key = keys.any_valid(now=datetime.now(UTC))
    if has_key or no_auth:
        return
    if not loopback:
        raise BadInput(f"nobody has a key, and {host} can be reached by others: first make one, {_MAKE_ONE}")
    err.print(f"Nobody has a key yet. Make one: {_MAKE_ONE}", highlight=False)


def _listen(host: str, port: int) -> socket.socket:
    """A socket on the address, so that one that cannot be had is said in a sentence. Raises BadInput."""
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listener = socket.socket(family, kind, protocol)  # told its protocol, or asyncio leaves Nagle's delay on
    except OSError as error:
        raise _no_address(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _no_address(host, port, error) from error
    return listener


def _no_address(host: str, port: int, error: OSError) -> BadInput:
    return BadInput(f"{host}:{port} cannot be listened on ({error.strerror}): choose another --host or --port")
