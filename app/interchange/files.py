"""Writing a file whole: what stands under its name is the old one or the new one, never half of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from db.errors import BadInput


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name once it is written; raises BadInput where it cannot be."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise BadInput(f"file {path} cannot be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def write_file(path: Path, text: str) -> None:
    """Write a text; raises BadInput where the file cannot be written."""
    with new_file(path) as file:
        file.write(text.encode())
