"""Where a benchmark writes its page."""

from __future__ import annotations

import hashlib
from pathlib import Path

from app.settings import read_settings
from db.errors import BadInput


def report_folder(given: Path | None, kind: str, *inputs: Path, options: str = "") -> Path:
    """The folder `given`, or one in the cache named after `kind`, what the input files hold and `options`.

    Made if need be; raises BadInput if it cannot be made, or an input cannot be read.
    """
    place = given or read_settings().cache / "benchmarks" / f"{kind}-{_digest(inputs, options)}"
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"the folder {place} cannot be made: {error.strerror}") from error
    return place


def _digest(inputs: tuple[Path, ...], options: str) -> str:
    digest = hashlib.sha256(options.encode())
    for path in inputs:
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()[:12]
