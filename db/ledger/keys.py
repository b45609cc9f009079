"""What makes two records of a kind the same, so that recording them again changes nothing."""

from __future__ import annotations

import hashlib

from db.records import Aggregate, Forecast, MemberFailure, Record
from db.reviews import PeerReview


def natural_key(record: Record) -> str:
    """What makes two records of a kind the same, hashed to 64 hex digits."""
    if isinstance(record, Forecast):
        parts = [record.question_id, record.member, record.model, record.prompt_hash, record.as_of.isoformat()]
    elif isinstance(record, MemberFailure):
        parts = [record.question_id, record.member, record.model, record.as_of.isoformat()]
        parts += [record.reason, record.detail]  # a reviewer may fail alike on several forecasts of a question
    elif isinstance(record, Aggregate):
        rule = sorted(record.parameters.items())
        parts = [record.question_id, record.rule, str(rule), record.as_of.isoformat(), *sorted(record.forecast_ids)]
    elif isinstance(record, PeerReview):
        parts = [record.forecast_id, record.assessor, record.model, record.prompt_hash]
    else:
        parts = [record.id]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
