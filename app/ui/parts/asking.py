"""Asking: the form that makes a question, and what happens when it is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from app.commands.asking import Asked, check_members, question_of
from app.ui import reading, words
from app.ui.parts.examples import window_after
from db import cameo, countries
from db.errors import AuspexError, BadInput
from db.questions.factory import describe
from db.questions.resolver import criterion_of
from db.records import Question

EVENTS, IN_WORDS = "Events between two countries", "Anything, in words"
YES_NO, OPTIONS, NUMBER = "Yes or no", "One of several", "A number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A question to be asked, of whom (all statistical members, if empty), as of when, and for how much at most."""

    asked: Asked
    as_of: datetime
    members: tuple[str, ...]
    budget_usd: float | None = None


def made(asked: Asked, as_of: datetime) -> Question:
    """The question that was asked; one about events that has no words of its own is put into words."""
    if not asked.text.strip() and not any(asked.actors) and asked.window[0] is not None:
        raise BadInput("choose who acts and toward whom")
    if asked.text.strip() or not any(asked.actors):
        return question_of(asked, as_of)
    criterion = criterion_of(question_of(replace(asked, text="?"), as_of))
    if criterion is None:
        raise BadInput("a question about events needs both countries and its days")
    return question_of(replace(asked, text=describe(criterion)), as_of)


def send(order: Order) -> tuple[str, str]:
    """Record the question and submit the job that forecasts it; returns the ids of both. Raises BadInput."""
    from app.jobs.records import ForecastJob

    question = made(order.asked, order.as_of)
    check_members(question, order.members)
    reading.ledger().append([question])
    job = ForecastJob(
        title=question.text,
        question_ids=(question.id,),
        members=order.members,
        as_of=order.as_of,
        budget_usd=order.budget_usd,
    )
    return question.id, reading.jobs().submit(job)


def form() -> Order | None:
    """The form; what was ordered when it was sent just now, else None."""
    about = st.segmented_control(
        "The question is about", (EVENTS, IN_WORDS), default=EVENTS, required=True, key="about"
    )
    default = reading.default_as_of()
    # The moment is chosen below the question, and the question's days lie after it: read what is chosen already.
    as_of = _moment(st.session_state.get("as_of_day", default.date()), default)
    asked = _events(as_of) if about == EVENTS else _in_words(as_of)
    members = _members(in_words=about == IN_WORDS)
    with st.expander("As of when, and for how much", icon=":material/tune:"):
        day, budget = st.columns(2)
        day.date_input(
            "Members know what was added before",
            value=default.date(),
            max_value=datetime.now(UTC).date(),
            key="as_of_day",
            format="YYYY-MM-DD",
            help="This day's midnight, UTC; today means now. What became known later is hidden from every member.",
        )
        budget_usd = budget.number_input(
            "Spend on models at most, US dollars", min_value=0.0, value=None, placeholder="no limit", key="budget"
        )
    _preview(asked, as_of)
    if st.button("Ask the crowd", type="primary", icon=":material/send:", key="ask"):
        return Order(asked=asked, as_of=as_of, members=members, budget_usd=budget_usd)
    return None


def _moment(day: date, default: datetime) -> datetime:
    """The moment that a chosen day stands for."""
    if day == default.date():
        return default
    now = datetime.now(UTC)
    return now if day >= now.date() else datetime.combine(day, time(), tzinfo=UTC)


def _events(as_of: datetime) -> Asked:
    left, right = st.columns(2)
    options = _country_options()
    subject = left.selectbox(
        "Who acts", options, index=None, format_func=countries.name, placeholder="A country", key="subject"
    )
    other = right.selectbox(
        "Toward whom", options, index=None, format_func=countries.name, placeholder="A country", key="object"
    )
    codes = st.multiselect(
        "Kinds of event", cameo.all_codes(), format_func=_code, placeholder="Any kind", key="codes",
        help="CAMEO codes; a kind includes the kinds below it.",
    )  # fmt: skip
    left, right = st.columns([2, 1])
    first, last = (moment.date() for moment in window_after(as_of))
    window = left.date_input(
        "From the first to the last day",
        value=(first, last),
        min_value=as_of.date(),
        format="YYYY-MM-DD",
        key=f"window-{as_of.date()}",
    )
    at_least = right.number_input("How many make it a yes", min_value=1, value=1, key="at_least")
    days = window if isinstance(window, tuple) else (window,)
    return Asked(
        text="",
        actors=(subject, other),
        window=(days[0], days[1]) if len(days) == 2 else (None, None),
        codes=tuple(codes),
        at_least=int(at_least),
    )


@st.cache_data(show_spinner=False)
def _country_options() -> list[str]:
    return sorted(countries.iso3_codes(), key=countries.name)


def _code(code: str) -> str:
    return f"{code} · {cameo.name(code)}"


def _in_words(as_of: datetime) -> Asked:
    text = st.text_input("The question", placeholder="Will … by …?", key="text")
    answer = st.segmented_control(
        "Its answer is", (YES_NO, OPTIONS, NUMBER), default=YES_NO, required=True, key="answer"
    )
    asked = Asked(text=text)
    if answer == OPTIONS:
        listed = st.text_area("Possible answers, one a line", key="options", height=100)
        asked = replace(asked, options=tuple(line.strip() for line in listed.splitlines() if line.strip()) or ("",))
    elif answer == NUMBER:
        low, high, unit = st.columns(3)
        bounds = (
            low.number_input("Not below", value=None, placeholder="open", key="lower"),
            high.number_input("Not above", value=None, placeholder="open", key="upper"),
        )
        asked = replace(asked, number=True, bounds=bounds, unit=unit.text_input("Unit", key="unit"))
    criteria = st.text_area("What exactly decides it", key="criteria", height=80, placeholder="Optional")
    by = st.date_input(
        "Known by",
        value=as_of.date() + timedelta(days=30),
        min_value=as_of.date(),
        format="YYYY-MM-DD",
        key=f"by-{as_of.date()}",
        help="The last day.",
    )
    return replace(asked, criteria=criteria, window=(None, by))


def _members(*, in_words: bool) -> tuple[str, ...]:
    statistical, models = member_options()
    options = models if in_words else (*statistical, *models)
    default = models[:1] if in_words else statistical
    chosen = st.multiselect(
        "Members to ask",
        options,
        default=default,
        accept_new_options=True,
        placeholder="Members",
        key=f"members-{'words' if in_words else 'events'}",
        help="A language model is asked as KIND:MODEL, such as react:openai/gpt-5; scripted is a stand-in that comes "
        "with Auspex and knows nothing.",
    )
    return tuple(chosen)


def member_options() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The statistical members, and those of every configured model and of the scripted stand-in."""
    from agents.llm.models import load_models
    from agents.members.llm.naming import KINDS
    from agents.members.registry import MEMBERS
    from app.equipment import SCRIPTED

    names = dict.fromkeys((*load_models(reading.settings().models).names, SCRIPTED))
    return tuple(MEMBERS), tuple(f"{kind}:{name}" for name in names for kind in KINDS)


def _preview(asked: Asked, as_of: datetime) -> None:
    """The question as it will be recorded, once there is enough of it."""
    try:
        question = made(asked, as_of)
    except AuspexError:
        return  # not whole yet: what is missing is said when it is sent
    until = words.minute(question.resolve_by)
    with st.container(border=True):
        st.markdown(words.plain(question.text))
        st.caption(f"Asked as of {words.minute(as_of)} · known by {until}")
