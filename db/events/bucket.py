"""An event store on object storage: the same manifest and partitions, under one prefix of a bucket.

What is guaranteed: `manifest.json` is one object, read whole and replaced whole; partitions are named after their
content and never change. So a reader sees the store before or after a push and never between.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import xxhash

from db.errors import StoreError, StoreMissing
from db.events.files import quoted
from db.events.manifest import NAME, Manifest, Partition, manifest_of
from db.events.object_storage import EXTRA, Bucket, Keys, Stored

if TYPE_CHECKING:
    import duckdb

FOLDER = "events/"


class BucketFiles:
    """The files of an event store in a bucket. It needs the extra `s3`: boto3 and DuckDB's httpfs.

    Raises StoreError where that is missing, BadInput for an address that is none.
    """

    def __init__(self, address: str) -> None:
        self._bucket = Bucket(address)
        self._httpfs = _httpfs()

    @property
    def address(self) -> str:
        return self._bucket.address

    @property
    def folder(self) -> Path | None:
        return None

    def manifest(self) -> Manifest:
        return read_remote(self._bucket)[0]

    def problems(self, manifest: Manifest, *, deep: bool) -> list[str]:
        """Without `deep` the storage's own listing is compared: it tells of missing and short objects."""
        listed = self._bucket.list(FOLDER)
        found = (
            _listed_problem(part, listed) or (_content_problem(self._bucket, part) if deep else None)
            for _, part in sorted(manifest.partitions.items())
        )
        return [problem for problem in found if problem is not None]

    def allow(self, connection: duckdb.DuckDBPyConnection, partitions: Sequence[Partition]) -> None:
        """Exact names rather than the prefix: a name with `..` in it would be resolved by the storage, after the check.

        Objects are named after their content, so what was read once is never asked for again.
        """
        connection.execute(f"LOAD {quoted(str(self._httpfs))}")
        connection.execute("SET allow_persistent_secrets = false")
        connection.execute("SET enable_http_metadata_cache = true")
        connection.execute("SET validate_external_file_cache = 'NO_VALIDATION'")
        names = ", ".join(quoted(self.name(part)) for part in partitions)
        connection.execute(f"SET allowed_paths = [{names}]")

    def name(self, partition: Partition) -> str:
        return f"{self.address}/{partition.file}"

    def sign_in(self, connection: duckdb.DuckDBPyConnection, known: Keys | None) -> Keys | None:
        keys = self._bucket.keys()
        if keys != known:
            connection.execute(f"CREATE OR REPLACE SECRET store ({', '.join(self._secret(keys))})")
        return keys

    def _secret(self, keys: Keys) -> list[str]:
        """Keys, region and endpoint as boto3 found them: DuckDB asks where boto3 asks."""
        endpoint = urlsplit(self._bucket.endpoint)
        amazon = (endpoint.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
        parts = ["TYPE s3", f"SCOPE {quoted(self.address + '/')}", f"REGION {quoted(self._bucket.region)}"]
        parts += [f"ENDPOINT {quoted(endpoint.netloc)}", f"USE_SSL {str(endpoint.scheme == 'https').lower()}"]
        parts.append(f"URL_STYLE {quoted('vhost' if amazon else 'path')}")
        if keys.key_id:
            parts += [f"KEY_ID {quoted(keys.key_id)}", f"SECRET {quoted(keys.secret)}"]
        if keys.session_token:
            parts.append(f"SESSION_TOKEN {quoted(keys.session_token)}")
        return parts


def read_remote(bucket: Bucket) -> tuple[Manifest, str]:
    """The manifest in the bucket and its ETag; raises StoreMissing or StoreCorrupt."""
    found = bucket.get(NAME)
    if found is None:
        raise StoreMissing(f"no event store at {bucket.address}: fill one with `auspex store push {bucket.address}`")
    content, etag = found
    return manifest_of(content, f"{bucket.address}/{NAME}"), etag


def _listed_problem(part: Partition, listed: dict[str, Stored]) -> str | None:
    if part.file not in listed:
        return f"{part.file} is missing"
    if listed[part.file].bytes != part.bytes:
        return f"{part.file} has {listed[part.file].bytes} bytes instead of {part.bytes}"
    return None


def _content_problem(bucket: Bucket, part: Partition) -> str | None:
    digest = xxhash.xxh3_128()
    for chunk in bucket.chunks(part.file):
        digest.update(chunk)
    return None if digest.hexdigest() == part.checksum else f"{part.file} does not match its checksum"


def _httpfs() -> Path:
    """DuckDB's httpfs as its package holds it, loaded from there: nothing is installed into the user's home."""
    import duckdb

    package = find_spec("duckdb_extension_httpfs")
    if package is None or package.origin is None:
        raise StoreError(EXTRA)
    return Path(package.origin).parent / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
