"""What the pages read: settings, the ledger's views, the event store and the jobs, each opened once for all readers.

Nothing here writes. What costs time is kept until the ledger grows (`at_head`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from app.settings import Settings, read_settings

if TYPE_CHECKING:
    from app.jobs.client import Jobs
    from db.events.store import EventStore
    from db.ledger.ledger import Ledger
    from db.ledger.views import Views

Found = TypeVar("Found")

_STORE_TTL_S = 30.0
"""For how long an opened event store is used before what was ingested meanwhile is looked for."""


def settings() -> Settings:
    """The settings as the environment has them now."""
    return read_settings()


def ledger() -> Ledger:
    """The ledger, made if it is not there. For pages that append; what is read comes from `views`."""
    return _ledger(settings().database_url)


def views() -> Views:
    """The ledger's lists and columns."""
    return ledger().views


def at_head(what: str, make: Callable[[], Found]) -> Found:
    """What `make` gives, kept until something is appended to the ledger. `what` names it, parameters included."""
    found: Found = _kept(settings().database_url, views().head(), what, make)
    return found


def store() -> EventStore:
    """The event store as it was at most 30 seconds ago; raises StoreMissing with what to do."""
    return _store(str(settings().store))


def jobs() -> Jobs:
    """The jobs: to submit, watch and stop. No worker needs to run for it."""
    found = settings()
    return _jobs(found.jobs_address, found.database_url)


def is_demo() -> bool:
    """Whether the world that is shown is the synthetic one of the demo."""
    from app.demo_world import is_synthetic

    return is_synthetic(Path(settings().store))


def default_as_of() -> datetime:
    """As of when to ask unless one says: now; in the demo, whose world has ended, the midnight after its last event."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    if not is_demo():
        return now
    last = store().info().last_added_at
    return now if last is None else datetime.combine(last.date() + timedelta(days=1), time(), tzinfo=UTC)


@st.cache_resource(show_spinner=False, max_entries=4, on_release=lambda opened: opened.close())
def _ledger(address: str) -> Ledger:
    from db.ledger.ledger import Ledger

    return Ledger(address)


@st.cache_resource(show_spinner=False, ttl=_STORE_TTL_S, max_entries=4)
def _store(place: str) -> EventStore:
    from db.events.store import EventStore

    return EventStore(place)


@st.cache_resource(show_spinner=False, max_entries=4, on_release=lambda opened: opened.close())
def _jobs(address: str, database_url: str) -> Jobs:
    from app.jobs.client import Jobs

    return Jobs(settings())


@st.cache_resource(show_spinner=False, max_entries=128)
def _kept(address: str, head: int, what: str, _make: Callable[[], Any]) -> Any:
    return _make()
