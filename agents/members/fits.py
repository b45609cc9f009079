"""Fitted models, kept in memory and, where a folder is given, on disk for the next run."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)

VERSION = 2
"""To be raised with any change to what is fitted, so that nobody is served an old model."""


class FitCache:
    """Fits by what they were learnt from. The folder holds pickles: it must be the user's own."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: dict[str, Any] = {}

    def get(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """The fit for `key`, made by `make` the first time; errors of `make` pass through and nothing is kept."""
        name = hashlib.sha256(repr((VERSION, *key)).encode()).hexdigest()[:32]
        if name not in self._kept:
            self._kept[name] = self._load(name) or self._save(name, make())
        kept: T = self._kept[name]
        return kept

    def _load(self, name: str) -> Any:
        if self._folder is None or not (self._folder / f"{name}.joblib").exists():
            return None
        import joblib

        try:
            return joblib.load(self._folder / f"{name}.joblib")
        except (OSError, EOFError, ValueError, AttributeError, ImportError) as error:
            log.warning("a kept fit cannot be read (%s) and is made again", error)
            return None

    def _save(self, name: str, made: T) -> T:
        if self._folder is not None:
            import joblib

            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = self._folder / f".{name}.{os.getpid()}.tmp"
            joblib.dump(made, temporary, compress=3)
            temporary.replace(self._folder / f"{name}.joblib")
        return made
