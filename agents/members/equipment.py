"""What members are built with: everything that they may use besides the snapshot that they are asked under."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.members.fits import FitCache
from agents.members.past import Past, no_past

if TYPE_CHECKING:
    from agents.llm.client import LlmClient
    from db.traces import Trace

Keep = Callable[["Trace"], None]
"""Keeps the trace of a run, with its evidence; given by `app`, which alone writes the ledger."""


def _forget(trace: Trace) -> None:
    """Keeps nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """Fitted models, the door to language models (None: there are none), what becomes of traces, and what was known of
    earlier questions."""

    fits: FitCache = field(default_factory=FitCache)
    llm: LlmClient | None = None
    keep: Keep = _forget
    past: Past = no_past
