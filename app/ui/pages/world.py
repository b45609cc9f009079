"""World: which events were known at a moment, where, when, between whom, and of which kinds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from app.ui import reading, shell, theme, words
from app.ui.charts.events import relation_chart, timeline_chart
from app.ui.charts.palette import CLASSES
from app.ui.charts.world_map import DARK, LIGHT, without_place, world_map
from app.ui.event_view import FLOWS_SHOWN, Looking, Seen, seen
from app.ui.legend import legend
from db import cameo, countries
from db.errors import StoreMissing
from db.events.store import DEFAULT_VIEW, EventStore

_WINDOWS = {30: "30 days", 90: "90 days", 365: "a year", 36525: "everything"}
_MAP_PX = 440


def show() -> None:
    """The page."""
    with shell.page("World", "Events between countries, as they were known at a moment of your choice."):
        try:
            store = reading.store()
        except StoreMissing:
            _nothing()
            return
        info = store.info()
        if info.first_added_at is None or info.last_added_at is None:
            _nothing()
            return
        day, looking = _controls(store, info.first_added_at.date(), info.last_added_at.date())
        moment = datetime.combine(day, time(), tzinfo=UTC)
        found = _seen(store.info().fingerprint, moment, looking.days, looking.subject, looking.object, looking.codes)
        _say_cut(found)
        if not found.n:
            shell.empty("No event matches", "Choose a longer window, a later moment, or other countries and kinds.")
            return
        _map(found)
        _kinds_and_time(found, _of_whom(looking.subject, looking.object), "there")
        if looking.subject and looking.object:
            _other_direction(store, moment, looking)
        _latest(found)


def _nothing() -> None:
    shell.empty(
        "No events yet",
        "Take in event files of the GDELT Project, which are free.",
        icon=":material/public_off:",
        command="auspex ingest http://data.gdeltproject.org/gdeltv2/masterfilelist.txt --from DATE --to DATE",
    )


def _controls(store: EventStore, first: date, last: date) -> tuple[date, Looking]:
    """The moment as of which, and what is looked at."""
    end = last + timedelta(days=1)
    day = st.slider(
        "As of the beginning of",
        min_value=first + timedelta(days=1),
        max_value=max(end, first + timedelta(days=2)),
        value=end,
        format="D MMM YYYY",
        help="Nothing that became known at or after this midnight (UTC) is read.",
        key="world_as_of",
    )
    names = ["", *_countries(store.info().fingerprint)]
    with st.container(horizontal=True):
        days = st.selectbox(
            "Looking back", list(_WINDOWS), index=1, format_func=_WINDOWS.__getitem__, key="world_days", width=150
        )
        acting = st.selectbox("Who acts", names, format_func=_country, key="world_subject", width=215)
        toward = st.selectbox("Toward whom", names, format_func=_country, key="world_object", width=215)
        kinds = ["", *cameo.root_codes()]
        root = st.selectbox("Kind of event", kinds, format_func=_kind, key="world_kind", width=330)
    return day, Looking(days=days, subject=acting, object=toward, codes=(root,) if root else ())


def _country(code: str) -> str:
    return countries.name(code) if code else "Anyone"


def _kind(code: str) -> str:
    return f"{code} {cameo.name(code).capitalize()}" if code else "All kinds"


@st.cache_data(show_spinner=False, max_entries=8)
def _countries(fingerprint: str) -> list[str]:
    """The countries that ever act or are acted on, by name; `fingerprint` tells stores apart."""
    last = reading.store().info().last_added_at
    end = datetime.now(UTC) if last is None else last + timedelta(seconds=1)
    return sorted(reading.store().as_of(end, view=DEFAULT_VIEW).entity_distribution(), key=countries.name)


@st.cache_data(show_spinner="Reading events", max_entries=64)
def _seen(fingerprint: str, moment: datetime, days: int, subject: str, object: str, codes: tuple[str, ...]) -> Seen:
    """What is known before `moment`; `fingerprint` tells stores apart."""
    snapshot = reading.store().as_of(moment, view=DEFAULT_VIEW)
    return seen(snapshot, Looking(days=days, subject=subject, object=object, codes=codes))


def _say_cut(found: Seen) -> None:
    """What the page's numbers rest on, and that nothing later is among them."""
    newest = words.minute(found.newest_added_at)
    known = "" if found.newest_added_at is None else f" The newest of it became known {newest}."
    st.caption(
        f":material/lock_clock: Only what was known before {words.day(found.as_of)}, 00:00 UTC.{known} An event is a "
        f"day, two countries and a kind, reported more than {DEFAULT_VIEW.min_mentions} times."
    )
    with st.container(horizontal=True, gap="large"):
        st.metric("Events", f"{found.n:,}", width="content")
        st.metric("Pairs", f"{found.n_pairs:,}", help="Ordered: who acts, toward whom.", width="content")
        st.metric("Countries", f"{len(found.countries):,}", width="content")


