"""The dialogue half of the Assistant page: a form to begin with, one step at a time, and what was recorded.

The dialogue stands in the reader's session and nowhere else until its last answer; then all of it is recorded at once,
by the same functions as `auspex assist ask`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import streamlit as st

from agents.assistant.session import FIXED, Advice, Assisted, Session
from agents.assistant.steps import PERSONA
from app.commands.asking import DEFAULT_HORIZON
from app.dialogue import Wanted, advising, begin, record
from app.ui import reading, shell, words
from db.dialogues import Turn, Variant
from db.ledger.filters import QuestionFilter
from db.values import probability_of_yes

_SESSION, _MODEL, _ADVICE = "assistant_session", "assistant_model", "assistant_advice"
_DONE, _TOLD = "assistant_done", "assistant_told"
_VARIANTS = {
    Variant.STRUCTURED: "Helpful: parts, base rate, both sides, doubt",
    Variant.CONTROL: "Control: think again, without advice",
    Variant.NOISY: "Noisy: advice that is poor on purpose, for experiments",
}
_QUESTIONS_LISTED = 200


def show() -> None:
    """The form, the next step, or what was recorded."""
    if _DONE in st.session_state:
        _conclude(st.session_state[_SESSION], st.session_state[_DONE])
    elif _SESSION in st.session_state:
        _step(st.session_state[_SESSION], st.session_state[_MODEL])
    else:
        _begin()


def _begin() -> None:
    """Which question, who, and how."""
    if told := st.session_state.pop(_TOLD, ""):
        st.warning(words.plain(told), icon=":material/info:")
    rows = reading.views().questions(QuestionFilter(state="open", kind="binary"), limit=_QUESTIONS_LISTED).data
    own = "In words of my own"
    kinds = ["An open question", own] if rows else [own]
    with st.container(border=True):
        kind = st.segmented_control("Question", kinds, default=kinds[0], required=True, key="assistant_kind")
        by: date | None = None
        if kind == own:
            text = st.text_input("What do you want to know?", placeholder="Will it rain in Paris on Sunday?")
            by = st.date_input("To be resolved by the end of", value=datetime.now(UTC).date() + DEFAULT_HORIZON)
        else:
            texts = {row.id: f"{row.text} (by {words.day(row.resolve_by)})" for row in rows}
            text = st.selectbox("Which one?", list(texts), format_func=texts.__getitem__)
        with st.container(horizontal=True):
            name = st.text_input("Your name", value="me", help="In a ledger that others use too.", width=180)
            variant = st.selectbox(
                "Help", list(_VARIANTS), format_func=_VARIANTS.__getitem__, key="assistant_help", width=400
            )
            model = st.selectbox("Asked by", _models(variant), format_func=_asked_by, width=260)
        if st.button("Begin", type="primary", icon=":material/play_arrow:"):
            with shell.refusals():
                _open(Wanted(question=text, by=by, name=name.strip(), variant=variant, model=model))
    st.caption(
        "Your own number comes first, then short questions, then your number again. Nothing is recorded before the "
        "last answer. Both numbers are scored when the outcome is known."
    )


def _models(variant: Variant) -> list[str]:
    """The models that may ask: none in a variant of fixed words."""
    if variant not in PERSONA:
        return [""]
    from app.equipment import SCRIPTED, model_table

    return list(dict.fromkeys(["", *model_table().names, SCRIPTED]))


def _asked_by(model: str) -> str:
    return model or "Fixed words, no model"


def _open(wanted: Wanted) -> None:
    begun = begin(wanted, reading.ledger(), now=datetime.now(UTC), events=reading.store)
    st.session_state[_SESSION], st.session_state[_MODEL] = begun.session, wanted.model
    if begun.uncounted:
        st.session_state[_TOLD] = "There is no event store here, so nothing is counted for you."
    st.rerun()


def _step(session: Session, model: str) -> None:
    """What was said so far, the next question, and a place for the answer."""
    step = session.step
    if step is None:
        _record(session)
        return
    _question(session)
    for turn in session.turns:
        _turn(turn)
    advice = _advice(session, model)
    done, total = len(session.turns), len(session.steps)
    st.progress(done / total, text=f"{done + 1} of {total} · {step.title}")
    with st.chat_message("assistant", avatar=":material/forum:"):
        _said(session.asked(advice))
    if advice.failure:
        st.caption(f"In fixed words, since the model failed: {words.plain(advice.failure)}")
    with st.form(f"assistant_step_{done}", border=False), shell.refusals():
        if step.number:
            answer = st.text_input("Your number", placeholder="35% or 0.35", width=200)
        else:
            answer = st.text_area("Your answer", placeholder="Leave it empty to pass over this step.")
        if st.form_submit_button("Continue", type="primary", icon=":material/arrow_forward:"):
            _answer(session, answer, advice)
    if st.button("Break off", type="tertiary", icon=":material/close:"):
        _leave(session)


def _advice(session: Session, model: str) -> Advice:
    """The step in the model's words, asked for once; in fixed words without one."""
    if not model:
        return FIXED
    kept: dict[int, Advice] = st.session_state.setdefault(_ADVICE, {})
    place = len(session.turns)
    if place not in kept:
        with st.spinner("Thinking"), advising(model, reading.settings().database_url) as adviser:
            kept[place] = adviser(session)
    return kept[place]


