"""What litellm raises, told apart by what the caller does next: try again, never again, or record it."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from db.errors import MemberFailed, ProviderBusy, ProviderClosed
from db.records import FailureReason

_CLOSED = (401, 402, 403, 404)
_PASSING = (408, 409, 425, 429)
_NEVER_PASSING = (501, 505)
_NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached")
"""Error codes that say "pay first", whatever status they come with."""

_NO_KEY = re.compile(r"\bmissing\b.*\b(?:key|credentials)\b", re.IGNORECASE)
_LABELS = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception)(?::| -)\s*)+")
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """`failure` is what to raise. `unbilled`: the provider cannot have begun an answer, so it costs nothing."""

    failure: MemberFailed
    unbilled: bool


def fault_of(error: Exception, model: str, *, shown: Callable[[str], str], clock: Callable[[], datetime]) -> Fault:
    """The fault that `error`, raised by litellm while `model` was called, amounts to.

    `shown` removes secrets from texts; `clock` tells how far away a date in a Retry-After header is.
    """
    import httpx
    from litellm.exceptions import ContentPolicyViolationError

    causes = list(_causes(error))
    said = shown(_said(error))
    status = getattr(error, "status_code", None)
    answered = any(isinstance(cause, httpx.HTTPStatusError) for cause in causes)
    if not answered and any(isinstance(cause, ssl.SSLError | socket.gaierror | httpx.ConnectError) for cause in causes):
        return Fault(ProviderBusy(f"{model} cannot be reached: {shown(_root(causes))}"), unbilled=True)
    if not answered and any(isinstance(cause, httpx.TransportError | OSError) for cause in causes):
        return Fault(ProviderBusy(f"{model} broke off: {shown(_root(causes))}"), unbilled=False)
    if not answered and _NO_KEY.search(said):
        return Fault(ProviderClosed(f"{model} has no key: {said}"), unbilled=True)
    if not isinstance(status, int) or any(isinstance(cause, json.JSONDecodeError) for cause in causes):
        return Fault(ProviderBusy(f"{model} sent what is no chat completion: {said}"), unbilled=False)
    if isinstance(error, ContentPolicyViolationError):
        return Fault(MemberFailed(f"{model} refused: {said}", reason=FailureReason.REFUSED), unbilled=True)
    message = f"{model} answered with status {status}: {said}"
    if status in _CLOSED or _code(error) in _NO_CREDIT:
        return Fault(ProviderClosed(message), unbilled=True)
    if status in _PASSING or (status >= 500 and status not in _NEVER_PASSING):
        return Fault(ProviderBusy(message, retry_after_s=_retry_after_s(error, clock)), unbilled=True)
    return Fault(MemberFailed(message, reason=FailureReason.PROVIDER), unbilled=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _root(causes: list[BaseException]) -> str:
    """What went wrong at the bottom, such as "Connection refused"."""
    last = causes[-1]
    said = (last.strerror if isinstance(last, OSError) else None) or str(last) or type(last).__name__
    return " ".join(said.split())[:_SHOWN]


def _said(error: Exception) -> str:
    """The provider's own words, without litellm's labels around them."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, Mapping) else None
    text = str(message or error).split("LiteLLM:")[0].split("\n")[0]
    return " ".join(_LABELS.sub("", text).split())[:_SHOWN] or type(error).__name__


def _code(error: Exception) -> str:
    body = getattr(error, "body", None)
    return str(body.get("code") or body.get("type")) if isinstance(body, Mapping) else ""


def _retry_after_s(error: Exception, clock: Callable[[], datetime]) -> float | None:
    """The header's seconds, or its date seen from now; None where there is none that can be read."""
    headers: Mapping[str, Any] = getattr(error, "litellm_response_headers", None) or {}
    said = str(headers.get("retry-after") or "").strip()
    if said.replace(".", "", 1).isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - clock()).total_seconds())
    except (ValueError, TypeError):
        return None