def _map(found: Seen) -> None:
    paper = DARK if theme.is_dark() else LIGHT
    deck = world_map(found.countries, found.flows, paper=paper)
    st.pydeck_chart(deck, height=_MAP_PX, alt="A map of events by country, with arcs between countries")
    lost = without_place(found.countries)
    hidden = f" Not on the map: {', '.join(map(countries.name, lost))}." if lost else ""
    arcs = f"the {FLOWS_SHOWN} busiest of {found.n_pairs:,} pairs" if found.n_pairs > FLOWS_SHOWN else "all pairs"
    st.caption(
        "The stronger its colour, the more events a country has a part in (square-root scale). Arcs run from who acts "
        f"(blue) to whom (orange), {arcs}, wider for more events.{hidden} Outlines: Natural Earth, public domain."
    )


def _kinds_and_time(found: Seen, title: str, key: str) -> None:
    """When the events were, and of which kinds."""
    st.subheader(title, anchor=False)
    theme.show_chart(
        timeline_chart(found.timeline, bucket=found.bucket, last_day=found.last_day),
        key=f"world_time_{key}",
        caption=f"n = {found.n:,} events by {found.bucket}, {words.day(found.first_day)} to "
        f"{words.day(found.last_day)}; the first and the last {found.bucket} may be cut off.",
    )
    legend(CLASSES)
    theme.show_chart(
        relation_chart(found.relations),
        key=f"world_kinds_{key}",
        caption=f"n = {found.n:,} events by base code of CAMEO.",
    )


def _of_whom(subject: str, object: str) -> str:
    if subject and object:
        return f"{countries.name(subject)} toward {countries.name(object)}"
    if subject or object:
        return f"From {countries.name(subject)}" if subject else f"Toward {countries.name(object)}"
    return "All pairs"


def _other_direction(store: EventStore, moment: datetime, looking: Looking) -> None:
    """The same pair the other way round, below the direction that was chosen."""
    back = _seen(store.info().fingerprint, moment, looking.days, looking.object, looking.subject, looking.codes)
    title = _of_whom(looking.object, looking.subject)
    if back.n:
        _kinds_and_time(back, title, "back")
    else:
        st.subheader(title, anchor=False)
        st.caption("No event in this direction.")


def _latest(found: Seen) -> None:
    with st.expander(f"The latest {min(len(found.latest), found.n):,} events", icon=":material/history:"):
        shell.table(
            ("Day", "Who acts", "Toward whom", "Kind", "Mentions", "Tone", "Known since"),
            [
                (
                    words.day(event.day),
                    countries.name(event.subject),
                    countries.name(event.object),
                    f"{event.code} {cameo.name(event.code)}",
                    f"{event.mentions:,}",
                    words.NOTHING if event.tone is None else f"{event.tone:+.1f}",
                    words.minute(event.added_at),
                )
                for event in found.latest
            ],
            numbers=(4, 5),
        )


show()
