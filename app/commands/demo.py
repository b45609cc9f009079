"""`auspex demo`: the whole line, from raw files to a leaderboard, on a synthetic world whose truth is known."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from app.demo_world import LEDGER, build
from app.output import emit_json, err, leaderboard_table, out
from app.scoring import Scored, leaderboard, score
from db import cameo
from db.demo import SYNTHETIC, DemoWorld
from db.ledger.ledger import Ledger
from db.ledger.scorable import Scorable
from db.questions.resolver import criterion_of
from db.records import BinaryQuestion, Forecast, RelationQuestion
from db.values import CodesValue, ProbabilityValue

ORACLE = "best possible"


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
    demo = build(folder, err.print, seed=seed)
    with Ledger(str(folder / LEDGER)) as ledger:
        items = ledger.scorable()
        verified = ledger.verify()
    scored = [found for item in items if (found := score(item)) is not None]
    scored += _oracle(demo.world, items)
    rows = leaderboard(scored)
    members = [row for row in rows if row["member"] != ORACLE]
    oracle = next(row for row in rows if row["member"] == ORACLE)
    seconds = time.monotonic() - started
    if as_json:
        content: dict[str, Any] = {
            "synthetic": True,
            "questions": sum(len(questions) for questions, _ in demo.runs),
            "forecasts": sum(len(done.forecasts) for _, done in demo.runs),
            "resolved": demo.resolved.resolved,
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
