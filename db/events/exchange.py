"""Event stores between a folder and a bucket: what one has and the other has not, in both directions, nothing lost.

Events are only ever added and are told apart by their id, so two stores always have a union. A pull makes the folder's
store the union. A push makes the bucket's store the union: it takes in those months of the bucket's that could hold an
event of its own, uploads the partitions that the bucket lacks and puts the manifest last, on the condition that the
bucket's is still the one that was read. Whoever puts second is refused and begins again: two writers cannot lose each
other's events (docs/decisions/011-a-push-is-a-union.md).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import xxhash

from db.errors import StoreCorrupt, StoreError, StoreMissing
from db.events.bucket import FOLDER, read_remote
from db.events.columns import COLUMNS, table_sql
from db.events.files import writable
from db.events.manifest import (
    NAME,
    Manifest,
    Partition,
    manifest_text,
    problem_of,
    publish_manifest,
    read_manifest,
    sync_folder,
)
from db.events.object_storage import Bucket, Lost
from db.events.partitions import publish, writing

Progress = Callable[[int, int, str], None]
"""Called with (partitions done, partitions in all, what is being done)."""

_TURNS = 20
"""How often a push begins again because another writer was first."""
GRACE = timedelta(days=1)
"""How long superseded objects stay: for readers that opened the store before, and for uploads that are under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """What a pull or a push did: the union it made, how many `events` and how many of them `added` to where it went.

    Months are `copied` as they are, `merged` row by row into the folder, and `uploaded`.
    """

    fingerprint: str
    events: int
    added: int
    copied: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    uploaded: tuple[str, ...] = ()
    bytes_up: int = 0
    bytes_down: int = 0


def pull(address: str, store: Path, *, progress: Progress | None = None) -> Exchanged:
    """Take into the folder what the bucket has and it has not. Raises StoreMissing if the bucket holds no store."""
    bucket = Bucket(address)
    remote, _ = read_remote(bucket)  # before the folder is made: a wrong address leaves none behind
    with writing(store):
        try:
            before = read_manifest(store)
        except StoreMissing:
            before = Manifest()
        apart, shared = _lacking(before, remote)
        fetched = _download(bucket, [*apart, *shared], store, progress)
        local = before.with_partitions({part.month: part for part in apart})
        if apart:
            publish_manifest(store, local)
        local = _merge(store, local, shared)
    return Exchanged(
        fingerprint=local.fingerprint,
        events=local.rows,
        added=local.rows - before.rows,
        copied=_months(apart),
        merged=_months(shared),
        bytes_down=fetched,
    )


def push(store: Path, address: str, *, grace: timedelta = GRACE, progress: Progress | None = None) -> Exchanged:
    """Make the bucket's store the union of both; the folder takes in only months that could hold an event of its own.

    A push that is killed leaves the bucket's store as it was. Superseded objects older than `grace` are removed.
    Raises StoreCorrupt if a partition of the folder is not whole, and StoreError if other writers are first twenty
    times in a row.
    """
    read_manifest(writable(store))  # before the folder is made: a wrong one leaves none behind
    bucket = Bucket(address)
    with writing(store):
        for _ in range(_TURNS):
            try:
                return _push_once(bucket, store, grace, progress)
            except Lost:
                continue
    raise StoreError(f"{address} was changed by other writers {_TURNS} times during this push: push again later")


def _push_once(bucket: Bucket, store: Path, grace: timedelta, progress: Progress | None) -> Exchanged:
    """One turn of a push; raises Lost if another writer was first."""
    try:
        remote, etag = read_remote(bucket)
    except StoreMissing:
        remote, etag = Manifest(), ""
    local = _whole(store)
    apart, shared = _lacking(local, remote)
    fetched = _download(bucket, shared, store, progress)
    local = _merge(store, local, shared)
    sent = _upload(bucket, store, local, progress)
    union = local.with_partitions({part.month: part for part in apart})
    if union.fingerprint != remote.fingerprint:
        bucket.put(NAME, manifest_text(union), if_match=etag, if_absent=not etag)
        _drop_superseded(bucket, union, before=datetime.now(UTC) - grace)
    return Exchanged(
        fingerprint=union.fingerprint,
        events=union.rows,
        added=union.rows - remote.rows,
        merged=_months(shared),
        uploaded=_months(sent),
        bytes_up=sum(part.bytes for part in sent),
        bytes_down=fetched,
    )


