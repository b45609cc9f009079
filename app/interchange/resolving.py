"""Outcomes from elsewhere into the ledger: one that contradicts what is recorded is named, and the others are taken."""

from __future__ import annotations

from collections.abc import Iterable

from app.interchange.transfer import Transfer
from db.ledger.ledger import Ledger
from db.records import Resolution


def record_outcomes(ledger: Ledger, outcomes: Iterable[Resolution], done: Transfer) -> None:
    """Record outcomes and note in `done` what was new and what was not taken.

    A question that is resolved otherwise stays as it is: a correction is said one by one (`auspex questions resolve
    --correct`), never by a file.
    """
    found = list(outcomes)
    known = ledger.resolutions({item.question_id for item in found})
    fresh = []
    for item in found:
        before = known.get(item.question_id)
        if before is not None and before.outcome != item.outcome:
            done.skip(item.question_id, f"is resolved as {before.outcome}, not {item.outcome}: correct it by hand")
        else:
            known[item.question_id] = item
            fresh.append(item)
    done.add("resolutions", ledger.resolve(fresh))
