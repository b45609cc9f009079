"""Where an event store's files lie: in a folder, or under a prefix of a bucket. Readers need not know which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from db.errors import BadInput
from db.events.manifest import Manifest, Partition, problem_of, read_manifest

if TYPE_CHECKING:
    import duckdb

    from db.events.object_storage import Keys


class StoreFiles(Protocol):
    """What a reader needs of a store's files."""

    @property
    def address(self) -> str:
        """The folder or the `s3://` address, as people read it."""

    @property
    def folder(self) -> Path | None:
        """The folder, where there is one: articles lie in it too. None on object storage."""

    def manifest(self) -> Manifest:
        """The manifest as it is now; raises StoreMissing or StoreCorrupt."""

    def problems(self, manifest: Manifest, *, deep: bool) -> list[str]:
        """What is wrong with the partitions, one sentence each; `deep` reads every byte."""

    def allow(self, connection: duckdb.DuckDBPyConnection, partitions: Sequence[Partition]) -> None:
        """Let a connection, whose access to the outside is closed next, read these partitions and nothing else."""

    def sign_in(self, connection: duckdb.DuckDBPyConnection, known: Keys | None) -> Keys | None:
        """Give a connection the keys of now, unless they are those it has, the `known` ones; returns its keys."""

    def name(self, partition: Partition) -> str:
        """What DuckDB reads the partition by."""


class FolderFiles:
    """An event store in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    @property
    def address(self) -> str:
        return str(self._folder)

    @property
    def folder(self) -> Path | None:
        return self._folder

    def manifest(self) -> Manifest:
        return read_manifest(self._folder)

    def problems(self, manifest: Manifest, *, deep: bool) -> list[str]:
        """A file whose size, inode and change time are those of the last deep check is not read again."""
        found = (problem_of(self._folder, part, deep=deep) for _, part in sorted(manifest.partitions.items()))
        return [problem for problem in found if problem is not None]

    def allow(self, connection: duckdb.DuckDBPyConnection, partitions: Sequence[Partition]) -> None:
        connection.execute(f"SET allowed_directories = [{quoted(self._folder.as_posix())}]")

    def sign_in(self, connection: duckdb.DuckDBPyConnection, known: Keys | None) -> Keys | None:
        """A folder asks for no keys."""
        return known

    def name(self, partition: Partition) -> str:
        return str(self._folder / partition.file)


def files_of(place: Path | str) -> StoreFiles:
    """The files of the store at a folder or an `s3://` address."""
    address = object_address(place)
    if address is None:
        return FolderFiles(Path(place))
    from db.events.bucket import BucketFiles  # boto3: not for stores in folders

    return BucketFiles(address)


def object_address(place: Path | str) -> str | None:
    """The `s3://` address that `place` stands for, else None. A `Path` of one has lost a slash: it gets it back."""
    text = str(place)
    return "s3://" + text.removeprefix("s3:").lstrip("/") if text.startswith("s3:/") else None


def writable(place: Path) -> Path:
    """The folder to write into; raises BadInput for object storage, which is filled by `auspex store push`."""
    if address := object_address(place):
        raise BadInput(f"{address} is on object storage: write into a folder, then `auspex store push {address}`")
    return place


def quoted(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"
