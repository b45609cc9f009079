"""The ledger on both databases: append-only, chained, safe to run again, and honest about time."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory

from db.errors import BadInput, LedgerError
from db.ledger.engine import NEWEST, migrations
from db.ledger.ledger import Ledger
from db.records import Aggregate, BinaryQuestion, EventCriterion, FailureReason, Forecast, MemberFailure, Resolution
from db.values import ProbabilityValue

OPEN = datetime(2025, 6, 1, tzinfo=UTC)


def question(n: int = 0) -> BinaryQuestion:
    criterion = EventCriterion(
        subject="USA",
        object="CHN",
        codes=("14",),
        first_day=date(2025, 6, 1),
        last_day=date(2025, 6, 7),
        at_least=n + 1,
    )
    return BinaryQuestion(text=f"Question {n}?", open_at=OPEN, resolve_by=OPEN + timedelta(7), criterion=criterion)


def forecast(question_id: str, member: str = "m", probability: float = 0.3, *, as_of: datetime = OPEN) -> Forecast:
    return Forecast(
        question_id=question_id,
        member=member,
        as_of=as_of,
        created_at=as_of,
        value=ProbabilityValue(probability=probability),
    )


def resolution(question_id: str, outcome: bool | str = True) -> Resolution:
    known = OPEN + timedelta(days=7)
    return Resolution(question_id=question_id, outcome=outcome, resolved_at=known, known_at=known)


def test_append_when_repeated_adds_nothing_and_keeps_the_first(address: str) -> None:
    with Ledger(address) as ledger:
        asked = question()
        assert ledger.append([asked, forecast(asked.id, probability=0.3)]) == 2
        assert ledger.append([asked, forecast(asked.id, probability=0.9)]) == 0
        [kept] = ledger.forecasts([asked.id])
        assert kept.value == ProbabilityValue(probability=0.3)
        assert ledger.questions() == [asked]


def test_failed_member_may_forecast_later(address: str) -> None:
    with Ledger(address) as ledger:
        failure = MemberFailure(
            question_id="q", member="m", as_of=OPEN, created_at=OPEN, reason=FailureReason.DEADLINE, detail="too slow"
        )
        ledger.append([failure])
        ledger.append([forecast("q")])
        assert ledger.failures(["q"]) == [failure]
        assert len(ledger.forecasts(["q"])) == 1


def test_rows_cannot_be_changed_or_removed(address: str) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import DBAPIError

    with Ledger(address) as ledger:
        ledger.append([question()])
    url = address.replace("postgresql://", "postgresql+psycopg://") if "://" in address else f"sqlite:///{address}"
    engine = create_engine(url)
    for statement in ("UPDATE entries SET body = '{}'", "DELETE FROM entries"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize(
    ("tampering", "position"),
    [
        ("UPDATE entries SET body = replace(body, '0.3', '0.9') WHERE position = 3", 3),
        ("DELETE FROM entries WHERE position = 2", 3),
        ("UPDATE entries SET member = 'other' WHERE position = 4", 4),
    ],
)
def test_verify_when_a_row_was_tampered_with_names_the_first_break(
    tmp_path: Path, tampering: str, position: int
) -> None:
    path = tmp_path / "ledger.db"
    with Ledger(str(path)) as ledger:
        ledger.append([question(n) for n in range(2)])
        ledger.append([forecast("q", member) for member in "abc"])
        assert ledger.verify().ok
        raw = sqlite3.connect(path)
        raw.execute("DROP TRIGGER entries_no_update")
        raw.execute("DROP TRIGGER entries_no_delete")
        raw.execute(tampering)
        raw.commit()
        raw.close()
        found = ledger.verify()
    assert not found.ok
    assert found.first_break == position


def test_append_from_eight_threads_keeps_one_chain(address: str) -> None:
    with Ledger(address) as ledger:
        threads = [
            threading.Thread(
                target=lambda who=who: [ledger.append([forecast("q", f"{who}-{turn}")]) for turn in range(5)]
            )
            for who in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ledger.counts() == {"forecast": 40}
        found = ledger.verify()
        assert found.ok and found.rows == 40


@pytest.mark.parametrize("outcomes", [(True, True), (True, False)])
def test_of_two_who_resolve_at_once_one_counts(address: str, outcomes: tuple[bool, bool]) -> None:
    asked = [question(n) for n in range(20)]
    with Ledger(address) as ledger:
        ledger.append(asked)
    together, refused, written = threading.Barrier(2), [], []

    def work(number: int) -> None:
        known = OPEN + timedelta(days=7, hours=number)
        with Ledger(address) as own:
            for item in asked:
                said = Resolution(question_id=item.id, outcome=outcomes[number], resolved_at=known, known_at=known)
                together.wait()
                try:
                    written.append(own.resolve([said]))
                except BadInput as error:
                    refused.append(str(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Ledger(address) as ledger:
        assert ledger.counts()["resolution"] == len(asked)
        assert ledger.verify().ok
    assert sum(written) == len(asked)
    assert len(refused) == (0 if outcomes[0] == outcomes[1] else len(asked))


def test_resolve_again_is_idempotent_and_a_change_is_a_correction(address: str) -> None:
    with Ledger(address) as ledger:
        asked = question()
        ledger.append([asked])
        assert ledger.resolve([resolution(asked.id)]) == 1
        assert ledger.resolve([resolution(asked.id)]) == 0
        assert ledger.open_questions() == []
        with pytest.raises(BadInput, match="correction"):
            ledger.resolve([resolution(asked.id, False)])
        assert ledger.resolve([resolution(asked.id, False)], correct=True) == 1
        assert ledger.resolutions()[asked.id].outcome is False
        assert ledger.counts()["resolution"] == 2
        assert ledger.verify().ok


def test_scorable_leaves_out_hindsight_and_annulled(address: str) -> None:
    with Ledger(address) as ledger:
        first, second = question(0), question(1)
        late = OPEN + timedelta(days=8)
        ledger.append([first, second, forecast(first.id), forecast(first.id, "late", as_of=late), forecast(second.id)])
        ledger.resolve([resolution(first.id), resolution(second.id, "ANNULLED")])
        found = ledger.scorable()
    assert [item.forecast.question_id for item in found] == [first.id]
    assert found[0].live


def test_correction_known_later_makes_no_later_forecast_scorable_or_live(address: str) -> None:
    asked, week = question(), timedelta(days=7)
    made_later = Forecast(**forecast(asked.id, "made later").model_dump(exclude={"id"}) | {"created_at": OPEN + week})
    with Ledger(address) as ledger:
        ledger.append([asked, forecast(asked.id), made_later, forecast(asked.id, "later", as_of=OPEN + week)])
        ledger.resolve([resolution(asked.id, False)])
        corrected = Resolution(
            question_id=asked.id, outcome=True, resolved_at=OPEN + 3 * week, known_at=OPEN + 3 * week
        )
        ledger.resolve([corrected], correct=True)
        found = ledger.scorable()
        assert ledger.first_known() == {asked.id: OPEN + week}
    assert [(item.resolution, item.live) for item in found] == [(corrected, True), (corrected, False)]


def test_same_outcome_known_at_another_moment_is_recorded_as_a_correction_alone(address: str) -> None:
    first = resolution("q")
    again = Resolution(**first.model_dump(exclude={"id"}) | {"known_at": OPEN + timedelta(5)})
    with Ledger(address) as ledger:
        ledger.resolve([first])
        assert ledger.resolve([again]) == 0
        assert ledger.resolve([again], correct=True) == 1
        assert ledger.resolve([again], correct=True) == 0
        assert ledger.resolutions()["q"] == again


def test_failures_that_differ_in_their_detail_alone_are_all_kept(address: str) -> None:
    failed = [
        MemberFailure(
            question_id="q", member="m", as_of=OPEN, created_at=OPEN, reason=FailureReason.PROVIDER, detail=f"of {name}"
        )
        for name in "aab"
    ]
    with Ledger(address) as ledger:
        assert ledger.append(failed) == 2
        assert [item.detail for item in ledger.failures()] == ["of a", "of b"]


def test_what_rests_on_a_persons_late_number_is_not_live(address: str) -> None:
    asked, late = question(), OPEN + timedelta(hours=1)  # its window begins at OPEN
    number = Forecast(**forecast(asked.id, "human:ada").model_dump(exclude={"id"}) | {"created_at": late})
    member = Forecast(**forecast(asked.id, "m").model_dump(exclude={"id"}) | {"created_at": late})
    common: dict[str, Any] = {
        "question_id": asked.id,
        "as_of": OPEN,
        "created_at": late,
        "value": member.value,
        "spread": 0.0,
    }
    crowd = Aggregate(rule="logit_pool", forecast_ids=(member.id,), n_failed=0, **common)
    both = Aggregate(rule="hybrid:logit_pool", forecast_ids=(number.id, member.id), n_failed=0, **common)
    with Ledger(address) as ledger:
        ledger.append([asked, number, member, crowd, both, resolution(asked.id)])
        live = {item.forecast.id: item.live for item in ledger.scorable()}
    assert live == {number.id: False, member.id: True, crowd.id: True, both.id: False}


def test_backup_holds_the_same_chain(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "a.db")) as ledger:
        ledger.append([question(n) for n in range(3)])
        ledger.backup(str(tmp_path / "b.db"))
        expected = ledger.verify()
    with Ledger(str(tmp_path / "b.db")) as copy:
        assert copy.verify() == expected


def test_open_when_not_a_ledger_says_so(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE entries (a)")
    raw.close()
    with pytest.raises(LedgerError, match="not a ledger"):
        Ledger(str(path))
    (tmp_path / "text.db").write_text("no database " * 200)
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger(str(tmp_path / "text.db"))
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger("postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(BadInput, match="address"):
        Ledger("nonsense://x")


def test_open_from_many_threads_migrates_once(address: str) -> None:
    errors: list[Exception] = []

    def work() -> None:
        try:
            with Ledger(address) as ledger:
                ledger.append([question()])
        except (LedgerError, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with Ledger(address) as ledger:
        assert ledger.counts() == {"question": 1}


def test_newest_schema_is_that_of_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrations()).get_current_head() == NEWEST
