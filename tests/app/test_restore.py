"""Restoring a ledger: from a backup taken while it was written to, whole or not at all, on either database."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.scoring import leaderboard, score
from db.errors import BadInput, LedgerError
from db.ledger import postgres
from db.ledger.ledger import Ledger
from db.ledger.restoring import restore
from db.records import BinaryQuestion, Forecast, Resolution
from db.values import ProbabilityValue

OPENED = datetime(2025, 5, 1, tzinfo=UTC)
POSTGRES = "postgresql://root@127.0.0.1:5432"


def question(number: int) -> BinaryQuestion:
    return BinaryQuestion(text=f"Question {number}?", open_at=OPENED, resolve_by=OPENED + timedelta(days=9))


def record(ledger: Ledger, numbers: range) -> None:
    """Questions, two members' forecasts of each, and their outcomes."""
    for number in numbers:
        asked = question(number)
        ledger.append([asked])
        ledger.append(
            [
                Forecast(
                    question_id=asked.id,
                    member=member,
                    value=ProbabilityValue(probability=(number * step % 100) / 100),
                    as_of=OPENED,
                    created_at=OPENED,
                )
                for member, step in (("climatology", 37), ("poisson", 11))
            ]
        )
        known = OPENED + timedelta(days=5)
        ledger.resolve(
            [Resolution(question_id=asked.id, outcome=number % 2 == 0, resolved_at=known, known_at=known, source="t")]
        )


def scores(ledger: Ledger, questions: int) -> list[dict[str, Any]]:
    """The leaderboard over the first questions."""
    ids = {question(number).id for number in range(questions)}
    found = (score(item) for item in ledger.scorable() if item.question.id in ids)
    return leaderboard([item for item in found if item])


@pytest.fixture(params=["sqlite", "postgresql"])
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A ledger's address with an empty database, and another where there is nothing yet."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db"), str(tmp_path / "elsewhere" / "ledger.db")
        return
    try:
        admin = psycopg.connect(f"{POSTGRES}/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL on 127.0.0.1:5432: {error}")
    if not shutil.which("pg_dump") or not shutil.which("pg_restore"):
        pytest.skip("pg_dump and pg_restore are not installed")
    name = f"auspex_{uuid.uuid4().hex[:12]}"
    with admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield f"{POSTGRES}/{name}", f"{POSTGRES}/{name}_elsewhere"
        made = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{name}%"]).fetchall()
        for (database,) in made:
            admin.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())


def test_a_backup_taken_while_the_ledger_is_written_to_restores_elsewhere_with_equal_scores(
    addresses: tuple[str, str], tmp_path: Path
) -> None:
    address, elsewhere = addresses
    backup = tmp_path / "backup"
    with Ledger(address) as ledger:
        record(ledger, range(30))
        started, stop = threading.Event(), threading.Event()

        def write_on() -> None:
            with Ledger(address) as writing:
                for number in range(30, 10_000):
                    record(writing, range(number, number + 1))
                    started.set()
                    if stop.is_set():
                        return

        writer = threading.Thread(target=write_on)
        writer.start()
        assert started.wait(30)
        ledger.backup(str(backup))
        stop.set()
        writer.join()
        written = ledger.verify().rows
        before = scores(ledger, 30)
    done = restore(backup, elsewhere)
    assert done.aside == ""
    with Ledger(elsewhere) as ledger:
        found = ledger.verify()
        assert (found.ok, found.rows) == (True, done.rows)
        assert 120 < done.rows <= written
        assert scores(ledger, 30) == before
        assert ledger.views.counts().questions == len(ledger.questions())
        ledger.append([question(10_001)])
        assert ledger.verify().ok


def test_restoring_over_a_ledger_with_rows_needs_replace_and_keeps_what_was_there(
    addresses: tuple[str, str], tmp_path: Path
) -> None:
    address, _ = addresses
    backup = tmp_path / "backup"
    with Ledger(address) as ledger:
        record(ledger, range(2))
        ledger.backup(str(backup))
        record(ledger, range(2, 5))
        rows = ledger.verify().rows
    with pytest.raises(BadInput, match=f"{rows} rows already: --replace"):
        restore(backup, address)
    done = restore(backup, address, replace=True)
    aside = done.aside if "://" not in address else f"{address.rsplit('/', 1)[0]}/{done.aside}"
    with Ledger(address) as ledger, Ledger(aside) as old:
        assert (ledger.verify().rows, old.verify().rows) == (done.rows, rows)
        assert done.rows < rows
        assert old.verify().ok


