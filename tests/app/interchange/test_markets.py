"""Markets and tournaments: every shape that their interfaces answer, from a server on loopback or a saved answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.interchange.options import ImportOptions
from app.interchange.registry import importer
from app.interchange.transfer import Transfer
from db.errors import BadInput, SourceRefused
from db.ledger.ledger import Ledger
from db.records import MultipleChoiceQuestion, NumericQuestion
from db.values import ProbabilitiesValue, ProbabilityValue, QuantilesValue
from tests.app.interchange.api_server import Api, serving
from tests.app.interchange.market_shapes import (
    closed,
    community,
    manifold,
    manifold_choice,
    metaculus_question,
    polymarket,
    post,
    resolved,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)
KEY = "a-key"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "ledger.db")) as found:
        yield found


def taken(
    ledger: Ledger, format: str, source: str, api: Api | None = None, *, now: datetime = NOW, **options: Any
) -> Transfer:
    trusted = api.trusted if api else ()
    return importer(format)(ledger, source, ImportOptions(now=now, trusted=trusted, accept_terms=True, **options))


def saved(folder: Path, *documents: dict[str, Any]) -> str:
    path = folder / "saved.json"
    path.write_text(json.dumps(list(documents)), encoding="utf-8")
    return str(path)


def outcomes(ledger: Ledger) -> dict[str, Any]:
    asked = {question.id: question.source_id for question in ledger.questions()}
    return {asked[key]: found.outcome for key, found in ledger.resolutions().items()}


def reasons(done: Transfer) -> dict[str, str]:
    return {item.id: item.reason for item in done.skipped}


def test_manifold_lists_are_paged_and_each_market_is_read_whole(ledger: Ledger) -> None:
    markets = [manifold(f"m{n}") for n in range(5)]
    lite = [{key: value for key, value in item.items() if key != "textDescription"} for item in markets]

    def page(query: Any) -> Any:
        first = next((n + 1 for n, item in enumerate(lite) if item["id"] == query.get("before")), 0)
        return lite[first : first + 2]

    with serving({"/v0/markets": page} | {f"/v0/market/{item['id']}": item for item in markets}) as api:
        done = taken(ledger, "manifold", api.url, api)
    assert (done.read, done.new["questions"], done.new["forecasts"]) == (5, 5, 5)
    question, price = ledger.questions()[0], ledger.forecasts()[0]
    assert (question.background, question.source_id) == ("Resolves yes if it does.", "m0")
    assert question.close_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert (price.member, price.as_of, price.value) == ("market:manifold", NOW, ProbabilityValue(probability=0.25))


def test_no_more_markets_are_read_than_asked_for(ledger: Ledger) -> None:
    with serving({"/v0/markets": [manifold(f"m{n}") for n in range(5)]}) as api:
        assert taken(ledger, "manifold", api.url, api, limit=3).read == 3


def test_one_market_is_read_from_its_own_address(ledger: Ledger) -> None:
    with serving({"/v0/slug/m1": manifold("m1")}) as api:
        assert taken(ledger, "manifold", f"{api.url}/v0/slug/m1", api).new["questions"] == 1


def test_manifold_outcomes_are_yes_no_a_fraction_or_annulled(ledger: Ledger, tmp_path: Path) -> None:
    done = taken(
        ledger,
        "manifold",
        saved(
            tmp_path,
            manifold("yes", **resolved("YES")),
            manifold("no", **resolved("NO")),
            manifold("part", **resolved("MKT", resolutionProbability=0.4)),
            manifold("cancelled", **resolved("CANCEL")),
            manifold("odd", **resolved("WHO_KNOWS")),
            manifold_choice("choice", **resolved("choice-1")),
            manifold_choice("mix", **resolved("MKT")),
        ),
    )
    assert outcomes(ledger) == {"yes": True, "no": False, "part": 0.4, "cancelled": "ANNULLED", "choice": "green"}
    assert set(reasons(done)) == {"odd", "mix"}
    assert ledger.forecasts() == []
    assert {item.known_at for item in ledger.resolutions().values()} == {datetime(2026, 4, 1, tzinfo=UTC)}


def test_manifold_types_that_are_no_question_here_are_named(ledger: Ledger, tmp_path: Path) -> None:
    done = taken(
        ledger,
        "manifold",
        saved(
            tmp_path,
            manifold("poll", outcomeType="POLL"),
            manifold_choice("any") | {"shouldAnswersSumToOne": False},
            manifold_choice("choice"),
            manifold("backwards", closeTime=None),
            {"id": "empty", "outcomeType": "BINARY"},
            manifold("strange", probability="much"),
        ),
    )
    assert set(reasons(done)) == {"poll", "any", "backwards", "empty", "strange"}
    (question,) = ledger.questions()
    assert isinstance(question, MultipleChoiceQuestion)
    assert question.options == ("red", "green", "blue")
    assert ledger.forecasts()[0].value == ProbabilitiesValue(probabilities={"red": 0.5, "green": 0.3, "blue": 0.2})


def test_a_market_fetched_again_is_the_same_question_though_it_was_edited(ledger: Ledger, tmp_path: Path) -> None:
    taken(ledger, "manifold", saved(tmp_path, manifold("m")))
    later = NOW + timedelta(1)
    done = taken(ledger, "manifold", saved(tmp_path, manifold("m", question="Or else?", probability=0.5)), now=later)
    assert len(ledger.questions()) == 1
    assert [item.as_of for item in ledger.forecasts()] == [NOW, later]
    assert "edited" in reasons(done)["m"]
    done = taken(ledger, "manifold", saved(tmp_path, manifold("m", **resolved("YES"))), now=later)
    assert outcomes(ledger) == {"m": True}
    assert done.new["questions"] == 0


def test_polymarket_prices_are_read_by_the_outcomes_names(ledger: Ledger) -> None:
    found = [
        polymarket(1, ("Yes", "No"), ("0.3", "0.7")),
        polymarket(2, ("No", "Yes"), ("0.9", "0.1")),
        polymarket(3, ("Reds", "Blues"), ("0.405", "0.605")),
        polymarket(4, ("Reds", "Blues"), ("0.5", "0.9")),
        polymarket(5, ("Yes", "No"), ()),
    ]

    def page(query: Any) -> Any:
        first = int(query["offset"])
        return found[first : first + min(2, int(query["limit"]))]

    with serving({"/markets": page}) as api:
        done = taken(ledger, "polymarket", api.url, api)
    asked = {question.id: question.source_id[-1] for question in ledger.questions()}
    said = {asked[item.question_id]: item.value for item in ledger.forecasts()}
    assert done.read == 5
    assert said == {
        "1": ProbabilityValue(probability=0.3),
        "2": ProbabilityValue(probability=0.1),
        "3": ProbabilitiesValue(probabilities={"Reds": 0.405 / 1.01, "Blues": 0.605 / 1.01}),
    }


def test_polymarket_outcomes_count_once_they_are_final(ledger: Ledger, tmp_path: Path) -> None:
    early = polymarket(10, ("Yes", "No"), ("1", "0"), **closed())
    done = taken(
        ledger,
        "polymarket",
        saved(
            tmp_path,
            polymarket(1, ("Yes", "No"), ("1", "0"), **closed()),
            polymarket(2, ("No", "Yes"), ("1", "0"), **closed()),
            polymarket(3, ("Yes", "No"), ("0.5", "0.5"), **closed()),
            polymarket(4, ("Reds", "Blues"), ("0", "1"), **closed()),
            polymarket(5, ("Yes", "No"), ("1", "0"), **closed(umaResolutionStatus="disputed")),
            polymarket(6, ("Reds", "Blues"), ("0.5", "0.5"), **closed()),
            polymarket(7, ("Yes", "No"), ("0.9995", "0.0005"), **closed()),
            polymarket(8, ("No", "Yes"), ("0.9995", "0.0005"), **closed()),
            polymarket(9, ("Yes", "No"), ("0.97", "0.03"), **closed()),
            {key: value for key, value in early.items() if key != "umaResolutionStatus"},
        ),
    )
    assert {key[-1]: value for key, value in outcomes(ledger).items()} == {
        "1": True,
        "2": False,
        "3": 0.5,
        "4": "Blues",
        "7": True,
        "8": False,
    }
    assert {item.known_at for item in ledger.resolutions().values()} == {datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)}
    assert {key[-1] for key in reasons(done)} == {"5", "6", "9", "a"}


def test_a_polymarket_question_that_is_listed_no_more_is_asked_for_and_resolved(ledger: Ledger) -> None:
    found = [polymarket(n, ("Yes", "No"), ("0.3", "0.7")) for n in (1, 2, 3)]
    ended = {found[1]["conditionId"]: polymarket(2, ("Yes", "No"), ("1", "0"), **closed())}

    def page(query: Any) -> Any:
        if "condition_ids" in query:
            return [item for key, item in ended.items() if (key, query["closed"]) == (query["condition_ids"], "true")]
        return found if query["offset"] == "0" else []

    with serving({"/markets": page}) as api:
        taken(ledger, "polymarket", api.url, api)
        assert not any("condition_ids" in path for path in api.asked)
        del found[1:]
        done = taken(ledger, "polymarket", api.url, api, now=NOW + timedelta(1), limit=2)
        assert sum("condition_ids" in path for path in api.asked) == 2
    assert (done.read, done.new["questions"], done.skipped) == (2, 0, [])
    assert {key[-1]: value for key, value in outcomes(ledger).items()} == {"2": True}


def test_a_manifold_market_that_lists_do_not_reach_is_resolved_and_one_that_is_gone_is_named(ledger: Ledger) -> None:
    answers: dict[str, Any] = {"/v0/markets": [manifold("new")], "/v0/market/old": manifold("old", **resolved("NO"))}
    with serving(answers | {"/v0/slug/all": [manifold("old"), manifold("gone")]}) as api:
        taken(ledger, "manifold", f"{api.url}/v0/slug/all", api)
        done = taken(ledger, "manifold", api.url, api, limit=1)
        assert len([path for path in api.asked if path.startswith("/v0/market/")]) == 1
        done = taken(ledger, "manifold", api.url, api, limit=1)
    assert outcomes(ledger) == {"old": False}
    assert reasons(done)["gone"] == "it is not at manifold any more: resolve it by hand"


def test_a_metaculus_post_that_is_open_no_more_is_read_once_for_its_questions(ledger: Ledger) -> None:
    settled = {"resolution": "yes", "actual_resolve_time": "2026-05-01T00:00:00Z"}
    group = {"questions": [_sub(1) | settled, _sub(2) | settled]}
    listing: dict[str, Any] = {"next": None, "results": []}
    with serving({"/api/posts/": listing, "/api/posts/9/": post(9, group_of_questions=group)}) as api:
        before = {"questions": [_sub(1), _sub(2)]}
        with serving({"/api/posts/9/": post(9, group_of_questions=before)}) as earlier:
            taken(ledger, "metaculus", f"{earlier.url}/api/posts/9/", earlier)
        taken(ledger, "metaculus", api.url, api)
        assert [path.partition("?")[0] for path in api.asked] == ["/api/posts/", "/api/posts/9/"]
    assert outcomes(ledger) == {"1": True, "2": True}


@pytest.mark.parametrize(
    ("format", "path", "answer"),
    [
        ("polymarket", "/markets", {"error": 1}),
        ("polymarket", "/markets", ["no", "objects"]),
        ("polymarket", "/markets", 7),
        ("manifold", "/v0/markets", [{"question": "no id"}]),
        ("manifold", "/v0/markets", [manifold("m") | {"id": None}]),
        ("metaculus", "/api/posts/", {"detail": "no"}),
        ("metaculus", "/api/posts/", []),
        ("metaculus", "/api/posts/", {"results": ["no object"]}),
    ],
)
def test_an_answer_of_another_shape_is_one_sentence_that_names_its_address(
    ledger: Ledger, format: str, path: str, answer: Any
) -> None:
    with serving({path: answer}) as api:
        with pytest.raises(SourceRefused, match="not in the shape that is known") as refused:
            taken(ledger, format, api.url, api)
        assert api.url + path in str(refused.value)
        assert len(api.asked) == 1
    assert ledger.counts() == {}


def test_a_post_whose_question_is_no_object_is_named(ledger: Ledger, tmp_path: Path) -> None:
    done = taken(ledger, "metaculus", saved(tmp_path, post(1, question=[1]), post(2, question=_sub(2))))
    assert (list(reasons(done)), len(ledger.questions())) == (["?"], 1)


def test_metaculus_says_its_terms_before_anything_is_read(ledger: Ledger) -> None:
    with serving({}) as api:
        with pytest.raises(BadInput, match="without its permission.*--accept-terms"):
            importer("metaculus")(ledger, api.url, ImportOptions(now=NOW, trusted=api.trusted))
        assert api.asked == []


def test_metaculus_questions_of_every_type_come_with_the_community_prediction(ledger: Ledger) -> None:
    scale = {"range_min": 0, "range_max": 200, "zero_point": None, "inbound_outcome_count": 200}
    days = scale | {"range_min": 1_767_225_600, "range_max": 1_798_761_600}
    quartiles = {"interval_lower_bounds": [0.25], "interval_upper_bounds": [0.75]}
    discrete = {"range_min": -0.5, "range_max": 3.5, "zero_point": None, "inbound_outcome_count": 4}
    posts = [
        post(1, question=metaculus_question(11, "binary", **community(0.6))),
        post(2, question=metaculus_question(12, "multiple_choice", options=["a", "b"], **community(0.7, 0.3))),
        post(3, question=metaculus_question(13, "numeric", scaling=scale, unit="km", **community(0.5, **quartiles))),
        post(4, question=metaculus_question(14, "discrete", scaling=discrete, open_upper_bound=True)),
        post(5, question=metaculus_question(15, "date", scaling=days)),
        post(6, group_of_questions={"id": 1, "description": "All.", "questions": [_sub(16), _sub(17)]}),
        post(7, conditional={"id": 2}),
        post(8),
    ]

    def page(query: Any) -> Any:
        first = int(query["offset"])
        return {"next": "more" if first + 3 < len(posts) else None, "results": posts[first : first + 3]}

    with serving({"/api/posts/": page} | {f"/api/posts/{item['id']}/": item for item in posts}) as api:
        done = taken(ledger, "metaculus", api.url, api, token=KEY)
        assert set(api.tokens) == {f"Token {KEY}"}
    asked = {question.source_id: question for question in ledger.questions()}
    assert list(asked) == ["11", "12", "13", "14", "15", "16", "17"]
    assert set(reasons(done)) == {"7", "8"}
    number, date = asked["13"], asked["15"]
    assert isinstance(number, NumericQuestion)
    assert isinstance(date, NumericQuestion)
    assert (number.lower, number.upper, number.unit) == (0, 200, "km")
    assert date.unit == "s since 1970-01-01 UTC"
    assert asked["16"].background == "All."
    assert asked["11"].url == "https://www.metaculus.com/questions/1/"
    said = {item.question_id: item.value for item in ledger.forecasts()}
    assert [said.get(question.id) for question in asked.values()] == [
        ProbabilityValue(probability=0.6),
        ProbabilitiesValue(probabilities={"a": 0.7, "b": 0.3}),
        QuantilesValue(levels=(0.25, 0.5, 0.75), values=(50.0, 100.0, 150.0)),
        *[None] * 4,
    ]


def test_a_question_of_a_group_that_is_broken_leaves_the_others(ledger: Ledger, tmp_path: Path) -> None:
    broken = _sub(2) | {"open_time": "soon"}
    group = {"questions": [_sub(1), broken, metaculus_question(3, "essay"), _sub(4)]}
    done = taken(
        ledger, "metaculus", saved(tmp_path, post(9, group_of_questions=group), post(10, group_of_questions=7))
    )
    assert [question.source_id for question in ledger.questions()] == ["1", "4"]
    assert list(reasons(done)) == ["2", "3", "10"]


def _sub(id: int) -> dict[str, Any]:
    return metaculus_question(id, "binary", description="")


def test_metaculus_outcomes_of_every_type(ledger: Ledger, tmp_path: Path) -> None:
    scale = {"range_min": 0, "range_max": 200, "zero_point": None}
    when = {"actual_resolve_time": "2026-02-03T04:05:06Z", "status": "resolved"}

    def settled(id: int, type: str, resolution: str, **other: Any) -> dict[str, Any]:
        return post(id, question=metaculus_question(id, type, resolution=resolution, **when, **other))

    done = taken(
        ledger,
        "metaculus",
        saved(
            tmp_path,
            settled(1, "binary", "yes"),
            settled(2, "binary", "annulled", actual_close_time="2026-01-20T00:00:00Z"),
            settled(3, "multiple_choice", "b", options=["a", "b"]),
            settled(4, "numeric", "12.5", scaling=scale),
            settled(5, "numeric", "above_upper_bound", scaling=scale),
            settled(6, "date", "2026-01-31T00:00:00Z", scaling={"range_min": 0, "range_max": 2e9}),
            settled(7, "binary", "ambiguous"),
        ),
    )
    assert outcomes(ledger) == {
        "1": True,
        "2": "ANNULLED",
        "3": "b",
        "4": 12.5,
        "6": datetime(2026, 1, 31, tzinfo=UTC).timestamp(),
        "7": "AMBIGUOUS",
    }
    assert set(reasons(done)) == {"5"}
    known = {question.source_id: ledger.resolutions().get(question.id) for question in ledger.questions()}
    assert known["1"] is not None
    assert known["1"].known_at == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert known["2"] is not None
    assert known["2"].known_at == datetime(2026, 1, 20, tzinfo=UTC)  # it closed early, and was resolved later


def test_a_busy_server_is_left_alone_as_long_as_it_asks_and_then_asked_again(ledger: Ledger) -> None:
    with serving({"/markets": lambda query: [] if int(query["offset"]) else [polymarket(1, ("Yes", "No"), ())]}) as api:
        api.busy = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})]
        assert taken(ledger, "polymarket", api.url, api).new["questions"] == 1
        assert len(api.asked) == 4


@pytest.mark.parametrize(
    ("busy", "match"),
    [
        ((429, {"Retry-After": "3600"}), "left alone for 3600 s"),
        ((401, {}), "wants a key"),
        ((302, {"Location": "http://169.254.169.254/"}), "answered 302"),
        ((500, {}), "answered 500"),
    ],
)
def test_a_server_that_gives_nothing_is_named_and_nothing_is_recorded(
    ledger: Ledger, busy: tuple[int, dict[str, str]], match: str
) -> None:
    with serving({"/markets": []}) as api:
        api.busy = [busy]
        with pytest.raises(SourceRefused, match=match):
            taken(ledger, "polymarket", api.url, api)
    assert ledger.counts() == {}


def test_an_answer_that_is_no_json_is_refused(ledger: Ledger) -> None:
    with serving({"/markets": b"<html>"}) as api, pytest.raises(SourceRefused, match="not JSON"):
        taken(ledger, "polymarket", api.url, api)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/markets", "http://169.254.169.254/", "ftp://example.org/"])
def test_only_public_servers_are_asked(ledger: Ledger, address: str) -> None:
    with pytest.raises(SourceRefused):
        taken(ledger, "polymarket", address)
