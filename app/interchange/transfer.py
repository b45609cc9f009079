"""What an import or export did: how much was read, how much of it was written, what was skipped and why."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was read and not taken over: its id where it came from, and why, in one clause."""

    id: str
    reason: str


@dataclass(slots=True)
class Transfer:
    """What moved: rows that were `read`, records of each kind that were written, what was skipped, and the file that
    was written, "" where none was."""

    read: int = 0
    new: dict[str, int] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    file: str = ""

    @property
    def written(self) -> int:
        """Records of all kinds that were written; what the ledger or file had already is not among them."""
        return sum(self.new.values())

    def skip(self, id: str, reason: str) -> None:
        """Note something that is not taken over."""
        self.skipped.append(Skipped(id, reason))

    def add(self, kind: str, n: int) -> None:
        """Note `n` new records of a kind, such as "questions"."""
        self.new[kind] = self.new.get(kind, 0) + n
