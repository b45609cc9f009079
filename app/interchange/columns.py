"""The columns that records have as a table, in CSV and in Parquet: the same names, the same order, one schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, Literal

SCHEMA = 1
"""The version of these columns: counts up when one changes its name, its type or its meaning."""

Kind = Literal["question", "forecast", "aggregate", "resolution"]
Fields = Mapping[str, Any]
"""A record's fields as JSON has them."""
Type = Literal["text", "number", "count", "flag", "moment", "day", "texts", "json", "outcome"]

as_json = json.JSONEncoder(ensure_ascii=False).encode
"""A value as JSON; made once, since there is a cell of it in every row."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the type of its cells, and how a record's cell is read, None for an empty one.

    A `derived` column says again, more plainly, what another one says. An empty cell is a field that was left out;
    in a `nullable` column it is a null.
    """

    name: str
    type: Type
    read: Callable[[Fields], Any]
    derived: bool = False
    nullable: bool = False


def _field(name: str, type: Type = "text", *, nullable: bool = False) -> Column:
    """A field that is a cell as it is; some are there only in some kinds of question."""
    return Column(name, type, methodcaller("get", name), nullable=nullable)


def _json(name: str, type: Type = "json") -> Column:
    """A field of several parts, or of several types, as JSON in one cell."""

    def read(record: Fields) -> str | None:
        found = record.get(name)
        return None if found is None else as_json(found)

    return Column(name, type, read)


def _probability(record: Fields) -> float | None:
    """The probability of yes, where that is what the value is."""
    found: float | None = record["value"].get("probability")
    return found


def _outcome_number(record: Fields) -> float | None:
    """The outcome where it is yes, no or a number."""
    outcome = record["outcome"]
    return float(outcome) if isinstance(outcome, bool | float | int) else None


_IDENTITY = (_field("id"), _field("question_id"))
_CLOCKS = (_field("as_of", "moment"), _field("created_at", "moment"))
_VALUE = (Column("probability", "number", _probability, derived=True), _json("value"))

QUESTIONS: tuple[Column, ...] = (
    _field("id"),
    _field("kind"),
    *(_field(name) for name in ("text", "resolution_criteria", "fine_print", "background")),
    _field("open_at", "moment"),
    _field("close_at", "moment"),
    _field("resolve_by", "moment"),
    *(_field(name) for name in ("source", "source_id", "url")),
    _field("tags", "texts"),
    _field("licence"),
    _json("criterion"),
    _field("options", "texts"),
    _field("lower", "number"),
    _field("upper", "number"),
    _field("unit"),
    _field("day", "day"),
    _field("subject"),
    _field("object"),
    _field("given_any_event", "flag"),
    _field("min_mentions", "count"),
)
FORECASTS: tuple[Column, ...] = (
    *_IDENTITY,
    _field("member"),
    _field("model"),
    *_CLOCKS,
    *_VALUE,
    _field("rationale"),
    _field("evidence", "texts"),
    _field("raw_text"),
    _field("prompt_hash"),
    _field("corpus_fingerprint"),
    _field("cost_usd", "number", nullable=True),
    _field("tokens", "count"),
    _field("latency_s", "number"),
)
AGGREGATES: tuple[Column, ...] = (
    *_IDENTITY,
    _field("rule"),
    _json("parameters"),
    *_CLOCKS,
    *_VALUE,
    _field("spread", "number"),
    _field("n_failed", "count"),
    _field("forecast_ids", "texts"),
)
RESOLUTIONS: tuple[Column, ...] = (
    *_IDENTITY,
    Column("outcome_number", "number", _outcome_number, derived=True),
    _json("outcome", "outcome"),
    _field("resolved_at", "moment"),
    _field("known_at", "moment"),
    _field("source"),
    _field("evidence", "texts"),
)
TABLES: dict[Kind, tuple[Column, ...]] = {
    "question": QUESTIONS,
    "forecast": FORECASTS,
    "aggregate": AGGREGATES,
    "resolution": RESOLUTIONS,
}
