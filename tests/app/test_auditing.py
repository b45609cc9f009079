"""`auspex ledger verify` and `reindex`: an index that is not what the journal makes it is said and mended."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.commands.ledger import reindex, verify
from db.ledger.ledger import Ledger
from db.ledger.restoring import restore
from db.records import BinaryQuestion

OPEN = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def tampered(tmp_path: Path) -> str:
    """A ledger of two questions, of which the index knows one."""
    path = tmp_path / "ledger.db"
    with Ledger(str(path)) as ledger:
        ledger.append(
            [BinaryQuestion(text=f"Case {n}?", open_at=OPEN, resolve_by=OPEN + timedelta(days=7)) for n in range(2)]
        )
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DELETE FROM question_index WHERE position = 2")
        raw.commit()
    return str(path)


def test_verify_says_that_the_index_disagrees_and_how_to_mend_it(
    tampered: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        verify(tampered, as_json=True)
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out) == {"ok": True, "rows": 2, "first_break": None, "index_ok": False}
    with pytest.raises(SystemExit):
        verify(tampered, as_json=False)
    assert "auspex ledger reindex" in capsys.readouterr().out


def test_reindex_mends_it(tampered: str, capsys: pytest.CaptureFixture[str]) -> None:
    reindex(tampered, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"ok": True, "rows": 2}
    verify(tampered, as_json=False)
    assert "The chain of 2 rows holds, and the index agrees with it." in capsys.readouterr().out
    reindex(tampered, as_json=False)
    assert "made anew from 2 rows" in capsys.readouterr().out


def test_verify_of_a_broken_chain_says_nothing_of_the_index(tampered: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(tampered)) as raw:
        raw.execute("DROP TRIGGER entries_no_update")
        raw.execute("UPDATE entries SET member = 'other' WHERE position = 2")
        raw.commit()
    with pytest.raises(SystemExit):
        verify(tampered, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"ok": False, "rows": 2, "first_break": 2, "index_ok": None}


def test_ledger_restored_from_a_backup_with_such_an_index_has_a_sound_one(tampered: str, tmp_path: Path) -> None:
    address = str(tmp_path / "restored.db")
    assert restore(Path(tampered), address, replace=False).rows == 2
    with Ledger(address) as ledger:
        assert ledger.verify().index_ok
        assert len(ledger.views.questions().data) == 2
