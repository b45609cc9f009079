"""A forecast as it is read: the crowd's answer, every member's beside it, their reasons and what those rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

import streamlit as st

from agents.people import stands_apart
from app.commands.questions import said
from app.ui import reading, shell, theme, words
from app.ui.charts.answers import Range, Said, crowd_chart, options_chart, ranges_chart
from db import cameo
from db.ledger.rows import QuestionDetail
from db.records import Aggregate, Evidence, Forecast, MemberFailure, NumericQuestion, Question
from db.values import CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue, Value

_CROWD = "the crowd"
_BASE_DIGITS, _CODES_SHOWN = 3, 10
_SHOWN, _SCROLLED_PX = 8, 300
_IN_URLS = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Round:
    """What was said of a question as of one moment; of several aggregates the last has the last word.

    `failures` are of the members that have no answer, also not after being asked again.
    """

    as_of: datetime
    forecasts: Sequence[Forecast]
    aggregate: Aggregate | None
    failures: Sequence[MemberFailure]


def rounds(detail: QuestionDetail) -> list[Round]:
    """The question's forecasts by the moment that they were made as of, latest first."""
    moments = {item.as_of for item in detail.forecasts} | {item.as_of for item in detail.failures}
    return [_round(detail, moment) for moment in sorted(moments, reverse=True)]


def _round(detail: QuestionDetail, moment: datetime) -> Round:
    forecasts = [item for item in detail.forecasts if item.as_of == moment]
    answered = {item.member for item in forecasts}
    return Round(
        as_of=moment,
        forecasts=forecasts,
        aggregate=next((item for item in reversed(detail.aggregates) if item.as_of == moment), None),
        failures=[item for item in detail.failures if item.as_of == moment and item.member not in answered],
    )


def show(question: Question, found: Round) -> None:
    """The whole round: figures, plot, answers, failures, reasons and evidence."""
    _figures(found)
    _plot(question, found)
    _answers(found)
    if found.failures:
        shell.table(
            ("no answer from", "why", ""),
            [(failure.member, failure.reason.value.replace("_", " "), failure.detail) for failure in found.failures],
        )
    _reasons(found.forecasts)


def _figures(found: Round) -> None:
    pooled = found.aggregate
    costs = [item.cost_usd for item in found.forecasts]
    known = [cost for cost in costs if cost is not None]
    columns = st.columns(4)
    columns[0].metric("The crowd says", words.plain(_in_brief(pooled.value)) if pooled else words.NOTHING)
    columns[1].metric("Spread of members", _spread(pooled), help="Standard deviation of the members' answers.")
    answered = f"{len(found.forecasts)} of {len(found.forecasts) + len(found.failures)}"
    columns[2].metric("Members answered", answered)
    columns[3].metric("Cost", words.money(sum(known) if len(known) == len(costs) else None))
    if pooled is None and found.forecasts:
        st.caption("No aggregate: too few members answered, or in values of different kinds.")


def _spread(pooled: Aggregate | None) -> str:
    if pooled is None:
        return words.NOTHING
    if isinstance(pooled.value, QuantilesValue):
        return f"{pooled.spread:,.4g}"
    return f"{pooled.spread * 100:.1f} points"


def _in_brief(value: Value) -> str:
    """A value as a figure: of several options or codes the likeliest."""
    if isinstance(value, ProbabilitiesValue | CodesValue):
        code_or_option, p = max(value.probabilities.items(), key=lambda item: (item[1], len(item[0])))
        return f"{code_or_option} {p:.0%}"
    if isinstance(value, QuantilesValue):
        return f"{value.values[len(value.values) // 2]:,.6g}"
    return said(value)


def _plot(question: Question, found: Round) -> None:
    """What was said, drawn by the kind of value; of codes the crowd's likeliest, in a table."""
    value = found.aggregate.value if found.aggregate else None
    _plot_yes_no(found, value)
    _plot_options(found, value)
    _plot_numbers(question, found, value)
    if isinstance(value, CodesValue):
        likeliest = sorted(value.probabilities.items(), key=lambda item: -item[1])
        shown = [(code, p) for code, p in likeliest if len(code) == _BASE_DIGITS][:_CODES_SHOWN]
        rows = [(code, cameo.name(code), words.percent(p)) for code, p in shown]
        shell.table(("code", "event", "probability"), rows, numbers=(2,))


