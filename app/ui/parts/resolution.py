"""What came of a question: every resolution in the order in which they were recorded, and a form for the next."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.by_hand import BY_HAND, Said, Wording, record
from app.ui import reading, shell, words
from db.ledger.rows import QuestionDetail
from db.outcomes import outcome_text
from db.questions.resolver import criterion_of
from db.records import BinaryQuestion, MultipleChoiceQuestion, Question, RelationQuestion

_WORDING = Wording(known_at="“Known at”", correct="tick “This corrects it”")


def show(detail: QuestionDetail) -> None:
    """The audit, then the form."""
    st.subheader("Resolution", anchor=False)
    if detail.resolutions:
        last = len(detail.resolutions) - 1
        rows = [
            (
                str(place + 1),
                outcome_text(item.outcome),
                words.minute(item.known_at),
                words.minute(item.resolved_at),
                item.source or words.NOTHING,
                "counts" if place == last else "corrected",
            )
            for place, item in enumerate(detail.resolutions)
        ]
        shell.table(("", "outcome", "known at", "recorded", "by", ""), rows)
    else:
        st.markdown(f":gray[Not resolved yet. Due by {words.minute(detail.question.resolve_by)}.]")
    with st.expander("Resolve or annul by hand", icon=":material/gavel:", key="by-hand"):
        _form(detail)


def _form(detail: QuestionDetail) -> None:
    question, resolved = detail.question, bool(detail.resolutions)
    if criterion_of(question) is not None:
        st.caption(
            "The event store resolves this question by itself once its days are past and known. To overrule it, say "
            "when the outcome was known."
        )
    outcome = _outcome(question)
    left, right = st.columns(2)
    known_at = left.datetime_input(
        "Known at",
        value=None,
        key="known-at",
        format="YYYY-MM-DD",
        help="UTC. Left empty: now, or when the question was due if that is earlier. What was forecast later "
        "could have known.",
    )
    source = right.text_input("Source or reason", key="source", placeholder="Where this can be checked")
    correct = resolved and st.checkbox("This corrects it", key="correct")
    row = st.container(horizontal=True)
    said = Said(
        outcome=outcome,
        known_at=None if known_at is None else known_at.replace(tzinfo=UTC),
        source=_by_whom(source),
        correct=correct,
    )
    if row.button("Resolve", type="primary", icon=":material/check:", disabled=not outcome, key="resolve"):
        _record(question, said)
    if row.button("Annul", icon=":material/block:", key="annul", help="Take it out of scoring."):
        _record(question, Said(outcome=None, known_at=said.known_at, source=said.source, correct=correct))


def _outcome(question: Question) -> str:
    """The outcome as one types it on the command line, "" while there is none."""
    if isinstance(question, BinaryQuestion):
        return st.segmented_control("What came of it", ("yes", "no"), key="outcome") or ""
    if isinstance(question, MultipleChoiceQuestion):
        return st.selectbox("What came of it", question.options, index=None, key="outcome") or ""
    if isinstance(question, RelationQuestion):
        return st.text_input("Base codes that were reported", placeholder="036, 190 or none", key="outcome")
    return st.text_input("The number", placeholder=question.unit or "3.7", key="outcome")


def _by_whom(source: str) -> str:
    """The source as it is recorded: that a person said so, who that is where people sign in, and their words."""
    who = str(st.user.get("email") or st.user.get("name") or "") if st.user.get("is_logged_in") else ""
    by = f"{BY_HAND} ({who})" if who else BY_HAND
    return f"{by}: {source.strip()}" if source.strip() else by


def _record(question: Question, said: Said) -> None:
    with shell.refusals():
        recorded = record(reading.ledger(), question, said, now=datetime.now(UTC), wording=_WORDING)
        done = "Recorded" if recorded.new else "Recorded before"
        st.toast(words.plain(f"{done}: {outcome_text(recorded.resolution.outcome)}"), icon=":material/check:")
        st.rerun()
