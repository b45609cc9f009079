"""What litellm raises, told apart by what the caller does next: try again, never again, or record it."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from db.errors import MemberFailed, ProviderBusy, ProviderClosed
from db.records import FailureReason

_NOT_KNOWN = (401, 403)
_CLOSED = (*_NOT_KNOWN, 402, 404)
_PASSING = (408, 409, 425, 429)
_NEVER_PASSING = (501, 505)
_NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached")
"""Error codes that say "pay first", whatever status they come with."""

_NO_KEY = re.compile(r"\bmissing\b.*\b(?:key|credentials)\b|_(?:KEY|TOKEN)\b.* is not set", re.IGNORECASE)
_KEY_NAME = re.compile(r"\b[A-Z][A-Z0-9_]*_(?:KEY|TOKEN)\b")
_LABELS = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception)(?::| -)\s*)+")
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """`failure` is what to raise. `unbilled`: there was no answer to pay for, but an error or no connection."""

    failure: MemberFailed
    unbilled: bool


def fault_of(
    error: Exception,
    model: str,
    *,
    sent: bool,
    unset: Sequence[str],
    shown: Callable[[str], str],
    clock: Callable[[], datetime],
) -> Fault:
    """The fault that `error`, raised by litellm while `model` was called, amounts to.

    `sent` says whether a request was on its way, `unset` names the keys that the provider wants and that are not set.
    `shown` removes secrets from texts; `clock` tells how far away a date in a Retry-After header is.
    """
    from litellm.exceptions import ContentPolicyViolationError

    causes = list(_causes(error))
    status = _status(causes)
    said = shown(_said(error))
    hint = f" ({unset[0]} is not set)" if unset else ""
    if status is None:
        return _unanswered(causes, model, said, shown(_root(causes)), hint, sent=sent)
    if isinstance(error, ContentPolicyViolationError):
        return Fault(MemberFailed(f"{model} refused: {said}", reason=FailureReason.REFUSED), unbilled=True)
    message = f"{model} answered with status {status}: {said}"
    if status in _CLOSED or _code(error) in _NO_CREDIT:
        return Fault(ProviderClosed(message + (hint if status in _NOT_KNOWN else "")), unbilled=True)
    if status in _PASSING or (status >= 500 and status not in _NEVER_PASSING):
        return Fault(ProviderBusy(message, retry_after_s=_retry_after_s(error, clock)), unbilled=True)
    return Fault(MemberFailed(message, reason=FailureReason.PROVIDER), unbilled=True)


def _unanswered(causes: list[BaseException], model: str, said: str, root: str, hint: str, *, sent: bool) -> Fault:
    """The fault where no server answered with an error: what it costs depends on how far the call came."""
    import httpx

    never = ssl.SSLError | socket.gaierror | httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol
    if any(isinstance(cause, never) for cause in causes):
        return Fault(ProviderBusy(f"{model} cannot be reached: {root}{hint}"), unbilled=True)
    if any(isinstance(cause, httpx.TransportError | OSError) for cause in causes):
        return Fault(ProviderBusy(f"{model} broke off: {root}"), unbilled=False)
    if _NO_KEY.search(said) and (hint or not sent):
        key = _KEY_NAME.search(said)
        wanted = f"set {key.group()} in the environment" if key else f"{said}{hint}"
        return Fault(ProviderClosed(f"{model} has no key: {wanted}"), unbilled=True)
    if sent:
        return Fault(ProviderBusy(f"{model} sent what is no chat completion: {said}"), unbilled=False)
    return Fault(MemberFailed(f"{model} cannot be called: {said}", reason=FailureReason.PROVIDER), unbilled=True)


def _status(causes: list[BaseException]) -> int | None:
    """The status that a server really sent, if it was an error: litellm makes up a 500 for whatever goes wrong."""
    import httpx

    found = [cause.response.status_code for cause in causes if isinstance(cause, httpx.HTTPStatusError)]
    return found[-1] if found else None


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
    if said.replace(".", "", 1).isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - clock()).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
