"""`auspex demo`: the whole line, from raw files to a leaderboard, on a synthetic world whose truth is known."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from agents.members.equipment import Equipment
from agents.members.registry import build_members
from app.desk import Run, resolve_open, run_crowd
from app.output import emit_json, err, leaderboard_table, out
from app.scoring import Scored, leaderboard, score
from db import cameo
from db.demo import SYNTHETIC, DemoWorld
from db.events.store import DEFAULT_VIEW, EventStore
from db.gdelt.ingest import ingest_files
from db.ledger.ledger import Ledger, Scorable
from db.questions.factory import generate
from db.questions.resolver import criterion_of
from db.records import BinaryQuestion, Forecast, Question, RelationQuestion
from db.values import CodesValue, ProbabilityValue

ORACLE = "best possible"
HORIZON_DAYS = 7
N_QUESTIONS = 400
AS_OF = (date(2024, 12, 2),)


def run(seed: int, folder: Path | None, *, as_json: bool) -> None:
    """Make a world, ingest its files, ask, forecast, resolve and score; the folder keeps it all if one is given."""
    started = time.monotonic()
    if folder is not None:
        _play(seed, folder, started, as_json=as_json)
        return
    with tempfile.TemporaryDirectory(prefix="auspex-demo-") as temporary:
        _play(seed, Path(temporary), started, as_json=as_json)


def _play(seed: int, folder: Path, started: float, *, as_json: bool) -> None:
    err.print(SYNTHETIC, style="bold")
    world = DemoWorld(seed)
    err.print(f"1. A year of {len(world.pairs)} pairs of countries is written as GDELT 2.0 files ...")
    world.write_files(folder / "files")
    report = ingest_files([folder / "files"], folder / "store")
    err.print(f"2. {report.rows_kept:,} event rows ingested in {report.seconds:.1f} s.")
    store = EventStore(folder / "store")
    with Ledger(str(folder / "ledger.db")) as ledger:
        runs = [_forecast(store, ledger, day, seed) for day in AS_OF]
        now = datetime.now(UTC)
        resolved = resolve_open(store, ledger, now=now)
        err.print(f"4. {resolved.resolved} questions resolved by the store itself, {resolved.still_open} still open.")
        items = ledger.scorable()
        verified = ledger.verify()
    scored = [found for item in items if (found := score(item)) is not None]
    scored += _oracle(world, items)
    rows = leaderboard(scored)
    members = [row for row in rows if row["member"] != ORACLE]
    oracle = next(row for row in rows if row["member"] == ORACLE)
    seconds = time.monotonic() - started
    if as_json:
        content: dict[str, Any] = {
            "synthetic": True,
            "questions": sum(len(questions) for questions, _ in runs),
            "forecasts": sum(len(done.forecasts) for _, done in runs),
            "resolved": resolved.resolved,
            "members": members,
            "oracle": {key: oracle[key] for key in ("n", "brier", "log_score", "brier_codes", "log_score_codes")},
            "ledger_ok": verified.ok,
            "seconds": seconds,
        }
        emit_json(content)
        return
    leaderboard_table(rows, "5. Leaderboard")
    out.print(f"“{ORACLE}” knows the process behind this synthetic world; nobody can expect to beat it.")
    out.print(
        f"The ledger's chain of {verified.rows} rows {'holds' if verified.ok else 'IS BROKEN'}. {seconds:.0f} s in all."
    )
    out.print("\nNext, with real events (free from the GDELT Project, https://www.gdeltproject.org/):")
    out.print("  auspex ingest http://data.gdeltproject.org/gdeltv2/masterfilelist.txt --from DATE --to DATE")
    out.print(
        "  auspex ask 'Will China threaten Taiwan?' --actor1 China --actor2 Taiwan --codes 13 --from DATE --to DATE"
    )


def _forecast(store: EventStore, ledger: Ledger, day: date, seed: int) -> tuple[list[Question], Run]:
    cut = datetime(day.year, day.month, day.day, tzinfo=UTC)
    questions: list[Question] = list(
        generate(store.as_of(cut, view=DEFAULT_VIEW), horizon_days=HORIZON_DAYS, n=N_QUESTIONS, seed=seed)
    )
    crowd = build_members([], Equipment())
    done = run_crowd(questions, store, crowd, as_of=cut, now=datetime.now(UTC), ledger=ledger)
    err.print(
        f"3. As of {day}: {len(crowd)} members answered {len(questions)} questions about the next {HORIZON_DAYS} days "
        f"in {done.seconds:.1f} s ({len(done.failures)} failures)."
    )
    return questions, done


def _oracle(world: DemoWorld, items: list[Scorable]) -> list[Scored]:
    """The scores of the true probabilities on the same questions; true sets are what is likelier than not."""
    asked = {item.question.id: item for item in items if isinstance(item.forecast, Forecast)}
    found: list[Scored] = []
    for day in {item.forecast.as_of.date() for item in asked.values()}:
        now = [item for item in asked.values() if item.forecast.as_of.date() == day]
        binary = [item for item in now if isinstance(item.question, BinaryQuestion)]
        criteria = [criterion for item in binary if (criterion := criterion_of(item.question)) is not None]
        for item, p in zip(binary, world.oracle(criteria, day), strict=True):
            found.append(_scored(item, ProbabilityValue(probability=float(p))))
        queries = [(q.subject, q.object, q.day) for item in now if isinstance(q := item.question, RelationQuestion)]
        relation = [item for item in now if isinstance(item.question, RelationQuestion)]
        for item, row in zip(relation, world.oracle_codes(queries, day), strict=True):
            by_root = {
                root: 1 - float(np.prod([1 - p for c, p in zip(world.codes, row, strict=True) if c[:2] == root]))
                for root in cameo.root_codes()
            }
            p_codes = {code: float(p) for code, p in zip(world.codes, row, strict=True)} | by_root
            chosen = tuple(code for code, p in p_codes.items() if p > 0.5)
            found.append(_scored(item, CodesValue(probabilities=p_codes, selected=chosen)))
    return found


def _scored(item: Scorable, value: CodesValue | ProbabilityValue) -> Scored:
    truth = Forecast(
        question_id=item.question.id,
        member=ORACLE,
        as_of=item.forecast.as_of,
        created_at=item.forecast.created_at,
        value=value,
    )
    found = score(Scorable(item.question, truth, item.resolution, item.live))
    if found is None:
        raise ValueError(f"the truth of question {item.question.id} could not be scored")
    return found
