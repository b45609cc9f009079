"""`auspex bench pooling`: which way of pooling was best on recorded forecasts, and whether that means anything."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.benchmark.page.content import Table
from app.benchmark.page.write import write_page
from app.benchmark.pooling.bench import Group, bench
from app.benchmark.pooling.data import Recorded, read_recorded, read_scores
from app.benchmark.pooling.page import page, simulated_page
from app.benchmark.pooling.simulation import simulate
from app.benchmark.pooling.tables import overview, reading, simulated_tables, tables
from app.commands.reports import report_folder
from app.output import emit_json, out, progress_bar, table
from db.errors import BadInput

PAGE = "pooling.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The two files that are pooled, the two that everything learnt is learnt from, if others, and scores by others."""

    questions: Path | None
    forecasts: Path | None
    fit_questions: Path | None = None
    fit_forecasts: Path | None = None
    scores: Path | None = None

    def read(self) -> tuple[Recorded, Recorded | None]:
        """What is pooled, and what is learnt from; raises BadInput for half a pair and for what cannot be read."""
        if self.questions is None or self.forecasts is None:
            raise BadInput("give --questions and --forecasts, or --simulate 200 for worlds without files")
        if (self.fit_questions is None) != (self.fit_forecasts is None):
            raise BadInput("--fit-questions and --fit-forecasts belong together: give both or neither")
        fitting = self.fit_questions and self.fit_forecasts and read_recorded(self.fit_questions, self.fit_forecasts)
        return read_recorded(self.questions, self.forecasts), fitting or None

    @property
    def given(self) -> dict[str, Path]:
        """The options that name a file, in their order."""
        options = {
            "--questions": self.questions,
            "--forecasts": self.forecasts,
            "--fit-questions": self.fit_questions,
            "--fit-forecasts": self.fit_forecasts,
            "--scores": self.scores,
        }
        return {option: path for option, path in options.items() if path is not None}


def pooling(
    files: Files,
    groups: Sequence[Group],
    datasets: Sequence[str],
    folder: Path | None,
    *,
    attempts: bool,
    as_json: bool,
) -> None:
    """Compare every rule on the files, write the page and show the tables."""
    recorded, fitting = files.read()
    scores = None if files.scores is None else read_scores(files.scores)
    with progress_bar("rules") as update:
        found = bench(
            *(recorded, groups),
            datasets=datasets,
            fitting=fitting,
            scores=scores,
            attempts=attempts,
            progress=update,
        )
    made_by = _command(files, groups, datasets, attempts=attempts)
    place = report_folder(folder, "pooling", *files.given.values(), options=made_by)
    found["report"] = write_page(page(found, made_by=made_by), place / PAGE, made_at=datetime.now(UTC))
    each = [one for group in found["groups"] for one in tables(group)]
    _show(found, [overview(found), *each], reading(found), as_json=as_json)


def refuse_beside_worlds(given: Sequence[str]) -> None:
    """Raises BadInput where options about files are given along with --simulate."""
    if given:
        raise BadInput(f"--simulate makes worlds and reads no files: leave out {', '.join(given)}, or --simulate")


def simulated(worlds: int, seed: int, folder: Path | None, *, as_json: bool) -> None:
    """Try the learnt rules on worlds whose truth is known, write the page and show the tables."""
    with progress_bar("scenarios") as update:
        found = simulate(worlds=worlds, seed=seed, progress=update)
    place = report_folder(folder, "pooling-simulated", options=f"{worlds} {seed}")
    made_by = f"auspex bench pooling --simulate {worlds} --seed {seed}"
    found["report"] = write_page(simulated_page(found, made_by=made_by), place / PAGE, made_at=datetime.now(UTC))
    _show(found, simulated_tables(found), [], as_json=as_json)


def _show(found: dict[str, Any], shown: Sequence[Table], notes: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        emit_json(found)
        return
    for one in shown:
        table(one.title, one.columns, one.rows, one.note)
    for line in notes:
        out.print(line, style="dim", highlight=False)
    out.print(f"Report: {found['report']}", soft_wrap=True, highlight=False)


def _command(files: Files, groups: Sequence[Group], datasets: Sequence[str], *, attempts: bool) -> str:
    words = ["auspex bench pooling", *(f"{option} {path}" for option, path in files.given.items())]
    words += [f"--dataset {name}" for name in datasets] + [_option(group) for group in groups if group.members]
    return " ".join(words + ["--attempts"] * attempts)


def _option(group: Group) -> str:
    named = f"{group.name}={','.join(group.members)}" if group.name else ",".join(group.members)
    return f"--group {shlex.quote(named)}"


def group_of(text: str) -> Group:
    """A group as it is typed: `NAME=a,b,c`, or without the name."""
    name, equals, members = text.rpartition("=")
    return Group(tuple(item.strip() for item in members.split(",") if item.strip()), name.strip() if equals else "")
