"""Objects in a bucket: read, written under a condition, listed. Any S3-compatible storage, through boto3.

Keys, region and endpoint are those that boto3 finds: `AWS_*` variables, profiles, the role of the machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from db.errors import BadInput, StoreError

EXTRA = "event stores on object storage need the extra `s3`: pip install 'auspex[s3]'"
_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,254}")
_CHUNK = 1 << 20


class Lost(Exception):
    """A conditional write met an object that is not the one it was conditioned on: somebody else wrote first."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One object: bytes, and when it was last written."""

    bytes: int
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Keys:
    """Who asks; empty for a public bucket."""

    key_id: str = ""
    secret: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)


class Bucket:
    """The objects under one prefix of one bucket. What still fails after boto3's attempts is a StoreError."""

    def __init__(self, address: str) -> None:
        """`address` is `s3://bucket/prefix`; raises BadInput for anything else, StoreError without the extra `s3`."""
        parts = urlsplit(address)
        named = parts.scheme == "s3" and _BUCKET_NAME.fullmatch(parts.netloc)
        if not named or parts.query or ".." in parts.path.split("/"):
            raise BadInput(f"{address!r} is no address of object storage: write it as s3://bucket/prefix")
        self.address = address.rstrip("/")
        self.name = parts.netloc
        self._prefix = parts.path.strip("/") + "/" * bool(parts.path.strip("/"))
        with self._faults_told():
            self._client, self._credentials = _connected(_aws_variables())
        if self._credentials is None:
            _connected.cache_clear()  # a role's keys may yet come: its first answer can be late
        self.endpoint: str = self._client.meta.endpoint_url
        self.region: str = self._client.meta.region_name

    def keys(self) -> Keys:
        """The keys as they are now: those of a role are replaced before they expire."""
        if self._credentials is None:
            return Keys()
        with self._faults_told():
            now = self._credentials.get_frozen_credentials()
        return Keys(now.access_key, now.secret_key, now.token or "")

    def get(self, key: str) -> tuple[bytes, str] | None:
        """An object's bytes and its ETag, or None where there is none."""
        with self._faults_told():
            try:
                answer = self._client.get_object(Bucket=self.name, Key=self._prefix + key)
            except self._client.exceptions.NoSuchKey:
                return None
            with closing(answer["Body"]) as body:
                return body.read(), answer["ETag"]

    def chunks(self, key: str) -> Iterator[bytes]:
        """An object's bytes piece by piece; raises StoreError where there is none or the transfer breaks off."""
        with self._faults_told():
            answer = self._client.get_object(Bucket=self.name, Key=self._prefix + key)
            with closing(answer["Body"]) as body:
                yield from body.iter_chunks(_CHUNK)

    def put(self, key: str, content: bytes | Path, *, if_match: str = "", if_absent: bool = False) -> None:
        """Write an object whole, or not at all; the storage compares what arrives with its checksum.

        With `if_match` only over the object of that ETag, with `if_absent` only where there is none: else raises Lost.
        """
        if isinstance(content, bytes):
            self._put(key, content, if_match=if_match, if_absent=if_absent)
        else:
            with content.open("rb") as source:
                self._put(key, source, if_match=if_match, if_absent=if_absent)

    def _put(self, key: str, body: Any, *, if_match: str, if_absent: bool) -> None:
        condition = {"IfMatch": if_match} if if_match else {"IfNoneMatch": "*"} if if_absent else {}
        with self._faults_told():
            try:
                self._client.put_object(Bucket=self.name, Key=self._prefix + key, Body=body, **condition)
            except self._client.exceptions.NoSuchKey as error:  # gone, where one of that ETag was to be
                raise Lost(key) from error
            except self._client.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412):  # being written, or changed
                    raise Lost(key) from error
                raise

    def list(self, folder: str) -> dict[str, Stored]:
        """The objects whose key begins with `folder`, by key; one request a thousand of them."""
        with self._faults_told():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=self._prefix + folder
            )
            return {
                entry["Key"].removeprefix(self._prefix): Stored(entry["Size"], entry["LastModified"])
                for page in pages
                for entry in page.get("Contents", [])
            }

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no fault."""
        with self._faults_told():
            self._client.delete_object(Bucket=self.name, Key=self._prefix + key)

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        """Raise what boto3 raises as one sentence that names the bucket."""
        try:
            from boto3.exceptions import Boto3Error
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise StoreError(EXTRA) from error
        # boto3 raises ValueError for an endpoint that is no address.
        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError, ValueError) as error:
            raise StoreError(
                f"{self.address} cannot be used ({str(error).rstrip('.')}): "
                "check the bucket's name, the AWS_* variables and the AWS profile"
            ) from error


def _aws_variables() -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))


@lru_cache(maxsize=4)
def _connected(variables: frozenset[tuple[str, str]]) -> tuple[Any, Any]:
    """A client and its credentials (None: a public bucket), kept while the variables stay: making one takes 0.1 s."""
    import boto3  # 0.3 s: not for stores in folders
    from botocore import UNSIGNED
    from botocore.config import Config

    session = boto3.Session()
    credentials = session.get_credentials()
    config = Config(
        connect_timeout=10,
        read_timeout=120,
        retries={"mode": "standard"},
        signature_version=None if credentials else UNSIGNED,
    )
    return session.client("s3", region_name=session.region_name or "us-east-1", config=config), credentials
