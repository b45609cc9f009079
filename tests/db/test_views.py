"""The ledger's views on both databases: pages that hold, filters, one question whole, streams, counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from db.errors import AmbiguousName, BadInput, UnknownName
from db.ledger.filters import ForecastFilter, QuestionFilter
from db.ledger.ledger import Ledger
from db.ledger.paging import Page
from db.ledger.views import Views
from db.records import (
    Aggregate,
    BinaryQuestion,
    EventCriterion,
    FailureReason,
    Forecast,
    MemberFailure,
    MultipleChoiceQuestion,
    NumericQuestion,
    Outcome,
    Question,
    RelationQuestion,
    Resolution,
)
from db.values import ProbabilitiesValue, ProbabilityValue

OPEN = datetime(2025, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def binary(n: int, **fields: Any) -> BinaryQuestion:
    given = {"text": f"Will case {n} come true?", "open_at": OPEN + n * DAY, "resolve_by": OPEN + (n + 7) * DAY}
    return BinaryQuestion(**given | fields)


def forecast(asked: Question, member: str = "m", probability: float = 0.3, **fields: Any) -> Forecast:
    given = {"as_of": asked.open_at, "created_at": asked.open_at, "value": ProbabilityValue(probability=probability)}
    return Forecast(question_id=asked.id, member=member, **given | fields)


def aggregate(asked: Question, *forecasts: Forecast, probability: float = 0.4, rule: str = "mean") -> Aggregate:
    return Aggregate(
        question_id=asked.id,
        rule=rule,
        as_of=asked.open_at,
        created_at=asked.open_at,
        forecast_ids=tuple(item.id for item in forecasts),
        value=ProbabilityValue(probability=probability),
        spread=0.0,
        n_failed=0,
    )


def resolution(asked: Question, outcome: Outcome = True, known: timedelta = 8 * DAY) -> Resolution:
    moment = asked.open_at + known
    return Resolution(question_id=asked.id, outcome=outcome, resolved_at=moment, known_at=moment, source="hand")


def failure(asked: Question, member: str) -> MemberFailure:
    return MemberFailure(
        question_id=asked.id, member=member, as_of=OPEN, created_at=OPEN, reason=FailureReason.DEADLINE, detail="late"
    )


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    with Ledger(address) as opened:
        yield opened


def texts(page: Page[Any]) -> list[str]:
    return [row.text for row in page.data]


def walked(read: Callable[..., Page[Any]], **given: Any) -> list[Any]:
    found, after = [], ""
    while True:
        page = read(after=after, **given)
        assert page.data or not after
        found += page.data
        if not page.next:
            return found
        after = page.next


def test_pages_of_every_list_hold_each_row_once_in_order(ledger: Ledger) -> None:
    asked = [binary(n) for n in range(7)]
    ledger.append(asked)
    for number, question in enumerate(asked):
        said = forecast(question)
        ledger.append([said, aggregate(question, said), failure(question, "slow")], run_id=f"run-{number}")
    came = [resolution(question) for question in asked]
    ledger.resolve(came)
    views = ledger.views
    lists: list[tuple[Callable[..., Page[Any]], list[Any]]] = [
        (views.forecasts, ledger.forecasts()),
        (views.aggregates, ledger.aggregates()),
        (views.failures, ledger.failures()),
        (views.resolutions, came),
    ]
    for limit in (1, 3, 7, 50):
        for read, expected in lists:
            assert walked(read, limit=limit, newest_first=False) == expected
            assert walked(read, limit=limit) == expected[::-1]
        assert [row.id for row in walked(views.questions, limit=limit)] == [question.id for question in asked[::-1]]
        assert [row.run_id for row in walked(views.runs, limit=limit)] == [f"run-{n}" for n in range(6, -1, -1)]


def test_page_goes_on_where_it_was_though_more_was_recorded_meanwhile(ledger: Ledger) -> None:
    ledger.append([binary(n) for n in range(4)])
    first = ledger.views.questions(limit=2)
    ledger.append([binary(n) for n in range(4, 9)])
    second = ledger.views.questions(limit=2, after=first.next)
    assert texts(second) == ["Will case 1 come true?", "Will case 0 come true?"]
    assert second.next == ""


def test_cursor_of_another_list_filter_or_making_is_refused(ledger: Ledger) -> None:
    asked = binary(0)
    ledger.append([binary(n) for n in range(3)])
    ledger.append([forecast(asked, f"m{n}") for n in range(3)])
    views = ledger.views
    cursor = views.questions(limit=1).next
    refused: list[Callable[[], Page[Any]]] = [
        lambda: views.questions(after="nonsense"),
        lambda: views.questions(after="é"),
        lambda: views.questions(after=cursor + "A"),
        lambda: views.questions(after=cursor[:-1]),
        lambda: views.questions(QuestionFilter(kind="binary"), after=cursor),
        lambda: views.questions(after=cursor, newest_first=False),
        lambda: views.forecasts(after=cursor),
        lambda: views.runs(after=cursor),
    ]
    for read in refused:
        with pytest.raises(BadInput, match="no cursor of this list"):
            read()
    for limit in (0, -1, 1001):
        with pytest.raises(BadInput, match="between 1 and 1000"):
            views.questions(limit=limit)


def test_questions_are_narrowed_by_each_part_of_a_filter(ledger: Ledger) -> None:
    choice = MultipleChoiceQuestion(text="Which ÉCOLE, 50%?", options=("x", "y"), open_at=OPEN, resolve_by=OPEN + DAY)
    number = NumericQuestion(text="How many?", source="other", open_at=OPEN + 3 * DAY, resolve_by=OPEN + 4 * DAY)
    words = binary(1, tags=("war", "peace talks"))
    void, unclear = binary(4), binary(5)
    ledger.append([choice, number, words, void, unclear])
    ledger.append([forecast(words, "a"), aggregate(words, forecast(words, "a")), failure(number, "a")])
    ledger.append([resolution(choice, "x"), resolution(void, "ANNULLED"), resolution(unclear, "AMBIGUOUS")])

    def found(**fields: Any) -> set[str]:
        return {row.id for row in ledger.views.questions(QuestionFilter(**fields)).data}

    assert found(text="école") == found(text="50%") == found(kind="multiple_choice") == {choice.id}
    assert found(text="_") == found(text="%%") == set()
    assert found(source="other") == found(kind="numeric") == {number.id}
    assert found(state="open") == {number.id, words.id}
    assert found(state="resolved") == {choice.id}
    assert (found(state="annulled"), found(state="ambiguous")) == ({void.id}, {unclear.id})
    assert found(tag="war") == found(tag="peace talks") == {words.id}
    assert found(tag="peace") == set()
    assert found(member="a") == found(member="aggregate (mean)") == {words.id}
    assert found(opened_from=OPEN + DAY, opened_to=OPEN + 4 * DAY) == {words.id, number.id}
    assert found(state="open", source="other", text="HOW") == {number.id}
    with pytest.raises(BadInput, match="state 'shut'"):
        QuestionFilter(state="shut")
    with pytest.raises(BadInput, match="time zone"):
        QuestionFilter(opened_from=datetime(2025, 6, 1))  # noqa: DTZ001 - that is what is refused


def test_row_of_a_question_says_how_it_stands(ledger: Ledger) -> None:
    criterion = EventCriterion(subject="USA", object="CHN", first_day=date(2025, 6, 2), last_day=date(2025, 6, 3))
    asked = binary(0, criterion=criterion, source="s", source_id="7", tags=("t",))
    ledger.append([asked])
    [row] = ledger.views.questions().data
    assert (row.state, row.outcome, row.outcome_number, row.known_at, row.n_forecasts) == ("open", "", None, None, 0)
    assert (row.subject, row.object, row.first_day, row.tags) == ("USA", "CHN", "2025-06-02", ("t",))
    first, second = forecast(asked, "a", created_at=OPEN + DAY / 3), forecast(asked, "b")
    ledger.append([first, second, aggregate(asked, first, second, probability=0.2)])
    ledger.append([aggregate(asked, first, probability=0.7)])
    ledger.resolve([resolution(asked, known=9 * DAY)])
    ledger.resolve([resolution(asked, False, known=8 * DAY)], correct=True)
    [row] = ledger.views.questions().data
    assert (row.n_forecasts, row.probability, row.last_forecast_at) == (2, 0.7, OPEN + DAY / 3)
    assert (row.state, row.outcome, row.outcome_number) == ("resolved", "no", 0.0)
    assert (row.known_at, row.first_known_at, row.resolved_at) == (OPEN + 8 * DAY, OPEN + 8 * DAY, OPEN + 8 * DAY)
    ledger.resolve([resolution(asked, "ANNULLED", known=20 * DAY)], correct=True)
    [row] = ledger.views.questions().data
    assert (row.state, row.outcome, row.outcome_number) == ("annulled", "ANNULLED", None)
    assert (row.known_at, row.first_known_at) == (OPEN + 20 * DAY, OPEN + 8 * DAY)


def test_outcomes_of_every_kind_are_in_words(ledger: Ledger) -> None:
    codes = RelationQuestion(text="?", day=OPEN.date(), subject="USA", object="CHN", open_at=OPEN, resolve_by=OPEN)
    part, number = binary(0), NumericQuestion(text="How many?", open_at=OPEN, resolve_by=OPEN + DAY)
    choice = MultipleChoiceQuestion(text="Which?", options=("x", "y"), open_at=OPEN, resolve_by=OPEN + DAY)
    ledger.append([codes, part, number, choice])
    ledger.resolve(
        [resolution(codes, ("042", "190")), resolution(part, 0.25), resolution(number, 1e6), resolution(choice, "y")]
    )
    said = [(row.outcome, row.outcome_number) for row in ledger.views.questions(newest_first=False).data]
    assert said == [("042, 190", None), ("0.25", 0.25), ("1000000", 1e6), ("y", None)]


def test_question_is_found_by_its_id_or_the_beginning_of_it_with_all_that_was_said(ledger: Ledger) -> None:
    asked, other = binary(0), binary(1)
    number = forecast(asked, "human:ada", evidence=("item-1",))
    update = forecast(asked, "m+shown", 0.6, evidence=(number.id, "item-2"))
    crowd, failed = aggregate(asked, number, update), failure(asked, "slow")
    ledger.append([asked, other, number, update, crowd, failed, forecast(other)])
    first, second = resolution(asked, True), resolution(asked, False, known=9 * DAY)
    ledger.resolve([first])
    ledger.resolve([second], correct=True)
    for name in (asked.id, asked.id[:12]):
        found = ledger.views.question(name)
        assert (found.question, found.forecasts, found.aggregates) == (asked, [number, update], [crowd])
        assert (found.failures, found.resolutions, found.n_reviews) == ([failed], [first, second], 0)
        assert found.evidence == ("item-1", "item-2")
        assert found.row.id == asked.id
    for name in ("", "zz", "f" * 20, "0" * 21, asked.id[:5] + "%"):
        with pytest.raises(UnknownName):
            ledger.views.question(name)


def test_beginning_that_several_questions_share_is_ambiguous(ledger: Ledger) -> None:
    ledger.append([binary(n) for n in range(40)])
    ids = sorted(question.id for question in ledger.questions())
    shared = next(a[0] for a, b in zip(ids, ids[1:], strict=False) if a[0] == b[0])
    with pytest.raises(AmbiguousName) as raised:
        ledger.views.question(shared)
    assert all(candidate.startswith(shared) for candidate in raised.value.candidates)


def test_answers_are_narrowed_by_each_part_of_a_filter(ledger: Ledger) -> None:
    asked, other = binary(0), binary(1)
    one, two, three = forecast(asked, "a"), forecast(asked, "b", created_at=OPEN + DAY), forecast(other, "a")
    ledger.append([asked, other])
    ledger.append([one, two, aggregate(asked, one, two)], run_id="first")
    ledger.append([three, failure(other, "b")], run_id="second")
    ledger.resolve([resolution(asked), resolution(other)])
    views = ledger.views

    def found(**fields: Any) -> list[Forecast]:
        return views.forecasts(ForecastFilter(**fields), newest_first=False).data

    assert found(question_id=asked.id) == found(run_id="first") == [one, two]
    assert found(member="a") == [one, three]
    assert found(member="a", run_id="second") == found(member="a", question_id=other.id) == [three]
    assert found(created_from=OPEN + DAY) == [two, three]
    assert found(created_from=OPEN, created_to=OPEN + DAY) == [one]
    assert found(run_id="nobody's") == found(member="")[3:] == []
    assert [item.rule for item in views.aggregates(ForecastFilter(member="aggregate (mean)")).data] == ["mean"]
    assert [item.member for item in views.failures(ForecastFilter(run_id="second")).data] == ["b"]
    assert len(views.resolutions(ForecastFilter(question_id=asked.id)).data) == 1
    assert len(views.resolutions(ForecastFilter(created_from=OPEN + 9 * DAY)).data) == 1
    with pytest.raises(BadInput, match="no member resolves"):
        views.resolutions(ForecastFilter(member="a"))


def test_stream_gives_what_the_lists_give_oldest_first(ledger: Ledger) -> None:
    asked = [binary(n) for n in range(3)]
    ledger.append(asked)
    said = [forecast(question, f"m{n}") for n in range(800) for question in asked]  # more than are read at once
    ledger.append(said)
    ledger.resolve([resolution(asked[0])])
    views = ledger.views
    assert list(views.stream("forecast")) == said
    assert list(views.stream("forecast", ForecastFilter(question_id=asked[1].id))) == said[1::3]
    assert list(views.stream("question")) == asked
    assert list(views.stream("question", QuestionFilter(state="open"))) == asked[1:]
    assert [Resolution.model_validate_json(body) for body in views.stream_json("resolution")] == [resolution(asked[0])]
    assert list(views.stream("aggregate")) == []
    assert list(views.stream("failure")) == []


def test_stream_ends_with_what_was_there_when_it_began(ledger: Ledger) -> None:
    asked = binary(0)
    ledger.append([forecast(asked, f"m{n}") for n in range(1500)])
    stream = ledger.views.stream("forecast")
    seen = [next(stream)]
    ledger.append([forecast(asked, "later")])
    seen += stream
    assert len(seen) == 1500


def test_runs_add_up_over_several_batches(ledger: Ledger) -> None:
    asked = [binary(n) for n in range(3)]
    ledger.append(asked)
    one, two = forecast(asked[0], "a", cost_usd=0.25), forecast(asked[1], "b", cost_usd=0.5)
    ledger.append([two, one], run_id="r")
    ledger.append([aggregate(asked[0], one), failure(asked[2], "c"), forecast(asked[0], "b")], run_id="r")
    ledger.append([forecast(asked[0], "c", cost_usd=None), forecast(asked[0], "d", cost_usd=1.0)], run_id="unknown")
    ledger.append([forecast(asked[0], "a", cost_usd=9.0)], run_id="r")  # there already
    latest, earlier = ledger.views.runs().data
    assert (earlier.run_id, earlier.n_questions, earlier.n_forecasts) == ("r", 3, 3)
    assert (earlier.n_aggregates, earlier.n_failures, earlier.cost_usd) == (1, 1, 0.75)
    assert (earlier.members, earlier.started_at) == (("a", "b", "c"), OPEN)
    assert (latest.run_id, latest.cost_usd, latest.members) == ("unknown", None, ("c", "d"))


def test_counts_and_facets_say_what_there_is(ledger: Ledger) -> None:
    views: Views = ledger.views
    assert (views.head(), views.counts().questions, views.facets().members) == (0, 0, ())
    asked = [binary(n, source=source, tags=(source, "all")) for n, source in enumerate("ab")]
    said = forecast(asked[0])
    ledger.append([*asked, said, aggregate(asked[0], said), failure(asked[1], "slow"), resolution(asked[0])])
    counts, facets = views.counts(), views.facets()
    assert (counts.questions, counts.open, counts.resolved, counts.annulled) == (2, 1, 1, 0)
    assert (counts.forecasts, counts.aggregates, counts.failures, counts.resolutions) == (1, 1, 1, 1)
    assert (facets.sources, facets.kinds, facets.tags) == (("a", "b"), ("binary",), ("a", "all", "b"))
    assert facets.members == ("aggregate (mean)", "m", "slow")
    assert views.head() == 6


def test_values_that_are_no_probability_are_listed_whole(ledger: Ledger) -> None:
    choice = MultipleChoiceQuestion(text="Which?", options=("x", "y"), open_at=OPEN, resolve_by=OPEN + DAY)
    said = forecast(choice, value=ProbabilitiesValue(probabilities={"x": 0.5, "y": 0.5}))
    ledger.append([choice, said])
    assert ledger.views.forecasts().data == [said]
    assert ledger.views.questions().data[0].probability is None


def test_text_with_nul_is_listed(ledger: Ledger) -> None:
    asked = binary(0, text="Will \x00 it?", source="a\x00b")
    ledger.append([asked])
    assert texts(ledger.views.questions()) == ["Will \N{REPLACEMENT CHARACTER} it?"]
    assert ledger.views.question(asked.id).question == asked
