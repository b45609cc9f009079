"""The event store: monthly Parquet partitions in a folder or a bucket, opened through their manifest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from db.errors import BadInput, StoreCorrupt
from db.events.files import files_of
from db.events.filters import View
from db.events.manifest import problem_of, publish_manifest, read_manifest
from db.events.partitions import writing
from db.events.snapshot import Snapshot
from db.records import as_utc

DEFAULT_VIEW = View(min_mentions=20)
"""Credible events: more than 20 summed mentions (docs/decisions/002-what-counts-as-an-event.md)."""


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store holds: number of events, when the first and last were added, months, bytes, and its fingerprint."""

    events: int
    first_added_at: datetime | None
    last_added_at: datetime | None
    months: tuple[str, ...]
    bytes: int
    fingerprint: str


class EventStore:
    """An event store as it was when opened. Several processes may read while one ingests or pushes."""

    def __init__(self, place: Path | str) -> None:
        """Open the store in a folder or at `s3://bucket/prefix`, checking every partition against the manifest.

        A folder's files are read once and then told by size and change time; on object storage the listed sizes are
        compared, in one request. Raises StoreMissing if there is no store, StoreCorrupt if a partition is missing,
        short or altered, StoreError if the storage cannot be reached.
        """
        self._files = files_of(place)
        self._manifest = self._files.manifest()
        if problems := self.problems(deep=False):
            raise StoreCorrupt(f"event store {self.address}: {'; '.join(problems)}. {self._remedy()}")

    def as_of(self, moment: datetime, *, view: View = DEFAULT_VIEW, cache: Literal["memory"] | None = None) -> Snapshot:
        """What was known strictly before `moment`. Raises BadInput for a naive datetime."""
        try:
            cut = as_utc(moment)
        except ValueError as error:
            raise BadInput(f"as_of {error}") from error
        partitions = [part for _, part in sorted(self._manifest.partitions.items())]
        return Snapshot(self._files, partitions, self._manifest.fingerprint, cut, view, cache)

    @property
    def address(self) -> str:
        """The store's folder or `s3://` address."""
        return self._files.address

    @property
    def path(self) -> Path:
        """The store's folder; raises BadInput on object storage, where there is none."""
        if self._files.folder is None:
            raise BadInput(f"{self.address} is no folder: `auspex store pull {self.address}` copies it into one")
        return self._files.folder

    def info(self) -> StoreInfo:
        """What the store holds, from its manifest."""
        parts = [part for _, part in sorted(self._manifest.partitions.items())]
        return StoreInfo(
            events=self._manifest.rows,
            first_added_at=min((part.first_added_at for part in parts), default=None),
            last_added_at=max((part.last_added_at for part in parts), default=None),
            months=tuple(part.month for part in parts),
            bytes=sum(part.bytes for part in parts),
            fingerprint=self._manifest.fingerprint,
        )

    def problems(self, *, deep: bool = True) -> list[str]:
        """What is wrong with the store's partitions, one sentence each; `deep` reads every byte again."""
        return self._files.problems(self._manifest, deep=deep)

    def _remedy(self) -> str:
        if self._files.folder is None:
            return f"Push them again from a whole store: `auspex store push {self.address}`"
        where = self._files.folder
        return f"Set the bad months aside with `auspex store verify --quarantine --store {where}` and ingest them again"


def quarantine(path: Path) -> list[str]:
    """Set the bad months of the store at `path` aside into `quarantine/`, so that the rest opens; returns them."""
    store = path.resolve()
    with writing(store):
        manifest = read_manifest(store)
        bad = [part for _, part in sorted(manifest.partitions.items()) if problem_of(store, part, deep=True)]
        for part in bad:
            manifest = manifest.without(part.month)
        if bad:
            publish_manifest(store, manifest)
        for part in bad:
            if (store / part.file).exists():
                (store / "quarantine").mkdir(exist_ok=True)
                (store / part.file).rename(store / "quarantine" / f"{part.month}-{Path(part.file).name}")
    return [part.month for part in bad]
