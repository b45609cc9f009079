"""Opening the store and the ledger that a command was pointed at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import Settings, read_settings
from db.errors import BadInput

if TYPE_CHECKING:
    from db.events.store import EventStore
    from db.ledger.ledger import Ledger


def store_path(store: Path | None) -> Path:
    """The store's folder or `s3://` address: the option, else the settings."""
    return store or read_settings().store


def open_store(store: Path | None) -> EventStore:
    """The event store, in a folder or on object storage; raises StoreMissing with what to do."""
    from db.events.store import EventStore  # duckdb, numpy: not for commands that need the ledger alone

    return EventStore(store_path(store))


def ledger_address(address: str | None) -> str:
    """The ledger's file or URL: the option, else the settings."""
    return address or read_settings().database_url


def open_ledger(address: str | None) -> Ledger:
    """The ledger, made if it is not there."""
    from db.ledger.ledger import Ledger  # sqlalchemy: not for commands that need the store alone

    return Ledger(ledger_address(address))


def existing_ledger(address: str | None) -> Ledger:
    """The ledger that is there; raises BadInput where its file is not, rather than make an empty one."""
    place = ledger_address(address)
    if "://" not in place and not Path(place).exists():
        raise BadInput(f"there is no ledger at {place}: name it with --ledger or AUSPEX_DATABASE_URL")
    return open_ledger(address)


def settings_at(store: Path | None, ledger: str | None) -> Settings:
    """The settings, with the store and the ledger that a command was pointed at; the jobs lie where its ledger does."""
    settings = read_settings()
    return settings.model_copy(update={"store": store_path(store), "database_url": ledger or settings.database_url})
