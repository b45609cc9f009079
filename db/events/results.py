"""What a snapshot's queries return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Bucket = Literal["day", "week", "month"]
Role = Literal["subject", "object", "both"]


@dataclass(frozen=True, slots=True)
class Event:
    """One (day, subject, base code, object) with what its rows add up to: summed mentions, mean tone, Goldstein.

    `added_at` is when the newest of its visible rows became known. A source that reads no tone (ICEWS) leaves it None.
    """

    day: date
    subject: str
    object: str
    code: str
    mentions: int
    reports: int
    tone: float | None
    goldstein: float
    url: str
    event_id: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Bin:
    """One bucket of a timeline: its first day, how many events, and their summed mentions."""

    first_day: date
    events: int
    mentions: int


@dataclass(frozen=True, slots=True)
class WindowComparison:
    """Events per day of one code in the recent window and in the baseline before it, and how many there were."""

    code: str
    recent: int
    baseline: int
    recent_per_day: float
    baseline_per_day: float
