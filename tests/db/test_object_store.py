"""An event store in a bucket answers as the same store in a folder does, and no push loses what another pushed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import boto3
import duckdb
import pytest

from db.articles.store import ArticleStore
from db.errors import BadInput, StoreChanged, StoreCorrupt, StoreError, StoreMissing
from db.events.exchange import pull, push
from db.events.filters import View
from db.events.object_storage import Bucket, Lost
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from tests.gdelt_rows import row, write_csv
from tests.servers.storage import BUCKET, SECRET, object_storage, variables, wire
from tests.snapshot_queries import QUERIES

ADDRESS = f"s3://{BUCKET}/desk"
AS_OF = datetime(2025, 6, 10, tzinfo=UTC)
VIEW = View(min_mentions=0)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with object_storage() as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def endpoint(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the bucket is; it is empty, and the environment points there."""
    for name, value in variables(server).items():
        monkeypatch.setenv(name, value)
    bucket = Bucket(f"s3://{BUCKET}")
    for key in bucket.list(""):
        bucket.delete(key)
    return server


def event(number: int, month: int, day: int) -> str:
    date = f"2025{month:02d}{day:02d}"
    return row(number, SQLDATE=date, DATEADDED=f"{date}120000")


def filled(folder: Path, *rows: str) -> Path:
    """A store in `folder` that holds these rows too."""
    folder.mkdir(exist_ok=True)
    file = write_csv(folder.parent / f"{folder.name}-{abs(hash(rows))}.export.CSV", list(rows))
    ingest_files([file], folder)
    return folder


@pytest.mark.parametrize("cache", [None, "memory"])
def test_every_query_when_the_store_lies_in_a_bucket_answers_as_in_the_folder(
    tmp_path: Path, cache: Literal["memory"] | None
) -> None:
    store = filled(tmp_path / "S", *(event(n, 4 + n % 3, 1 + n % 28) for n in range(60)))
    push(store, ADDRESS)
    local, remote = EventStore(store), EventStore(ADDRESS)
    for moment in (AS_OF, datetime(2025, 5, 3, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)):
        ours, theirs = (found.as_of(moment, view=VIEW, cache=cache) for found in (local, remote))
        for name, query in QUERIES.items():
            answer = query(theirs)  # shares are sums of floats, whose order is free
            assert query(ours) == (pytest.approx(answer) if isinstance(answer, dict) else answer), name
        assert all(found.added_at < moment for found in theirs.events(limit=1000))
        assert theirs.articles.count() == 0
    assert remote.info() == local.info()
    assert remote.problems(deep=True) == []
    assert EventStore(Path(ADDRESS)).address == ADDRESS  # a path of an address has lost a slash


def test_a_snapshot_of_a_bucket_reads_its_partitions_and_nothing_else(tmp_path: Path, endpoint: str) -> None:
    store = filled(tmp_path / "S", event(1, 5, 1))
    push(store, ADDRESS)
    other = Bucket(f"s3://{BUCKET}/other")
    other.put("secret.parquet", (store / _file(store)).read_bytes())
    rows = EventStore(ADDRESS).as_of(AS_OF, view=VIEW)._rows
    for sql in (
        f"SELECT * FROM 's3://{BUCKET}/other/secret.parquet'",
        f"SELECT * FROM '{ADDRESS}/../other/secret.parquet'",
        f"SELECT * FROM '{ADDRESS}/{_file(store)}/../../../../other/secret.parquet'",
        f"SELECT * FROM read_text('{endpoint}/{BUCKET}/other/secret.parquet')",
        "SELECT * FROM read_text('/etc/hostname')",
        f"COPY (SELECT 1) TO '{ADDRESS}/written.csv'",
        "SET allowed_paths = ['/etc/hostname']",
    ):
        with pytest.raises(duckdb.Error):
            rows.run(sql, [])
    assert SECRET not in str(rows.run("SELECT * FROM duckdb_secrets()", []))


def test_a_pushed_store_when_pulled_elsewhere_is_the_same(tmp_path: Path) -> None:
    store = filled(tmp_path / "S", *(event(n, 4 + n % 3, 1 + n % 28) for n in range(30)))
    sent = push(store, ADDRESS)
    assert (len(sent.uploaded), sent.bytes_up) == (3, EventStore(store).info().bytes)
    assert push(store, ADDRESS).uploaded == ()
    taken = pull(ADDRESS, tmp_path / "T")
    assert len(taken.copied) == 3
    assert EventStore(tmp_path / "T").info() == EventStore(store).info()


