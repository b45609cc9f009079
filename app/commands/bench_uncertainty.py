"""`auspex bench uncertainty`: what is known of a model's uncertainty from its answers to the same question."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.benchmark.page.write import write_page
from app.benchmark.uncertainty.bench import bench
from app.benchmark.uncertainty.measures import CHOICES, Matrices, matrices
from app.benchmark.uncertainty.page import page
from app.benchmark.uncertainty.samples import Sampled, read_samples, sizes
from app.benchmark.uncertainty.tables import tables
from app.commands.reports import report_folder
from app.output import emit_json, err, out, table
from db.errors import BadInput, MemberFailed

PAGE = "uncertainty.html"
JUDGE = "judge:"


def uncertainty(
    path: Path,
    similarities: Sequence[str],
    folder: Path | None,
    budget_usd: float | None,
    ledger: str | None,
    *,
    as_json: bool,
) -> None:
    """Measure the samples of a file, write the page and show the tables.

    The folder is, if none is given, one in the cache that is named after the file's content and the similarities. With
    a judge, questions that it left without a verdict are out of every row, and listed; the exit code is then 1.
    """
    started = time.monotonic()
    names = _known(similarities)
    questions = read_samples(path)
    judged, failures = _judged(questions, [name for name in names if name.startswith(JUDGE)], budget_usd, ledger)
    kept = [at for at in range(len(questions)) if at not in failures]
    if not kept:
        raise BadInput(f"no question could be judged: {next(iter(failures.values()))}")
    questions_kept = [questions[at] for at in kept]
    columns = [
        replace(judged[name], of=tuple(judged[name].of[at] for at in kept))
        if name in judged
        else matrices(questions_kept, name)
        for name in names
    ]
    found = bench(questions_kept, columns)
    rows = {"samples": str(path), "similarities": names, **found.rows}
    rows["not_judged"] = [{"id": questions[at].id, "reason": reason} for at, reason in sorted(failures.items())]
    place = report_folder(folder, "uncertainty", path, options=",".join(names))
    command = f"auspex bench uncertainty --samples {path} --similarity {','.join(names)}"
    content = page(found, data=sizes(questions_kept), made_by=command)
    rows["report"] = write_page(content, place / PAGE, made_at=datetime.now(UTC))
    rows["seconds"] = time.monotonic() - started
    if as_json:
        emit_json(rows)
    else:
        for one in tables(rows):
            table(one.title, one.columns, one.rows, one.note)
        out.print(rows["caveat"], highlight=False)
        out.print(f"Report: {rows['report']}", soft_wrap=True, highlight=False)
    if failures:
        err.print(f"{len(failures)} of {len(questions)} questions were not judged: {next(iter(failures.values()))}")
        sys.exit(1)


def _known(similarities: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(similarities)) or [CHOICES[0]]
    for name in names:
        if name not in CHOICES and not name.startswith(JUDGE):
            raise BadInput(f"unknown similarity {name!r}: choose of {', '.join(CHOICES)} and {JUDGE}MODEL")
    return names


def _judged(
    questions: Sequence[Sampled], names: Sequence[str], budget_usd: float | None, ledger: str | None
) -> tuple[dict[str, Matrices], dict[int, str]]:
    """The judges' matrices by name, and why questions have none, by place; the matrix of such a one is empty."""
    if not names:
        return {}, {}
    import numpy as np

    from agents.judge import judge_questions
    from app.commands.places import ledger_address, open_ledger
    from app.equipment import model_client

    models = [name.removeprefix(JUDGE) for name in names]
    open_ledger(ledger).close()
    found: dict[str, Matrices] = {}
    failures: dict[int, str] = {}
    asked = [(one.question, one.samples) for one in questions]
    with model_client(models, ledger_address(ledger), budget_usd=budget_usd) as client:

        async def judge() -> list[list[object]]:
            try:
                return [list(await judge_questions(client, model, asked)) for model in models]
            finally:
                await client.aclose()

        for name, answers in zip(names, asyncio.run(judge()), strict=True):
            failures |= {at: str(one) for at, one in enumerate(answers) if isinstance(one, MemberFailed)}
            of = (np.empty((0, 0)) if isinstance(one, MemberFailed) else one for one in answers)
            found[name] = Matrices(name, tuple(map(np.asarray, of)))
    return found, failures