def _answer(session: Session, answer: str, advice: Advice) -> None:
    """Take the answer to the next step; the last one records everything."""
    following = session.answer(answer, at=datetime.now(UTC), advice=advice)
    st.session_state[_SESSION] = following
    if following.step is None:
        _record(following)
    st.rerun()


def _record(session: Session) -> None:
    st.session_state[_DONE] = record(session, reading.ledger())


def _leave(session: Session) -> None:
    """Back to the form; nothing was recorded. A person who was advised badly on purpose is told so."""
    debriefing = session.debriefing()
    clear()
    st.session_state[_TOLD] = f"Broken off: nothing was recorded. {debriefing}".strip()
    st.rerun()


def clear() -> None:
    """Forget the dialogue of this reader's session."""
    for key in (_SESSION, _MODEL, _ADVICE, _DONE, _TOLD):
        st.session_state.pop(key, None)


def _conclude(session: Session, records: Assisted) -> None:
    """Both numbers, and what comes next."""
    _question(session)
    before, after = (probability_of_yes(item.value) for item in (records.before, records.after))
    with st.container(horizontal=True, gap="large"):
        st.metric("Before", words.percent(before), width="content")
        st.metric(
            "After", words.percent(after), f"{100 * (after - before):+.1f} points", delta_color="off", width="content"
        )
    st.success(f"Both are recorded as {words.plain(records.after.member)}.", icon=":material/check_circle:")
    if records.dialogue.model:
        st.caption(
            f"Asked by {words.plain(records.dialogue.model)}: {records.dialogue.tokens:,} tokens, "
            f"{words.money(records.dialogue.cost_usd)}."
        )
    if told := session.debriefing():
        st.warning(words.plain(told), icon=":material/info:")
    with st.expander("The dialogue", icon=":material/forum:"):
        for turn in session.turns:
            _turn(turn)
    st.caption("When you know what came of it, resolve it on the Questions page, or with this command:")
    st.code(f"auspex questions resolve {session.question.id[:8]} yes", language="bash")
    if st.button("Another question", icon=":material/add:"):
        clear()
        st.rerun()


def _question(session: Session) -> None:
    question, now = session.question, datetime.now(UTC)
    st.markdown(f"#### {words.plain(question.text)}")
    if question.resolution_criteria:
        st.markdown(f":gray[{words.plain(question.resolution_criteria)}]")
    late = " Its window has begun: where the outcome was known by now, your numbers count as a back-test."
    begun = session.as_of < now - timedelta(hours=1)
    st.caption(f"To be resolved by {words.minute(question.resolve_by)}.{late if begun else ''}")
    if told := st.session_state.get(_TOLD):
        st.caption(f":material/info: {words.plain(told)}")


def _turn(turn: Turn) -> None:
    with st.chat_message("assistant", avatar=":material/forum:"):
        _said(turn.asked)
    with st.chat_message("user", avatar=":material/person:"):
        _said(turn.answered or "Passed over.")


def _said(text: str) -> None:
    """Words as they stand, line by line: a model's are no markup of ours."""
    st.markdown(words.plain(text).replace("\n", "  \n"))
