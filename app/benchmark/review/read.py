"""Reading a peer review from CSV: `assessor`, `respondent`, one column per criterion, a row for every pair.

Columns that begin with `assessor_`, such as `assessor_arena_elo`, are external scores of the assessor. Whatever is
wrong is one sentence that names the line and the value.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.benchmark.review.matrix import ReviewMatrix
from db.errors import BadInput

PAIR = ("assessor", "respondent")
SCORE = "assessor_"
LOWEST, HIGHEST = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class _Line:
    """A row: where it stands in the file, and its cells by column."""

    where: str
    cells: dict[str, str]

    @property
    def pair(self) -> tuple[str, str]:
        return self.cells["assessor"], self.cells["respondent"]


def read_matrix(path: Path) -> ReviewMatrix:
    """The marks in a file; raises BadInput for anything but marks of 1 to 5 by every assessor for every respondent."""
    header, lines = _lines(path)
    criteria = tuple(name for name in header if name not in PAIR and not name.startswith(SCORE))
    if not criteria:
        raise BadInput(f"{path} has no column of marks: write one for each criterion beside {' and '.join(PAIR)}")
    assessors, respondents = (tuple(dict.fromkeys(line.cells[name] for line in lines)) for name in PAIR)
    if min(len(assessors), len(respondents)) < 2:
        raise BadInput(
            f"{path} holds {len(assessors)} assessors and {len(respondents)} respondents: agreement needs two of each"
        )
    by_pair = _by_pair(lines)
    for pair in ((assessor, respondent) for assessor in assessors for respondent in respondents):
        if pair not in by_pair:
            raise BadInput(
                f"{path} has no line in which assessor {pair[0]!r} marks respondent {pair[1]!r}: it needs every pair"
            )
    marks = np.array(
        [
            [[_mark(by_pair[assessor, respondent], criterion) for criterion in criteria] for respondent in respondents]
            for assessor in assessors
        ]
    )
    return ReviewMatrix(
        assessors=assessors,
        respondents=respondents,
        criteria=criteria,
        marks=marks,
        own=np.array(assessors)[:, None] == np.array(respondents),
        leaderboards={name.removeprefix(SCORE): _scores(lines, name) for name in header if name.startswith(SCORE)},
    )


def _lines(path: Path) -> tuple[list[str], list[_Line]]:
    """The names in the first line, and the lines after it, each with as many cells; blank lines are passed over."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"the reviews {path} cannot be read as CSV: {error}") from error
    if len(rows) < 2:
        raise BadInput(f"the reviews {path} are empty: write a line of column names, then a line for every pair")
    (_, header), *others = rows
    _check_header(header, path)
    lines = []
    for number, row in others:
        where = f"line {number} of {path}"
        if len(row) != len(header):
            raise BadInput(f"{where} has {len(row)} cells, and its header names {len(header)} columns")
        lines.append(_Line(where, dict(zip(header, row, strict=True))))
    return header, lines


def _check_header(header: Sequence[str], path: Path) -> None:
    missing = [name for name in PAIR if name not in header]
    if missing:
        raise BadInput(f"{path} has no column {missing[0]!r}: its first line names {', '.join(header)[:200]}")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise BadInput(f"{path} names the column {twice[0]!r} twice in its first line")


def _by_pair(lines: Sequence[_Line]) -> dict[tuple[str, str], _Line]:
    found: dict[tuple[str, str], _Line] = {}
    for line in lines:
        if not all(line.pair):
            raise BadInput(f"{line.where} names no {PAIR[0] if not line.pair[0] else PAIR[1]}")
        if line.pair in found:
            raise BadInput(
                f"{line.where} marks respondent {line.pair[1]!r} by assessor {line.pair[0]!r} again, after "
                f"{found[line.pair].where.partition(' of ')[0]}"
            )
        found[line.pair] = line
    return found


def _mark(line: _Line, criterion: str) -> float:
    text = line.cells[criterion]
    mark = _number(text)
    if mark is None or not LOWEST <= mark <= HIGHEST:
        raise BadInput(f"{line.where} has {text!r} under {criterion}, and a mark is a number from 1 to 5")
    return mark


def _scores(lines: Sequence[_Line], name: str) -> dict[str, float]:
    """An external score of every assessor that has one, the same in all of its lines."""
    found: dict[str, float] = {}
    for line in lines:
        assessor, text = line.cells["assessor"], line.cells[name]
        if not text:
            continue
        score = _number(text)
        if score is None:
            raise BadInput(f"{line.where} has {text!r} under {name}, and that is no number")
        if found.setdefault(assessor, score) != score:
            raise BadInput(f"{line.where} gives assessor {assessor!r} {name} {text}, and an earlier line another")
    return found


def _number(text: str) -> float | None:
    """The finite number that a cell holds, None if it holds none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
