"""Replies from a file: JSON lines, each a text or an object with the fields of `Reply`."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from app.dev.replies import Reply
from db.errors import BadInput

_LINE: TypeAdapter[str | Reply] = TypeAdapter(str | Reply)


def read_script(path: Path) -> list[Reply]:
    """The replies in a file, in order; raises BadInput for a file or a line that cannot be used."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the script {path} cannot be read ({error}): name a file of JSON lines") from error
    replies = [_reply(line, path, number) for number, line in enumerate(lines, 1) if line.strip()]
    if not replies:
        raise BadInput(f"the script {path} holds no reply: write one JSON text or object a line")
    return replies


def _reply(line: str, path: Path, number: int) -> Reply:
    try:
        found = _LINE.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[-1]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise BadInput(
            f"line {number} of the script {path} is no reply ({where or 'line'}: {first['msg']}): "
            'write "a text" or {"text": "...", "status": 200, ...}'
        ) from error
    return Reply(text=found) if isinstance(found, str) else found
