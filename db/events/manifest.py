"""The manifest of an event store: which partition files are the store, and how to tell that they are whole.

`manifest.json` is the one commit point. Partition files are named after their content and never change; a publish
writes new ones beside the old and replaces the manifest with a single `os.replace`, so that every reader sees the
store before or after an ingest and never between (docs/decisions/001-manifest-is-the-commit.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import xxhash

from db.errors import StoreCorrupt, StoreMissing

FORMAT = 1
NAME = "manifest.json"
_FILE = re.compile(r"events/month=\d{4}-\d{2}/[0-9a-f]{16}\.parquet")
GRACE_S = 15 * 60
"""How long superseded partition files stay for readers that opened the store before they were superseded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One month's file: `rows`, `bytes`, XXH3-128 `checksum`, and the ranges that let readers and dedup skip it."""

    month: str
    file: str
    rows: int
    bytes: int
    checksum: str
    first_added_at: datetime
    last_added_at: datetime
    first_event_date: str
    last_event_date: str
    lowest_id: int
    highest_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All partitions of a store, by month."""

    partitions: Mapping[str, Partition] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """A hash of all checksums: equal if and only if the stored events are."""
        content = ",".join(f"{month}:{part.checksum}" for month, part in sorted(self.partitions.items()))
        return hashlib.sha256(content.encode()).hexdigest()[:20]

    @property
    def rows(self) -> int:
        """How many events the store holds."""
        return sum(partition.rows for partition in self.partitions.values())

    def with_partitions(self, changed: Mapping[str, Partition]) -> Manifest:
        """This manifest with some months replaced or added."""
        return Manifest(partitions={**self.partitions, **changed})

    def without(self, month: str) -> Manifest:
        """This manifest without one month."""
        return Manifest(partitions={key: part for key, part in self.partitions.items() if key != month})


def read_manifest(store: Path) -> Manifest:
    """The manifest of the store at `store`; raises StoreMissing or, if it cannot be understood, StoreCorrupt."""
    path = store / NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise StoreMissing(f"no event store at {store}: fill one with `auspex ingest PATH --store {store}`") from None
    return manifest_of(content, str(path))


def manifest_of(text: bytes, where: str) -> Manifest:
    """The manifest that `text` holds; raises StoreCorrupt, naming `where` it was read, if it cannot be understood."""
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise StoreCorrupt(f"{where} has format {content['format']}, this Auspex reads {FORMAT}")
        partitions = {
            entry["month"]: Partition(
                **{
                    **entry,
                    "first_added_at": datetime.fromisoformat(entry["first_added_at"]),
                    "last_added_at": datetime.fromisoformat(entry["last_added_at"]),
                }
            )
            for entry in content["partitions"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise StoreCorrupt(f"{where} cannot be understood ({error}): restore it or ingest again") from error
    if strange := [part.file for part in partitions.values() if not _FILE.fullmatch(part.file)]:
        raise StoreCorrupt(f"{where} names {strange[0]!r}, which is no partition file: restore it or ingest again")
    return Manifest(partitions=partitions)


def manifest_text(manifest: Manifest) -> bytes:
    """The manifest as it is stored."""
    partitions = [
        {
            **asdict(partition),
            "first_added_at": partition.first_added_at.isoformat(),
            "last_added_at": partition.last_added_at.isoformat(),
        }
        for _, partition in sorted(manifest.partitions.items())
    ]
    content = {"format": FORMAT, "fingerprint": manifest.fingerprint, "partitions": partitions}
    return json.dumps(content, indent=1).encode()


def publish_manifest(store: Path, manifest: Manifest) -> None:
    """Make `manifest` the store's, at once and durably; then drop files superseded more than `GRACE_S` ago."""
    replace_durably(store / NAME, manifest_text(manifest))
    live = {partition.file for partition in manifest.partitions.values()}
    for file in (store / "events").rglob("*.parquet"):
        if file.relative_to(store).as_posix() not in live and time.time() - file.stat().st_ctime > GRACE_S:
            file.unlink(missing_ok=True)


def replace_durably(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, force it to disk, and rename it into place."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as sink:
        sink.write(content)
        sink.flush()
        os.fsync(sink.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(path: Path) -> str:
    """The XXH3-128 of a file's bytes, in hex."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as source:
        while chunk := source.read(1 << 22):
            digest.update(chunk)
    return digest.hexdigest()


def problem_of(store: Path, partition: Partition, *, deep: bool) -> str | None:
    """What is wrong with a partition's file, or None.

    `deep` reads every byte; otherwise a file whose size, inode and change time are those of the last deep check passes.
    """
    path = store / partition.file
    try:
        status = path.stat()
    except FileNotFoundError:
        return f"{partition.file} is missing"
    if status.st_size != partition.bytes:
        return f"{partition.file} has {status.st_size} bytes instead of {partition.bytes}"
    identity = [partition.checksum, status.st_size, status.st_ino, status.st_ctime_ns]
    seen = _checked(store)
    if not deep and seen.get(partition.file) == identity:
        return None
    if checksum(path) != partition.checksum:
        return f"{partition.file} does not match its checksum"
    _remember(store, {**seen, partition.file: identity})
    return None


def _checked(store: Path) -> dict[str, list[object]]:
    try:
        content = json.loads((store / "checked.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}  # only a memory of work already done: without it, every file is read again
    return content if isinstance(content, dict) else {}


def _remember(store: Path, checked: dict[str, list[object]]) -> None:
    if os.access(store, os.W_OK):
        temporary = store / f".checked.{os.getpid()}.{threading.get_ident()}.tmp"  # stores are opened by threads too
        temporary.write_text(json.dumps(checked))
        temporary.replace(store / "checked.json")
