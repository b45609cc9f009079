"""The index is a function of the journal: however records arrive, whatever arrives first, and from a back-fill too."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, inspect, select, text

from app.learning import rows_of
from app.scoring import score
from db.errors import LedgerError
from db.ledger.engine import migrations
from db.ledger.index_models import AnswerIndex, KindCount, QuestionIndex, RunIndex
from db.ledger.ledger import Ledger
from db.ledger.scorable import Scorable
from db.ledger.verifying import Verification
from db.records import (
    Aggregate,
    BinaryQuestion,
    EventCriterion,
    FailureReason,
    Forecast,
    MemberFailure,
    NumericQuestion,
    Outcome,
    Question,
    Record,
    Resolution,
)
from db.values import ProbabilityValue, QuantilesValue

OPEN = datetime(2025, 6, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOW = EventCriterion(subject="USA", object="CHN", first_day=date(2025, 6, 3), last_day=date(2025, 6, 5))
ASKED: tuple[Question, ...] = (
    BinaryQuestion(text="Events?", open_at=OPEN, resolve_by=OPEN + 7 * DAY, criterion=WINDOW, source_id="7"),
    BinaryQuestion(text="Words?", open_at=OPEN, resolve_by=OPEN + 7 * DAY),
    NumericQuestion(text="How many?", open_at=OPEN, resolve_by=OPEN + 7 * DAY),
)


def said(asked: Question, member: str, *, as_of: timedelta, made: timedelta, rests_on: Sequence[str] = ()) -> Forecast:
    number = isinstance(asked, NumericQuestion)
    return Forecast(
        question_id=asked.id,
        member=member,
        as_of=OPEN + as_of,
        created_at=OPEN + made,
        value=QuantilesValue(levels=(0.5,), values=(3.0,)) if number else ProbabilityValue(probability=0.25),
        evidence=tuple(rests_on),
    )


def pooled(asked: Question, forecasts: Sequence[Forecast], *, made: timedelta) -> Aggregate:
    return Aggregate(
        question_id=asked.id,
        rule="mean",
        as_of=OPEN,
        created_at=OPEN + made,
        forecast_ids=tuple(item.id for item in forecasts),
        value=forecasts[0].value,
        spread=0.0,
        n_failed=0,
    )


def came(asked: Question, outcome: Outcome, known: timedelta) -> Resolution:
    return Resolution(question_id=asked.id, outcome=outcome, resolved_at=OPEN + known, known_at=OPEN + known)


def tables(connection: Connection) -> list[list[tuple[Any, ...]]]:
    """All rows of the index."""
    first = {
        QuestionIndex: QuestionIndex.id,
        AnswerIndex: AnswerIndex.position,
        RunIndex: RunIndex.run_id,
        KindCount: KindCount.kind,
    }
    return [
        [tuple(row) for row in connection.execute(select(table.__table__).order_by(column))]
        for table, column in first.items()
    ]


def engine_of(address: str) -> Engine:
    prefix = "postgresql+psycopg" if "://" in address else "sqlite"
    return create_engine(
        address.replace("postgresql://", f"{prefix}://") if "://" in address else f"sqlite:///{address}"
    )


def everything() -> list[Record]:
    records: list[Record] = []
    for number, asked in enumerate(ASKED):
        made = [said(asked, member, as_of=timedelta(0), made=number * HOUR) for member in ("a", "b")]
        failed = MemberFailure(
            question_id=asked.id, member="c", as_of=OPEN, created_at=OPEN, reason=FailureReason.BUDGET
        )
        records += [asked, *made, pooled(asked, made, made=DAY), failed, came(asked, number > 1 and 3.0, 7 * DAY)]
    return [*records, came(ASKED[0], True, 6 * DAY), came(ASKED[1], "ANNULLED", 9 * DAY)]


def test_index_is_the_same_whatever_arrives_with_what(address: str, tmp_path: Any) -> None:
    records = everything()
    with Ledger(address) as ledger:
        for record in records:
            ledger.append([record], run_id="run")
    with Ledger(str(tmp_path / "at once.db")) as ledger:
        ledger.append(records, run_id="run")
    found = []
    for place in (address, str(tmp_path / "at once.db")):
        engine = engine_of(place)
        with engine.connect() as connection:
            found.append(tables(connection))
        engine.dispose()
    assert found[0] == found[1]
    assert [len(rows) for rows in found[0]] == [3, 17, 1, 5]


def test_question_recorded_after_what_was_said_of_it_knows_all_of_it(address: str) -> None:
    asked = ASKED[1]
    made = said(asked, "a", as_of=timedelta(0), made=HOUR)
    with Ledger(address) as ledger:
        ledger.append([made, pooled(asked, [made], made=HOUR)])
        ledger.append([came(asked, True, 8 * DAY), came(asked, False, 7 * DAY)])
        assert ledger.views.questions().data == []
        ledger.append([asked, said(asked, "b", as_of=timedelta(0), made=2 * HOUR)])
        [row] = ledger.views.questions().data
    assert (row.n_forecasts, row.probability, row.last_forecast_at) == (2, 0.25, OPEN + 2 * HOUR)
    assert (row.outcome, row.known_at, row.first_known_at) == ("no", OPEN + 7 * DAY, OPEN + 7 * DAY)


def test_record_that_is_there_already_changes_nothing(address: str) -> None:
    with Ledger(address) as ledger:
        ledger.append(everything(), run_id="run")
        before = ledger.views.questions().data, ledger.views.runs().data
        assert ledger.append(everything(), run_id="again") == 0
        assert (ledger.views.questions().data, ledger.views.runs().data) == before


def test_columns_are_of_one_moment_while_others_record(address: str) -> None:
    asked = [BinaryQuestion(text=f"Case {n}?", open_at=OPEN, resolve_by=OPEN + DAY) for n in range(40)]
    with Ledger(address) as ledger:
        ledger.append(asked)
        for question in asked:
            ledger.append([said(question, f"m{n}", as_of=timedelta(0), made=HOUR) for n in range(5)])
        recording = threading.Thread(
            target=lambda: [ledger.resolve([came(question, True, 7 * DAY)]) for question in asked]
        )
        recording.start()
        seen = []
        while recording.is_alive():
            columns = ledger.views.scored()
            assert set(np.bincount(columns.question)) <= {5}  # all answers of a question that came, or none
            seen.append(len(columns))
        recording.join()
        assert seen == sorted(seen)
        assert len(ledger.views.scored()) == 200


def test_older_ledger_is_filled_from_its_journal_when_it_is_opened(address: str) -> None:
    with Ledger(address) as ledger:
        ledger.append(everything(), run_id="run")
        ledger.append([said(ASKED[1], f"m{n}", as_of=timedelta(0), made=DAY) for n in range(12)])
    engine = engine_of(address)
    with engine.begin() as connection:
        expected = tables(connection)
        _as_before_the_index(connection)
    with Ledger(address) as ledger:
        assert ledger.verify().ok
        assert ledger.append(everything()) == 0
    with engine.connect() as connection:
        assert tables(connection) == expected
    engine.dispose()


def test_fill_that_is_broken_off_leaves_the_ledger_as_it_was(address: str) -> None:
    with Ledger(address) as ledger:
        ledger.append(everything(), run_id="run")
    engine = engine_of(address)
    with engine.begin() as connection:
        expected = tables(connection)
        _as_before_the_index(connection)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "SELECT 1")
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.rollback()  # as a kill does
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0002"
    Ledger(address).close()
    with engine.connect() as connection:
        assert tables(connection) == expected
    engine.dispose()


def test_row_that_is_no_record_is_named_by_its_position(address: str) -> None:
    with Ledger(address) as ledger:
        ledger.append(everything())
    engine = engine_of(address)
    with engine.begin() as connection:
        _as_before_the_index(connection)
        row = ("21", "forecast", "k", "r", "q", "m", "", "{", "c")
        values = ", ".join(f"'{value}'" for value in row)
        connection.execute(text(f"INSERT INTO entries VALUES ({values})"))
    engine.dispose()
    with pytest.raises(LedgerError, match="row 21 of the ledger is no forecast"):
        Ledger(address)


TAMPERED = (
    "UPDATE answer_index SET probability = 0.9 WHERE kind = 'forecast' AND question_id = :events AND member = 'a'",
    "DELETE FROM answer_index WHERE kind = 'aggregate' AND question_id = :events",
    "UPDATE question_index SET state = 'open' WHERE id = :events",
    "UPDATE run_index SET n_forecasts = n_forecasts + 1 WHERE run_id <> :events",
    "UPDATE kind_counts SET n = n - 1 WHERE kind <> :events",
    "INSERT INTO kind_counts (kind, n) VALUES (:events, 1)",
)


@pytest.mark.parametrize("tampering", TAMPERED)
def test_index_that_the_journal_does_not_make_is_noticed_and_made_anew(address: str, tampering: str) -> None:
    with Ledger(address) as ledger:
        ledger.append(everything(), run_id="run")
        expected = Verification(ok=True, rows=20, first_break=None, index_ok=True)
        assert ledger.verify() == expected
        before = ledger.views.scored().probability.tolist()
        engine = engine_of(address)
        with engine.begin() as connection:
            known = tables(connection)
            connection.execute(
                text(tampering), {"events": ASKED[0].id[:16] if "kind_counts" in tampering else ASKED[0].id}
            )
        assert ledger.verify() == replace(expected, index_ok=False)
        assert ledger.reindex() == 20
        assert ledger.verify() == expected
        assert ledger.views.scored().probability.tolist() == before
        with engine.connect() as connection:
            assert tables(connection) == known
        engine.dispose()


def test_verifying_leaves_the_index_as_it_is_and_open_to_what_comes(address: str) -> None:
    records = everything()
    with Ledger(address) as ledger:
        for record in records:  # often enough for PostgreSQL's driver to have its statements planned
            ledger.append([record], run_id="run")
            assert ledger.verify().index_ok
        ledger.append([said(ASKED[0], "later", as_of=timedelta(0), made=HOUR)], run_id="run")
        assert ledger.views.question(ASKED[0].id).forecasts[-1].member == "later"
        assert ledger.verify() == Verification(ok=True, rows=len(records) + 1, first_break=None, index_ok=True)


def test_questions_of_one_series_are_one_cluster_whoever_reads_them(address: str) -> None:
    due = [OPEN + days * DAY for days in (7, 30)]
    series = [
        BinaryQuestion(text=f"Up by {day:%d %B}?", open_at=OPEN, resolve_by=day, source="fred", source_id="DAAA")
        for day in due
    ]
    records: list[Record] = [*series, *ASKED[:2]]
    for asked in (*series, *ASKED[:2]):
        records += [said(asked, "a", as_of=timedelta(0), made=HOUR), came(asked, True, 7 * DAY)]
    with Ledger(address) as ledger:
        ledger.append(records)
        columns, record = ledger.views.scored(), ledger.track_record()
        scored = [found for item in ledger.scorable() if (found := score(item)) is not None]
    expected = ["fred:DAAA", "fred:DAAA", "USA>CHN", ASKED[1].id]
    assert [columns.clusters[code] for code in columns.cluster] == expected
    assert [item.cluster for item in scored] == expected
    assert [item.cluster for item in record.questions.values()] == expected
    assert rows_of(record, ["a"]).cluster.tolist() == expected


def _as_before_the_index(connection: Connection) -> None:
    """The ledger as an Auspex without an index left it."""
    old = {"alembic_version", "entries", "calls", "traces", "trace_steps"}
    for table in set(inspect(connection).get_table_names()) - old:
        connection.execute(text(f"DROP TABLE {table}"))
    for index in ("ix_entries_kind_position", "ix_entries_run_kind"):
        connection.execute(text(f"DROP INDEX {index}"))
    connection.execute(text("CREATE INDEX ix_entries_run ON entries (run_id)"))
    connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))


HOURS = st.integers(-2 * 24, 12 * 24).map(lambda hours: hours * HOUR)
MEMBERS = st.sampled_from(["m", "human:ada", "m+shown"])
OUTCOMES: dict[int, list[Outcome]] = {0: [True, False, "ANNULLED"], 1: [True, 0.5, "AMBIGUOUS"], 2: [3.0, "ANNULLED"]}


@st.composite
def ledgers(draw: st.DrawFn) -> list[Record]:
    """Questions of several kinds, answers made at any time that may rest on each other, and corrected outcomes."""
    records: list[Record] = list(ASKED)
    made: list[Forecast] = []
    for _ in range(draw(st.integers(1, 8))):
        asked = draw(st.sampled_from(ASKED))
        rests_on = draw(st.lists(st.sampled_from([item.id for item in made]), max_size=2)) if made else []
        as_of = draw(HOURS)
        late = draw(st.integers(0, 60)) * HOUR
        made.append(said(asked, draw(MEMBERS), as_of=as_of, made=as_of + late, rests_on=rests_on))
    records += made
    for asked in ASKED:
        own = [item for item in made if item.question_id == asked.id]
        records += [pooled(asked, own, made=made_at) for made_at in draw(st.lists(HOURS, max_size=1)) if own]
    for number, asked in enumerate(ASKED):
        outcomes = draw(st.lists(st.sampled_from(OUTCOMES[number]), max_size=2, unique=True))
        records += [came(asked, outcome, draw(HOURS)) for outcome in outcomes]
    return records


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=ledgers())
def test_what_can_be_scored_and_is_live_is_the_same_from_the_index_as_from_the_records(
    records: list[Record], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Ledger(str(tmp_path_factory.mktemp("ledger") / "ledger.db")) as ledger:
        ledger.append(records)
        expected, found = ledger.scorable(), ledger.views.scorable()
    columns = found.binary
    binary = [item for item in expected if item.question.kind == "binary"]
    assert {_key(item) for item in found.others} == {_key(item) for item in expected} - {_key(item) for item in binary}
    rows = zip(
        (columns.questions[code] for code in columns.question),
        (columns.members[code] for code in columns.member),
        (columns.sources[code] for code in columns.source),
        (columns.clusters[code] for code in columns.cluster),
        columns.as_of.tolist(),
        columns.created_at.tolist(),
        columns.known_at.tolist(),
        columns.horizon_days.tolist(),
        columns.probability.tolist(),
        columns.outcome.tolist(),
        columns.live.tolist(),
        strict=True,
    )
    assert sorted(rows) == sorted(_as_row(item) for item in binary)


def _key(item: Scorable) -> tuple[str, str, bool]:
    return item.forecast.id, item.resolution.id, item.live


def _as_row(item: Scorable) -> tuple[Any, ...]:
    forecast, question = item.forecast, item.question
    naive = [moment.replace(tzinfo=None) for moment in (forecast.as_of, forecast.created_at, item.resolution.known_at)]
    scored = score(item)
    assert scored is not None
    assert isinstance(forecast.value, ProbabilityValue) and isinstance(item.resolution.outcome, bool | float)
    return (
        question.id,
        f"aggregate ({forecast.rule})" if isinstance(forecast, Aggregate) else forecast.member,
        question.source,
        scored.cluster,
        *naive,
        (question.resolve_by - forecast.as_of) / DAY,
        forecast.value.probability,
        float(item.resolution.outcome),
        item.live,
    )