def _lacking(local: Manifest, remote: Manifest) -> tuple[list[Partition], list[Partition]]:
    """What the bucket has and the folder has not: months apart from all that only the folder has, and the others."""
    own = {part.checksum for part in local.partitions.values()}
    theirs = {part.checksum for part in remote.partitions.values()}
    ours_alone = [part for part in local.partitions.values() if part.checksum not in theirs]
    missing = [part for _, part in sorted(remote.partitions.items()) if part.checksum not in own]
    shared = [part for part in missing if any(_may_share(part, other) for other in ours_alone)]
    return [part for part in missing if part not in shared], shared


def _may_share(part: Partition, other: Partition) -> bool:
    """Whether two partitions can hold the same event, or are of one month: then their rows are merged."""
    return part.month == other.month or (part.lowest_id <= other.highest_id and other.lowest_id <= part.highest_id)


def _merge(store: Path, local: Manifest, parts: Sequence[Partition]) -> Manifest:
    """Publish the rows of downloaded partitions that the folder has not, one partition after the other."""
    for part in parts:
        with (
            tempfile.TemporaryDirectory(prefix=".pull-", dir=store) as workplace,
            duckdb.connect(config={"memory_limit": "900MB", "temp_directory": workplace}) as connection,
        ):
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(table_sql("staged"))
            columns = ", ".join(COLUMNS)
            connection.execute(
                f"INSERT INTO staged ({columns}) SELECT {columns} FROM read_parquet(?)", [str(store / part.file)]
            )
            local, _ = publish(connection, store, local)
    return local


def _download(bucket: Bucket, parts: Sequence[Partition], store: Path, progress: Progress | None) -> int:
    """Copy partitions into the folder; returns the bytes that had to be fetched."""
    fetched = 0
    for done, part in enumerate(parts, start=1):
        if problem_of(store, part, deep=False) is not None:
            _download_one(bucket, part, store)
            fetched += part.bytes
        if progress:
            progress(done, len(parts), "pull")
    return fetched


def _download_one(bucket: Bucket, part: Partition, store: Path) -> None:
    """Copy one partition into the folder under its name; raises StoreCorrupt if it is not what the manifest says."""
    target = store / part.file
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{os.getpid()}.tmp")
    digest = xxhash.xxh3_128()
    try:
        with temporary.open("wb") as sink:
            for chunk in bucket.chunks(part.file):
                digest.update(chunk)
                sink.write(chunk)
            sink.flush()
            os.fsync(sink.fileno())
        if digest.hexdigest() != part.checksum:
            raise StoreCorrupt(
                f"{bucket.address}/{part.file} does not match its checksum: push it again from a whole store"
            )
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)


def _whole(store: Path) -> Manifest:
    """The folder's manifest; raises StoreCorrupt rather than spread a partition that is not whole."""
    manifest = read_manifest(store)
    found = (problem_of(store, part, deep=False) for _, part in sorted(manifest.partitions.items()))
    if problems := [problem for problem in found if problem]:
        raise StoreCorrupt(f"event store {store}: {'; '.join(problems)}. Nothing was pushed")
    return manifest


def _upload(bucket: Bucket, store: Path, manifest: Manifest, progress: Progress | None) -> list[Partition]:
    """Upload the partitions that the bucket lacks; returns them. An object is there whole or not at all."""
    listed = bucket.list(FOLDER)
    lacking = [
        part
        for _, part in sorted(manifest.partitions.items())
        if part.file not in listed or listed[part.file].bytes != part.bytes
    ]
    for done, part in enumerate(lacking, start=1):
        bucket.put(part.file, store / part.file)
        if progress:
            progress(done, len(lacking), "push")
    return lacking


def _months(parts: Sequence[Partition]) -> tuple[str, ...]:
    return tuple(part.month for part in parts)


def _drop_superseded(bucket: Bucket, manifest: Manifest, *, before: datetime) -> None:
    live = {part.file for part in manifest.partitions.values()}
    for key, stored in bucket.list(FOLDER).items():
        if key not in live and stored.written_at < before:
            bucket.delete(key)
