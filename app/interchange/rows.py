"""Rows of somebody else's file, checked one by one: a row that is wrong is named, and the others are read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.interchange.transfer import Skipped
from db.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)


def read_json(path: Path) -> Any:
    """The content of a JSON file; raises BadInput for one that cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BadInput(f"file {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"file {path} cannot be read: {error}") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"file {path} is not JSON: {error}") from error


def checked_rows(rows: Iterable[Any], model: type[Model], *, id_field: str = "id") -> tuple[list[Model], list[Skipped]]:
    """The rows as `model`, and those that are none, each with the first thing that is wrong with it."""
    good: list[Model] = []
    bad: list[Skipped] = []
    for number, row in enumerate(rows, start=1):
        try:
            good.append(model.model_validate(row))
        except ValidationError as error:
            identity = row.get(id_field) if isinstance(row, dict) else None
            bad.append(Skipped(str(identity or f"row {number}"), first_problem(error)))
    return good, bad


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, with the field it is wrong in."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])
