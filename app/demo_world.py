"""The demo's store and ledger: a synthetic year ingested from raw files, forecast by the crowd and resolved."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.members.fits import FitCache
    from agents.members.protocol import Member
    from app.desk import Resolved, Run
    from db.demo import DemoWorld
    from db.events.store import EventStore
    from db.ledger.ledger import Ledger
    from db.records import Question

HORIZON_DAYS = 7
N_QUESTIONS = 400
AS_OF = (date(2024, 12, 2),)

STORE, LEDGER = "store", "ledger.db"
"""What the demo's folder holds."""
_MARKER = "synthetic-world.txt"
"""Lies beside the store and says that nothing in it happened."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made: the world, and at each moment the questions and the crowd's run over them."""

    world: DemoWorld
    runs: list[tuple[list[Question], Run]]
    resolved: Resolved


def build(
    folder: Path,
    tell: Tell,
    *,
    seed: int = 0,
    days: Sequence[date] = AS_OF,
    n: int = N_QUESTIONS,
    fits: FitCache | None = None,
) -> Demo:
    """Make a world in `folder`, ingest its files, and on each of `days` forecast `n` questions; then resolve them.

    `tell` is given a sentence after each step; fitted models are kept in `fits`, if there is any.
    """
    from agents.members.equipment import Equipment
    from agents.members.fits import FitCache
    from agents.members.registry import build_members
    from app.desk import resolve_open
    from db.demo import SYNTHETIC, DemoWorld
    from db.events.store import EventStore
    from db.gdelt.ingest import ingest_files
    from db.ledger.ledger import Ledger

    world = DemoWorld(seed)
    tell(f"1. A year of {len(world.pairs)} pairs of countries is written as GDELT 2.0 files ...")
    world.write_files(folder / "files")
    report = ingest_files([folder / "files"], folder / STORE)
    (folder / _MARKER).write_text(f"{SYNTHETIC}\n", encoding="utf-8")
    tell(f"2. {report.rows_kept:,} event rows ingested in {report.seconds:.1f} s.")
    store = EventStore(folder / STORE)
    with Ledger(str(folder / LEDGER)) as ledger:
        crowd = build_members([], Equipment(fits=fits or FitCache()))
        runs = [_forecast(store, ledger, crowd, day, seed=seed, n=n, tell=tell) for day in days]
        resolved = resolve_open(store, ledger, now=datetime.now(UTC))
    tell(f"4. {resolved.resolved} questions resolved by the store itself, {resolved.still_open} still open.")
    return Demo(world, runs, resolved)


def prepare(folder: Path, tell: Tell, *, days: Sequence[date], n: int) -> None:
    """`build` at `folder` unless it is there; half a world is never left behind. The raw files are not kept.

    What the members fitted is: the first question that is asked as of the last of `days` is answered at once.
    """
    from app.equipment import fit_cache

    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as temporary:
        made = Path(temporary) / "world"
        made.mkdir()
        build(made, tell, days=days, n=n, fits=fit_cache())
        shutil.rmtree(made / "files")
        made.rename(folder)


def is_synthetic(store: Path) -> bool:
    """Whether the event store at this path is a demo's."""
    return (store.parent / _MARKER).is_file()


def _forecast(
    store: EventStore, ledger: Ledger, crowd: Sequence[Member], day: date, *, seed: int, n: int, tell: Tell
) -> tuple[list[Question], Run]:
    from app.desk import run_crowd
    from db.events.store import DEFAULT_VIEW
    from db.questions.factory import generate

    cut = datetime(day.year, day.month, day.day, tzinfo=UTC)
    questions: list[Question] = list(
        generate(store.as_of(cut, view=DEFAULT_VIEW), horizon_days=HORIZON_DAYS, n=n, seed=seed)
    )
    done = run_crowd(questions, store, crowd, as_of=cut, now=datetime.now(UTC), ledger=ledger)
    tell(
        f"3. As of {day}: {len(crowd)} members answered {len(questions)} questions about the next {HORIZON_DAYS} days "
        f"in {done.seconds:.1f} s ({len(done.failures)} failures)."
    )
    return questions, done