def test_two_writers_who_push_at_once_lose_nothing(
    tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second manifest is refused by its condition; its writer takes in the first's events and puts again."""
    first = filled(tmp_path / "A", event(1, 5, 1), event(2, 5, 2))
    second = filled(tmp_path / "B", event(2, 5, 2), event(3, 5, 3), event(4, 6, 1))
    met = threading.Event()

    def step_in(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("manifest.json") and not met.is_set():
            met.set()
            push(second, ADDRESS)

    with wire(endpoint, step_in) as through:
        monkeypatch.setenv("AWS_ENDPOINT_URL", through)
        done = push(first, ADDRESS)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert met.is_set()
    assert (done.events, done.added, done.merged) == (4, 1, ("2025-05",))
    assert EventStore(first).info().months == ("2025-05",)  # a month apart from the folder's is not fetched for it
    found = EventStore(ADDRESS).as_of(AS_OF, view=VIEW).events(limit=10)
    assert sorted(item.event_id for item in found) == [1, 2, 3, 4]


def test_a_push_that_is_killed_before_its_manifest_leaves_the_old_store(tmp_path: Path, endpoint: str) -> None:
    store = filled(tmp_path / "S", event(1, 5, 1))
    push(store, ADDRESS)
    before = EventStore(ADDRESS).info()
    filled(store, event(2, 5, 2), event(3, 6, 3))
    at_the_manifest, killed = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("manifest.json"):
            at_the_manifest.set()
            killed.wait(30)
            raise ConnectionAbortedError("the writer is dead")

    with wire(endpoint, hold) as through:
        environment = {**os.environ, "AWS_ENDPOINT_URL": through}
        command = [sys.executable, "-m", "app.cli", "store", "push", ADDRESS, "--store", str(store)]
        pusher = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        assert at_the_manifest.wait(60)
        pusher.send_signal(signal.SIGKILL)
        pusher.wait()
        killed.set()
    assert EventStore(ADDRESS).info() == before
    push(store, ADDRESS)
    assert EventStore(ADDRESS).info() == EventStore(store).info()


def test_commands_take_an_address_where_they_take_a_folder(tmp_path: Path) -> None:
    store = filled(tmp_path / "S", event(1, 5, 1))
    push(store, ADDRESS)

    def auspex(*arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "app.cli", "store", *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, check=True)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    shown = auspex("info", "--store", ADDRESS)
    assert (shown["store"], shown["fingerprint"]) == (ADDRESS, EventStore(store).info().fingerprint)
    assert auspex("verify", "--store", ADDRESS) == {"ok": True, "problems": [], "quarantined": []}
    assert auspex("pull", ADDRESS, "--store", str(tmp_path / "T"))["copied"] == ["2025-05"]


def test_opening_when_an_object_is_missing_or_short_names_it(tmp_path: Path) -> None:
    store = filled(tmp_path / "S", event(1, 5, 1))
    push(store, ADDRESS)
    snapshot = EventStore(ADDRESS).as_of(AS_OF, view=VIEW)
    bucket = Bucket(ADDRESS)
    bucket.put(_file(store), b"short")
    with pytest.raises(StoreCorrupt, match="has 5 bytes instead of .* store push s3://"):
        EventStore(ADDRESS)
    bucket.delete(_file(store))
    with pytest.raises(StoreCorrupt, match="is missing"):
        EventStore(ADDRESS)
    with pytest.raises(StoreChanged, match="open the store again"):
        snapshot.count_events()
    push(store, ADDRESS)
    assert EventStore(ADDRESS).info() == EventStore(store).info()


def test_what_is_not_whole_is_neither_pushed_nor_pulled(tmp_path: Path) -> None:
    store, other = filled(tmp_path / "S", event(1, 5, 1)), filled(tmp_path / "O", event(2, 6, 1))
    push(store, ADDRESS)
    before = EventStore(ADDRESS).info()
    (other / _file(other)).write_bytes(b"damaged")
    with pytest.raises(StoreCorrupt, match="Nothing was pushed"):
        push(other, ADDRESS)
    assert EventStore(ADDRESS).info() == before
    bucket = Bucket(ADDRESS)
    content = (store / _file(store)).read_bytes()
    bucket.put(_file(store), content[:-1] + bytes([content[-1] ^ 1]))
    assert EventStore(ADDRESS).problems(deep=True) == [f"{_file(store)} does not match its checksum"]
    with pytest.raises(StoreCorrupt, match="does not match its checksum"):
        pull(ADDRESS, tmp_path / "T")
    with pytest.raises(StoreMissing):
        EventStore(tmp_path / "T")


def test_superseded_objects_go_when_their_time_is_over(tmp_path: Path) -> None:
    store = filled(tmp_path / "S", event(1, 5, 1))
    first = _file(store)
    push(store, ADDRESS)
    push(filled(store, event(2, 5, 2)), ADDRESS)
    bucket = Bucket(ADDRESS)
    assert first in bucket.list("events/")
    push(filled(store, event(3, 5, 3)), ADDRESS, grace=timedelta(seconds=-5))
    assert len(bucket.list("events/")) == 1
    assert EventStore(ADDRESS).problems(deep=True) == []


def test_opening_when_a_manifest_names_a_file_outside_the_store_refuses(tmp_path: Path) -> None:
    store = filled(tmp_path / "S", event(1, 5, 1))
    content = (store / "manifest.json").read_text().replace(_file(store), "../other/secret.parquet")
    bucket = Bucket(ADDRESS)
    bucket.put("manifest.json", content.encode())
    with pytest.raises(StoreCorrupt, match="no partition file"):
        EventStore(ADDRESS)


def test_what_cannot_be_done_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreMissing, match=f"store push {ADDRESS}"):
        EventStore(ADDRESS)
    with pytest.raises(StoreMissing):
        pull(ADDRESS, tmp_path / "none")
    assert not (tmp_path / "none").exists()
    for wrong in ("s3://x", "s3://no bucket/x", "s3://events/../x"):
        with pytest.raises(BadInput, match="s3://bucket/prefix"):
            EventStore(wrong)
    with pytest.raises(BadInput, match="on object storage: write into a folder"):
        ingest_files([write_csv(tmp_path / "20250520.export.CSV", [row(1)])], Path(ADDRESS))
    with pytest.raises(BadInput, match="on object storage: write into a folder"):
        ArticleStore(Path(ADDRESS))
    with pytest.raises(StoreError, match="NoSuchBucket"):
        push(filled(tmp_path / "S", event(1, 5, 1)), "s3://no-such-bucket/x")
    with pytest.raises(StoreError, match="Could not connect"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        EventStore(ADDRESS)


def test_keys_of_a_profile_that_expire_are_renewed_for_every_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(filled(tmp_path / "S", event(1, 5, 1)), ADDRESS)
    turns = tmp_path / "turns"
    turns.write_text("")
    process = tmp_path / "keys.py"
    process.write_text(
        "import datetime, json, pathlib\n"
        f"turns = pathlib.Path({str(turns)!r})\n"
        "turns.write_text(turns.read_text() + '.')\n"
        "soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5)\n"
        "keys = {'AccessKeyId': 'KEY' + turns.read_text(), 'SecretAccessKey': 's', 'SessionToken': 't'}\n"
        "print(json.dumps({'Version': 1, 'Expiration': soon.isoformat(), **keys}))\n"
    )
    (tmp_path / "config").write_text(f"[profile desk]\ncredential_process = {sys.executable} {process}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "desk")
    rows = EventStore(ADDRESS).as_of(AS_OF, view=VIEW)._rows
    shown = {rows.run("SELECT secret_string FROM duckdb_secrets()", [])[0][0] for _ in range(2)}
    assert len(shown) == 2
    assert all("key_id=KEY." in secret for secret in shown)


def test_a_public_bucket_is_read_without_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push(filled(tmp_path / "S", event(1, 5, 1)), ADDRESS)
    everyone = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"]}
    names = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    policy = {"Version": "2012-10-17", "Statement": [{**everyone, "Resource": names}]}
    boto3.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert EventStore(ADDRESS).as_of(AS_OF, view=VIEW).count_events() == 1


@pytest.mark.parametrize("module", ["boto3", "duckdb_extension_httpfs"])
def test_without_the_extra_one_sentence_names_it(module: str) -> None:
    program = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from app.cli import main\n"
        f"sys.argv = ['auspex', 'store', 'info', '--store', {ADDRESS!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2 and "pip install 'auspex[s3]'" in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_a_conditional_put_writes_over_what_was_read_and_nothing_else() -> None:
    bucket = Bucket(ADDRESS)
    bucket.put("note", b"one", if_absent=True)
    with pytest.raises(Lost):
        bucket.put("note", b"two", if_absent=True)
    _, etag = bucket.get("note") or (b"", "")
    bucket.put("note", b"two", if_match=etag)
    with pytest.raises(Lost):
        bucket.put("note", b"three", if_match=etag)
    assert bucket.get("note") is not None
    assert (bucket.get("note") or (b"", ""))[0] == b"two"


def _file(store: Path) -> str:
    """The name of a store's only partition."""
    [path] = (store / "events").rglob("*.parquet")
    return path.relative_to(store).as_posix()