def _plot_yes_no(found: Round, value: Value | None) -> None:
    members = [
        Said(who=item.member, probability=item.value.probability, apart=stands_apart(item.member))
        for item in found.forecasts
        if isinstance(item.value, ProbabilityValue)
    ]
    if not members:
        return
    if isinstance(value, ProbabilityValue) and found.aggregate:
        chart = crowd_chart(members, value.probability, found.aggregate.spread)
        caption = "Every member's answer; the line is the crowd's, the band one spread to either side."
    else:
        chart, caption = crowd_chart(members, None, None), "Every member's answer."
    theme.show_chart(chart, caption=caption)


def _plot_options(found: Round, value: Value | None) -> None:
    members = {
        item.member: item.value.probabilities for item in found.forecasts if isinstance(item.value, ProbabilitiesValue)
    }
    if members:
        pooled = value.probabilities if isinstance(value, ProbabilitiesValue) else {}
        theme.show_chart(options_chart(members, pooled), caption="Dots are members, bars the crowd.")


def _plot_numbers(question: Question, found: Round, value: Value | None) -> None:
    said_by = [(item.member, item.value) for item in found.forecasts if isinstance(item.value, QuantilesValue)]
    if not said_by:
        return
    if isinstance(value, QuantilesValue):
        said_by.append((_CROWD, value))
    unit = question.unit if isinstance(question, NumericQuestion) else ""
    ranges = [
        Range(who=who, low=one.values[0], middle=one.values[len(one.values) // 2], high=one.values[-1])
        for who, one in said_by
    ]
    theme.show_chart(ranges_chart(ranges, pooled=_CROWD, title=unit or "value"))


def _answers(found: Round) -> None:
    """A table of the answers; of statistical members alone, without what only models have."""
    columns, priced = ["member", "answer"], any(item.tokens for item in found.forecasts)
    rows: list[tuple[str, ...]] = [(item.member, said(item.value)) for item in found.forecasts]
    if found.aggregate:
        rows.append((f"The crowd ({found.aggregate.rule})", said(found.aggregate.value)))
    more = [
        (item.model, f"{item.tokens:,}", words.money(item.cost_usd)) if item.tokens else (words.NOTHING,) * 3
        for item in found.forecasts
    ]
    if priced:
        columns += ["model", "tokens", "cost"]
        rows = [(*row, *(more[place] if place < len(more) else ("",) * 3)) for place, row in enumerate(rows)]
    with st.expander(f"Answers in figures ({len(rows)})", icon=":material/table_rows:"):
        shell.table(columns, rows, numbers=(1, 3, 4))


def _reasons(forecasts: Sequence[Forecast]) -> None:
    """Every rationale, and below it the evidence that was shown to the member, numbered."""
    having = [item for item in forecasts if item.rationale or item.evidence]
    if not having:
        return
    known = {item.id: item for item in reading.ledger().evidence({key for one in having for key in one.evidence})}
    st.subheader("Reasons", anchor=False)
    for item in having:
        with st.expander(words.plain(f"{item.member}: {said(item.value)}"), icon=":material/article:"):
            st.markdown(words.plain(item.rationale or "No reasons were given."))
            evidence([known[key] for key in item.evidence if key in known])


def evidence(items: Sequence[Evidence]) -> None:
    """Stored evidence, numbered: title, source, when it was known, and where it was found; many in a box to scroll."""
    if not items:
        return
    st.caption(f"Rests on {words.count(len(items), 'stored item')}, all known before {words.minute(items[0].as_of)}.")
    with st.container(height=_SCROLLED_PX if len(items) > _SHOWN else "content", border=False, gap="xsmall"):
        for place, item in enumerate(items, start=1):
            title = words.plain(item.title or item.text[:120] or item.source)
            known = f"{words.plain(item.source)}, known {words.minute(item.added_at)}"
            st.markdown(f":small[\\[{place}\\] {_linked(title, item.url)}  :gray[{known}]]")


def _linked(title: str, url: str) -> str:
    """The title as a link to where it was found, unless that is no address that can be opened (`.invalid`)."""
    found = urlsplit(url)
    opens = found.scheme in ("http", "https") and not (found.hostname or "").endswith(".invalid")
    return f"[{title}](<{quote(url, safe=_IN_URLS)}>)" if opens else title
