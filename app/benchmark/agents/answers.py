"""The answers of a run on disk, each written as soon as it is there, so that a killed run repeats only what it must."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from app.benchmark.agents.effort import Effort
from db.errors import BadInput
from db.records import FailureReason, Forecast, MemberFailure

_ASKED_AGAIN = frozenset({FailureReason.PROVIDER, FailureReason.BUDGET, FailureReason.ERROR})
"""Failures that say nothing about the member: the next run asks again."""

Key = tuple[str, str, str]
"""A member's name and its query's key: question id, and cut-off as ISO text."""


class Answered(BaseModel):
    """One member's answer to one query, what it took, and its wall-clock seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer: Forecast | MemberFailure
    effort: Effort = Effort()
    seconds: float

    @property
    def key(self) -> Key:
        """Whose answer to what it is."""
        return self.answer.member, self.answer.question_id, self.answer.as_of.isoformat()

    @property
    def final(self) -> bool:
        """Whether there is no use in asking again."""
        return isinstance(self.answer, Forecast) or self.answer.reason not in _ASKED_AGAIN


class AnswerLog:
    """A JSONL file of answers, one process at a time; of two answers to the same, the later one counts.

    Every append reaches the operating system before it returns, and the disk when the log is closed: a killed process
    loses nothing, a power cut the last seconds. A last line that was cut off in writing is dropped.
    Raises BadInput where the file cannot be used, is in use, or holds a whole line that is no answer.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[Key, Answered] = {}
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise BadInput(f"{path} cannot be written: {error.strerror or error}") from error
        try:
            self._take_hold()
            self._reread()
        except BadInput:
            self._file.close()
            raise

    def _take_hold(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"another run is writing to {self._path}: wait until it is done") from None

    def _reread(self) -> None:
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        self._file.truncate(whole)
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                self._keep(Answered.model_validate_json(line))
            except ValidationError as error:
                raise BadInput(
                    f"line {number} of {self._path} is no answer: remove it to have it asked again"
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.fsync(self._file.fileno())
        self._file.close()

    def append(self, answers: Sequence[Answered]) -> None:
        """Write answers down, in one piece."""
        self._file.write("".join(f"{item.model_dump_json()}\n" for item in answers).encode())
        self._file.flush()
        for item in answers:
            self._keep(item)

    def get(self, key: Key) -> Answered | None:
        """The answer that is known, or None."""
        return self._kept.get(key)

    def _keep(self, item: Answered) -> None:
        self._kept[item.key] = item
