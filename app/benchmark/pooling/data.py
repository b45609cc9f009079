"""Recorded forecasts of resolved questions, from two CSV files (also .gz).

Questions: question_id, outcome (0..1, yes or no; empty: not resolved, left out and counted). Where they are known too:
dataset, cluster (questions that are not independent; each by itself), source, forecast_date and resolution_date
(without both nothing is learnt from a question), human_prob (empty: none). Forecasts: question_id, forecaster, prob
(0..1 or per cent), dataset, and trial, where -1 is the forecaster's own aggregate of its others. Other columns are
ignored.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from ensembles.odds import Floats, expit, logit

OWN_AGGREGATE = -1
UNDATED = np.datetime64("1970-01-01", "s")
"""When questions without dates were asked and known: at once, so that nothing is learnt from them."""

MOSTLY = 0.5
"""The share of a dataset's questions that must have a human probability for it to be one of markets."""

QUESTION_COLUMNS = ("question_id", "outcome")
FORECAST_COLUMNS = ("question_id", "forecaster", "prob")
_DATASET = "questions"
_WORDS = {"yes": 1.0, "no": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Questions:
    """The resolved questions of one dataset, a row each; `human` is NaN where there is no human probability."""

    dataset: str
    ids: tuple[str, ...]
    cluster: NDArray[Any]
    source: NDArray[Any]
    asked_at: NDArray[np.datetime64]
    known_at: NDArray[np.datetime64]
    human: Floats
    outcome: Floats
    unresolved: int

    @property
    def market(self) -> bool:
        """Whether these are questions of markets and tournaments: most of them come with a human probability."""
        return bool(np.isfinite(self.human).mean() >= MOSTLY)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Two files, read: questions by dataset, and every forecaster's probability (NaN: none) of its questions."""

    questions: dict[str, Questions]
    forecasts: dict[str, dict[str, Floats]]
    """Dataset -> forecaster -> (questions,)."""
    without_question: int
    """Forecasts of questions that are unresolved or not there."""


def read_recorded(questions: Path, forecasts: Path) -> Recorded:
    """Both files; raises BadInput, naming file and line, for what cannot be read, and for files without a match."""
    asked = _read_questions(questions)
    given, unmatched = _read_forecasts(forecasts, asked)
    if not any(given.values()):
        raise BadInput(f"{forecasts} has no forecast of a resolved question in {questions}: compare their question_id")
    return Recorded(asked, given, unmatched)


def read_scores(path: Path) -> dict[str, float]:
    """What others say of the forecasters, by name: a review's mean marks, a leaderboard's ratings; higher is better.

    A CSV file with forecaster and score; raises BadInput, naming file and line, for what cannot be read.
    """
    found = {}
    for line, row in _rows(path, ("forecaster", "score")):
        try:
            score = float(row["score"])
        except ValueError:
            score = float("nan")
        if not np.isfinite(score):
            raise BadInput(f"line {line} of {path}: score must be a number, not {row['score']!r}")
        found[row["forecaster"]] = score
    return found


def _read_questions(path: Path) -> dict[str, Questions]:
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    unresolved: dict[str, int] = {}
    for line, row in _rows(path, QUESTION_COLUMNS):
        dataset, identity = row.get("dataset") or _DATASET, row["question_id"]
        if not row["outcome"].strip():
            unresolved[dataset] = unresolved.get(dataset, 0) + 1
            continue
        known = rows.setdefault(dataset, {})
        if identity in known:
            raise BadInput(f"line {line} of {path}: question {identity!r} is there twice in dataset {dataset!r}")
        asked_at, known_at = (_date(row, name, path, line) for name in ("forecast_date", "resolution_date"))
        if UNDATED in (asked_at, known_at):
            asked_at = known_at = UNDATED
        known[identity] = {
            "cluster": row.get("cluster") or identity,
            "source": row.get("source") or "",
            "asked_at": asked_at,
            "known_at": known_at,
            "human": _probability(row, "human_prob", path, line),
            "outcome": _probability(row, "outcome", path, line),
        }
    if not rows:
        raise BadInput(f"{path} holds no resolved question: the column outcome is empty everywhere")
    return {name: _columns(name, found, unresolved.get(name, 0)) for name, found in rows.items()}


def _columns(dataset: str, rows: Mapping[str, Mapping[str, Any]], unresolved: int) -> Questions:
    def column(name: str) -> NDArray[Any]:
        return np.array([row[name] for row in rows.values()])

    return Questions(
        dataset=dataset,
        ids=tuple(rows),
        cluster=column("cluster"),
        source=column("source"),
        asked_at=column("asked_at"),
        known_at=column("known_at"),
        human=column("human"),
        outcome=column("outcome"),
        unresolved=unresolved,
    )


def _read_forecasts(path: Path, asked: Mapping[str, Questions]) -> tuple[dict[str, dict[str, Floats]], int]:
    place = {name: {identity: at for at, identity in enumerate(found.ids)} for name, found in asked.items()}
    trials: dict[tuple[str, str, int], Floats] = {}
    unmatched = 0
    for line, row in _rows(path, FORECAST_COLUMNS):
        dataset = row.get("dataset") or _DATASET
        at = place.get(dataset, {}).get(row["question_id"])
        p = _probability(row, "prob", path, line)
        if at is None:
            unmatched += 1
            continue
        key = dataset, row["forecaster"], _trial(row, path, line)
        column = trials.get(key)
        if column is None:
            column = trials[key] = np.full(len(place[dataset]), np.nan)
        if not np.isnan(column[at]):
            raise BadInput(
                f"line {line} of {path}: {row['forecaster']!r} answers {row['question_id']!r} twice in trial {key[2]}"
            )
        column[at] = p
    return {name: _own_aggregates(trials, name) for name in asked}, unmatched


def _own_aggregates(trials: Mapping[tuple[str, str, int], Floats], dataset: str) -> dict[str, Floats]:
    """Each forecaster's own aggregate; where it gave none, the mean of its trials in log-odds."""
    runs: dict[str, dict[int, Floats]] = {}
    for (name, forecaster, trial), column in trials.items():
        if name == dataset:
            runs.setdefault(forecaster, {})[trial] = column
    return {forecaster: _own_aggregate(found) for forecaster, found in runs.items()}


def _own_aggregate(runs: Mapping[int, Floats]) -> Floats:
    trials = [column for trial, column in runs.items() if trial != OWN_AGGREGATE]
    own = runs.get(OWN_AGGREGATE)
    if own is None or not trials:
        return _mean_of_trials(trials) if own is None else own
    return np.where(np.isnan(own), _mean_of_trials(trials), own)


def _mean_of_trials(columns: Sequence[Floats]) -> Floats:
    log_odds = logit(np.stack(columns, axis=1))
    n = (~np.isnan(log_odds)).sum(axis=1)
    return np.where(n > 0, expit(np.nansum(log_odds, axis=1) / np.maximum(n, 1)), np.nan)


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with the number of the line that they end on."""
    try:
        with _opened(path) as file:
            reader = csv.DictReader(file)
            if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
                raise BadInput(
                    f"{path} has no column {', '.join(missing)}: its first line must name {', '.join(columns)}"
                )
            for row in reader:
                if any(row[name] is None for name in columns):
                    raise BadInput(f"line {reader.line_num} of {path} ends early: it needs {len(columns)} columns")
                yield reader.line_num, row
    except FileNotFoundError:
        raise BadInput(f"file {path} does not exist") from None
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read as CSV: {error}") from error


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _probability(row: Mapping[str, str], name: str, path: Path, line: int) -> float:
    text = (row.get(name) or "").strip()
    if not text:
        return float("nan")
    try:
        p = _WORDS.get(text.lower()) if name == "outcome" else None
        p = p if p is not None else float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        p = -1.0
    if not 0 <= p <= 1:
        allowed = "a number in 0..1, yes, no or empty" if name == "outcome" else "a number in 0..1, per cent or empty"
        raise BadInput(f"line {line} of {path}: {name} must be {allowed}, not {text!r}")
    return p


def _date(row: Mapping[str, str], name: str, path: Path, line: int) -> np.datetime64:
    text = (row.get(name) or "").strip()
    if not text:
        return UNDATED
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"line {line} of {path}: {name} must be a date such as 2025-10-26, not {text!r}") from None
    return np.datetime64(moment.replace(tzinfo=None), "s")


def _trial(row: Mapping[str, str], path: Path, line: int) -> int:
    text = (row.get("trial") or "").strip()
    try:
        return int(float(text)) if text else OWN_AGGREGATE
    except (ValueError, OverflowError):
        raise BadInput(f"line {line} of {path}: trial must be a whole number, not {text!r}") from None
