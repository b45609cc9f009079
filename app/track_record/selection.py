"""Which answers a score is made of: one a question, live or back-test, never both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from db.ledger.rows import ScoredColumns

LIVE, BACK_TEST = "live", "back-test"
TRACKS = (LIVE, BACK_TEST)


def last_said(columns: ScoredColumns) -> ScoredColumns:
    """One answer per track, member and question: the last by `as_of` and then `created_at`, of two made at once the
    one that was recorded later. Rows keep their order."""
    order = np.lexsort((columns.position, columns.created_at, columns.as_of))
    answered = (columns.member.astype(np.int64) * max(1, len(columns.questions)) + columns.question) * 2 + columns.live
    _, first = np.unique(answered[order][::-1], return_index=True)
    return columns.where(np.sort(order[::-1][first]))


def all_on_track(columns: ScoredColumns, track: str) -> ScoredColumns:
    """All answers on one track; raises BadInput for a track that there is not."""
    if track not in TRACKS:
        raise BadInput(f"there is no track {track!r}: say one of {', '.join(TRACKS)}")
    return columns.where(columns.live == (track == LIVE))


def on_track(columns: ScoredColumns, track: str) -> ScoredColumns:
    """The last answers of all members on one track; raises BadInput for a track that there is not."""
    return last_said(all_on_track(columns, track))


def answers_of(columns: ScoredColumns, member: str, track: str) -> ScoredColumns:
    """The last answers of `member` on one track, none for a member that has none; raises BadInput as `on_track`."""
    found = on_track(columns, track)
    return found.where(found.member == code_of(found, member))


def code_of(columns: ScoredColumns, member: str) -> int:
    """The code of a member, -1 for one without an answer."""
    return columns.members.index(member) if member in columns.members else -1


def codes_of(columns: ScoredColumns, prefix: str) -> NDArray[np.intp]:
    """The codes of the members whose names begin with `prefix`."""
    return np.flatnonzero([name.startswith(prefix) for name in columns.members])
