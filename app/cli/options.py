"""The options that commands share, and what their text means."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from db.errors import BadInput

Store = Annotated[
    Path | None, typer.Option("--store", help="Folder or s3:// address of the event store [AUSPEX_STORE].")
]
LedgerAt = Annotated[str | None, typer.Option("--ledger", help="Ledger: a file or postgresql:// URL.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="Information cut-off: a date or an ISO time with a zone.")]
Members = Annotated[
    str,
    typer.Option(
        "--members",
        "--member",
        help="Comma-separated members, such as boosting,react:openai/gpt-5; all statistical ones if left out.",
    ),
]
Budget = Annotated[
    float | None, typer.Option("--budget-usd", min=0.0, help="What models may cost at most [AUSPEX_BUDGET_USD].")
]


def moment(text: str, option: str) -> datetime:
    """A date (midnight UTC) or an ISO time with a zone; raises BadInput for anything else."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=UTC)
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} {text!r} is not a date: write 2025-06-01 or 2025-06-01T12:00:00+00:00") from None
    if parsed.tzinfo is None:
        raise BadInput(f"{option} {text!r} has no time zone: write it with one, such as {text}+00:00")
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise BadInput(f"{option} {text!r} lies outside the years 1 to 9999 in UTC: say another moment") from None


def plain_text(text: str, option: str) -> str:
    """The text, if it is one; raises BadInput for bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput(f"{option} {text!r} is no text in UTF-8: write it in letters") from None
    return text


def day(text: str | None, option: str) -> date | None:
    """A date, or None where none was given; raises BadInput for anything else."""
    if text is None:
        return None
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} {text!r} is not a date: write it as 2025-06-01") from None


def listed(text: str) -> list[str]:
    """The parts of a comma-separated option."""
    return [part.strip() for part in text.split(",") if part.strip()]


def numbers(text: str, option: str) -> list[int]:
    """The whole numbers of a comma-separated option, each at least 1; raises BadInput for anything else."""
    parts = listed(text)
    if not parts or not all(part.isdecimal() and int(part) for part in parts):
        raise BadInput(f"{option} {text!r} is not a list of whole numbers above 0: write it as 1,7,30")
    return [int(part) for part in parts]