def test_restoring_when_the_chain_of_the_backup_is_broken_leaves_the_ledger(tmp_path: Path) -> None:
    address, backup = tmp_path / "ledger.db", tmp_path / "backup.db"
    with Ledger(str(address)) as ledger:
        record(ledger, range(2))
        ledger.backup(str(backup))
    with sqlite3.connect(backup) as tampered:
        for (trigger,) in tampered.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            tampered.execute(f"DROP TRIGGER {trigger}")
        tampered.execute("UPDATE entries SET body = replace(body, 'Question 1', 'Question 7') WHERE kind = 'question'")
    tampered.close()
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(LedgerError, match="is broken at row"):
        restore(backup, str(address), replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    with Ledger(str(address)) as ledger:
        assert ledger.verify().ok


def test_restoring_while_somebody_has_the_ledger_open_refuses(tmp_path: Path) -> None:
    address, backup = tmp_path / "ledger.db", tmp_path / "backup.db"
    with Ledger(str(address)) as ledger:
        record(ledger, range(1))
        ledger.backup(str(backup))
        with pytest.raises(LedgerError, match="is in use"):
            restore(backup, str(address), replace=True)
        assert ledger.verify().ok
    assert restore(backup, str(address), replace=True).rows == 4


def test_ledger_has_its_name_again_where_the_restored_one_cannot_take_it(
    addresses: tuple[str, str], tmp_path: Path
) -> None:
    address, _ = addresses
    if "://" not in address:
        pytest.skip("only PostgreSQL's databases are renamed")
    backup = tmp_path / "backup"
    with Ledger(address) as ledger:
        record(ledger, range(1))
        ledger.backup(str(backup))
        record(ledger, range(1, 2))
    staying: list[psycopg.Connection[Any]] = []

    def verify(scratch: str) -> int:
        staying.append(psycopg.connect(scratch.replace("+psycopg", "")))
        return 4

    with pytest.raises(LedgerError, match="could not be done"):
        postgres.restore_dump(backup, address, "x", verify)
    staying[0].close()
    with Ledger(address) as ledger:
        assert ledger.verify().rows == 8
    assert not postgres.exists(f"{address}_restored_x")
    assert not postgres.exists(f"{address}_before_x")


def test_restoring_what_is_no_backup_of_this_kind_of_ledger_names_it(tmp_path: Path) -> None:
    target = str(tmp_path / "ledger.db")
    text, other = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("not a ledger")
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE notes (text)")
    database.close()
    (tmp_path / "dump").write_bytes(b"PGDMP rest of it")
    for backup, address, said in (
        (text, target, "no backup of a ledger"),
        (other, target, "a database but no ledger"),
        (tmp_path / "none", target, "cannot be read"),
        (tmp_path / "dump", target, "backup of a PostgreSQL ledger"),
        (other, f"{POSTGRES}/test", "backup of a SQLite ledger"),
    ):
        with pytest.raises(BadInput, match=said):
            restore(backup, address)
    assert not Path(target).exists()


def test_a_damaged_ledger_is_put_aside_whole_and_its_log_never_meets_the_new_one(tmp_path: Path) -> None:
    address, backup = tmp_path / "ledger.db", tmp_path / "backup.db"
    with Ledger(str(address)) as ledger:
        record(ledger, range(2))
        ledger.backup(str(backup))
    address.write_bytes(b"damaged" * 1000)
    (tmp_path / "ledger.db-wal").write_bytes(b"stale log")
    done = restore(backup, str(address), replace=True)
    assert Path(done.aside).read_bytes().startswith(b"damaged")
    with Ledger(str(address)) as ledger:
        assert ledger.verify().rows == done.rows == 8


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "a.db")) as ledger:
        record(ledger, range(1))

    def auspex(*arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "app.cli", "ledger", *arguments, "--json"]
        answer: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        return answer

    auspex("backup", str(tmp_path / "b.db"), "--ledger", str(tmp_path / "a.db"))
    done = auspex("restore", str(tmp_path / "b.db"), "--ledger", str(tmp_path / "c.db"))
    assert done == {"ok": True, "rows": 4, "first_break": None, "aside": None}
