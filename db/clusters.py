"""Which questions are not independent of each other: scores resample them, and learning weighs them, as one cluster."""

from __future__ import annotations


def cluster_of(question_id: str, *, source: str, source_id: str, subject: str = "", object: str = "") -> str:
    """The label of a question's cluster.

    Questions about the events of one pair of countries are a cluster, "USA>CHN". So are the others that share the
    `source_id` of their source, "fred:DAAA": one series asked at several horizons, or one market imported twice. A
    question with neither stands for itself, by its id.
    """
    if subject:
        return f"{subject}>{object}"
    return f"{source}:{source_id}" if source_id else question_id
