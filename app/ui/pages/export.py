"""Export: the ledger's records as files, and the forecast set of a ForecastBench round."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app.interchange.encoders import MEDIA_TYPES
from app.ui import reading, shell, words
from db.ledger.filters import KINDS, STATES, ForecastFilter, QuestionFilter

if TYPE_CHECKING:
    from app.interchange.columns import Kind

_WHAT: dict[Kind, str] = {
    "question": "Questions",
    "forecast": "Forecasts",
    "aggregate": "Aggregates",
    "resolution": "Resolutions",
}
_FORMATS = {"csv": "CSV", "jsonl": "JSON lines", "json": "JSON", "parquet": "Parquet"}
_LARGE = 200_000  # records from which on the command line is the better way: a download is held in memory


def _records() -> None:
    counts = reading.at_head("counts", reading.views().counts)
    left, right = st.container(key="wide-export").columns(2)
    kind = left.segmented_control("What", list(_WHAT), format_func=_WHAT.__getitem__, default="forecast", required=True)
    format = right.segmented_control(
        "Format", list(_FORMATS), format_func=_FORMATS.__getitem__, default="csv", required=True
    )
    wanted = _question_filter() if kind == "question" else _answer_filter(kind)
    n = getattr(counts, f"{kind}s")
    if not n:
        shell.empty(f"No {_WHAT[kind].lower()} yet", "They appear here as soon as they are recorded.")
        return
    st.download_button(
        f"Download {_WHAT[kind].lower()}",
        data=lambda: _file(kind, format, wanted),
        file_name=f"auspex-{kind}s.{format}",
        mime=MEDIA_TYPES[format],
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key="download",
    )
    st.caption(f"The ledger holds {words.count(n, kind)}; the filters above choose among them.")
    if n > _LARGE:
        st.caption("So many are better written on the command line, in constant memory:")
        st.code(f"auspex export {format} FILE", language="bash")


def _file(kind: Kind, format: str, wanted: QuestionFilter | ForecastFilter) -> bytes:
    from app.interchange.records import iter_bytes

    return b"".join(iter_bytes(reading.ledger(), kind, format, wanted))


def _question_filter() -> QuestionFilter:
    facets = reading.at_head("facets", reading.views().facets)
    state, kind, source, days = st.columns(4)
    opened = _days(days, "Opened", "opened")
    return QuestionFilter(
        state=state.selectbox("State", ("", *STATES), format_func=lambda name: name or "any", key="export-state"),
        kind=kind.selectbox(
            "Kind", ("", *KINDS), format_func=lambda name: words.KINDS.get(name, "any"), key="export-kind"
        ),
        source=source.selectbox(
            "Source", ("", *facets.sources), format_func=lambda name: name or "any", key="export-source"
        ),
        opened_from=opened[0],
        opened_to=opened[1],
    )


def _answer_filter(kind: str) -> ForecastFilter:
    facets = reading.at_head("facets", reading.views().facets)
    question, member, days = st.columns([2, 2, 2])
    question_id = question.text_input("Question", placeholder="Its id; all if empty", key="export-question").strip()
    aggregates = kind == "aggregate"
    members = [name for name in facets.members if name.startswith("aggregate (") == aggregates]
    chosen = ""
    if kind != "resolution":
        chosen = member.selectbox("Member", ("", *members), format_func=lambda name: name or "all", key="export-member")
    made = _days(days, "Made", "made")
    found = reading.views().question(question_id).row.id if question_id else ""
    return ForecastFilter(question_id=found, member=chosen, created_from=made[0], created_to=made[1])


def _days(place: st.delta_generator.DeltaGenerator, label: str, key: str) -> tuple[datetime | None, datetime | None]:
    """The first moment and the one after the last of the days that were chosen; (None, None) of all."""
    chosen = place.date_input(
        f"{label} from, to", value=[], format="YYYY-MM-DD", key=f"export-{key}", help="Empty: all days."
    )
    days = chosen if isinstance(chosen, tuple) else (chosen,)
    if len(days) != 2:
        return None, None
    first, last = (datetime.combine(day, time(), tzinfo=UTC) for day in days)
    return first, last + timedelta(days=1)


def _forecast_set() -> None:
    st.caption(
        "The forecasts of one round of ForecastBench, in the format in which they are handed in. The round's question "
        "set is taken in first: `auspex import forecastbench FILE`."
    )
    due, organization, member = st.columns(3)
    day = due.date_input("Forecast due date", value=None, format="YYYY-MM-DD", key="fb-due")
    who = organization.text_input("Organization", key="fb-organization")
    facets = reading.at_head("facets", reading.views().facets)
    members = [name for name in facets.members if not name.startswith("aggregate (")]
    of = member.selectbox("Forecasts of", ("", *members), format_func=lambda name: name or "the crowd", key="fb-member")
    incomplete = st.checkbox("Write it though forecasts are missing", key="fb-incomplete")
    if st.button("Prepare the set", icon=":material/fact_check:", disabled=not (day and who.strip()), key="fb-prepare"):
        if day is None:
            return
        with shell.refusals():
            name, content = _prepared(day, who.strip(), of, incomplete=incomplete)
            st.download_button(
                f"Download {name}", data=content, file_name=name, mime="application/json", icon=":material/download:"
            )


def _prepared(due: date, organization: str, member: str, *, incomplete: bool) -> tuple[str, str]:
    """The set's file name and content; raises BadInput for one that the benchmark would not take."""
    from app.interchange.forecastbench.files import write_forecasts
    from app.interchange.options import ExportOptions

    options = ExportOptions(due=due, organization=organization, member=member, incomplete=incomplete)
    with tempfile.TemporaryDirectory(prefix="auspex-export-") as folder:
        written = Path(write_forecasts(reading.ledger(), folder, options).file)
        return written.name, written.read_text(encoding="utf-8")


with shell.page("Export"):
    records, benchmark = st.tabs(["Records", "ForecastBench"])
    with records:
        _records()
    with benchmark:
        _forecast_set()
