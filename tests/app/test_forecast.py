"""`auspex forecast` on the screen: the answers, and how these questions are resolved."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from app.commands.forecast import forecast, read_questions
from db.errors import BadInput
from db.ledger.ledger import Ledger
from db.questions.factory import binary_question
from db.records import BinaryQuestion, EventCriterion, Question
from tests.member_worlds import AS_OF, build_store

DAY = date(2025, 6, 3)
EVENT = binary_question(EventCriterion(subject="CHN", object="TWN", first_day=DAY, last_day=DAY), open_at=AS_OF)
WORDS = BinaryQuestion(text="Will [/bold] it rain?", open_at=AS_OF, resolve_by=AS_OF + timedelta(days=7))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_store(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize(
    ("question", "member", "then"),
    [
        (EVENT, "climatology", "Next: auspex resolve\n"),
        (WORDS, "direct:scripted", f"Next: auspex questions resolve {WORDS.id[:8]} yes\n"),
    ],
)
def test_answers_are_shown_and_what_resolves_them(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], question: Question, member: str, then: str
) -> None:
    ledger = str(tmp_path / "ledger.db")
    with Ledger(ledger) as book:
        book.append([question])
    forecast(None, None, [member], None, "", None, store, ledger, as_json=False)
    shown = capsys.readouterr().out
    assert question.text.split()[-1] in shown and question.id[:8] in shown and "%" in shown
    assert shown.endswith(then)


def test_file_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "q.json"
    for content in ("[" * 100_000, "{}\n" + "[" * 100_000):
        path.write_text(content)
        with pytest.raises(BadInput, match="questions file"):
            read_questions(path)
