"""The agent benchmark: metrics by hand, runs that resume, rows never pooled, a report that says what it shows."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.client import LlmClient
from agents.llm.models import ModelTable
from agents.members.equipment import Equipment
from agents.members.registry import build_members
from app.benchmark.agents.answers import Answered, AnswerLog
from app.benchmark.agents.bench import bench
from app.benchmark.agents.effort import Effort, effort_of
from app.benchmark.agents.folder import claim, configuration, digest
from app.benchmark.agents.leakage import ModelDates, Models, contamination
from app.benchmark.agents.metrics import SET_METRICS, score_answer
from app.benchmark.agents.plots import calibration_plots, plots
from app.benchmark.agents.queries import Query, QuerySet, Skipped, ask, cut_off
from app.benchmark.agents.report import write_report
from app.benchmark.agents.run import ANSWERS, run
from app.benchmark.agents.summary import mark, rows
from app.benchmark.datasets.stored import draw
from app.dev.llm_server import LlmServer
from db import cameo
from db.demo import DemoWorld
from db.errors import BadInput
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.records import FailureReason, Forecast, MemberFailure
from db.traces import Trace, TraceStep
from db.values import CodeSetValue, CodesValue, Value
from tests.servers.fixtures import llm_server, shared_llm_server

__all__ = ["llm_server", "shared_llm_server"]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)
KL_BOUND = math.log(1e10)
STATISTICAL = ["decayed_frequency", "shrunk_frequency", "climatology"]
AGENTS = ["rag:scripted", "react:scripted", "code_act:scripted"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    folder = tmp_path_factory.mktemp("world")
    DemoWorld(seed=5, start=date(2024, 1, 1), days=60).write_files(folder / "files")
    ingest_files([folder / "files"], folder / "store")
    return EventStore(folder / "store")


@pytest.fixture(scope="module")
def drawn(store: EventStore) -> QuerySet:
    """Twelve pair-days on two days, at two horizons that have a past and one that has none."""
    found = draw(store, n=60, horizons=[1, 7, 90], min_mentions=40, seed=1)
    busiest = Counter(asked.question.day for asked in found.queries).most_common(2)
    few = [
        asked
        for horizon in (1, 7)
        for day, _ in busiest
        for asked in [one for one in found.queries if (one.horizon_days, one.question.day) == (horizon, day)][:6]
    ]
    return QuerySet(found.source, tuple(few), found.skipped)


def query(day: date = date(2025, 6, 1), answer: tuple[str, ...] = ("042",), subject: str = "CHN") -> Query:
    question = ask((day, subject, "TWN"), 1, given_any_event=bool(answer), min_mentions=20)
    return Query(question=question, as_of=cut_off(day, 1), answer=answer)


def answered(
    asked: Query,
    value: Value | FailureReason,
    member: str = "react:gpt-x",
    model: str = "gpt-x",
    effort: Effort | None = None,
) -> Answered:
    common: dict[str, Any] = {
        "question_id": asked.question.id,
        "member": member,
        "model": model,
        "as_of": asked.as_of,
        "created_at": NOW,
    }
    answer: Forecast | MemberFailure
    if isinstance(value, FailureReason):
        answer = MemberFailure(reason=value, **common)
    else:
        answer = Forecast(value=value, **common)
    return Answered(answer=answer, effort=effort or Effort(), seconds=1.5)


def chosen(*codes: str) -> CodeSetValue:
    return CodeSetValue(selected=codes)


# Metrics


def test_metrics_of_a_set_by_hand() -> None:
    """Truth 042 and 190; said 042 and 051: one hit of two in codes, roots and quad classes; conflict is missed."""
    found = score_answer(chosen("042", "051"), ("042", "190")).metrics
    for level in ("base", "root", "quad"):
        assert [found[f"{what}_{level}"] for what in ("precision", "recall", "f1")] == [0.5, 0.5, 0.5]
    assert [found[f"{what}_binary"] for what in ("precision", "recall", "f1")] == [1, 0.5, pytest.approx(2 / 3)]
    assert found["kl_quad"] == pytest.approx(0.5 * math.log(0.5 / 1e-10))
    assert found["kl_binary"] == pytest.approx(0.5 * math.log(0.5 / 1) + 0.5 * math.log(0.5 / 1e-10))
    assert "brier" not in found and "log_score" not in found


def test_brier_and_log_score_are_means_over_all_base_codes_by_hand() -> None:
    value = CodesValue(probabilities={"04": 0.9, "042": 0.8, "051": 0.4}, selected=("04", "042"))
    found = score_answer(value, ("042",)).metrics
    assert found["brier"] == pytest.approx((0.2**2 + 0.4**2) / 149)
    expected = (-math.log(0.8) - math.log(0.6)) / 149
    assert found["log_score"] == pytest.approx(expected, abs=1e-5)
    assert found["f1_base"] == found["f1_root"] == 1


def test_unknown_code_lowers_precision_at_every_level_and_is_reported() -> None:
    known = score_answer(chosen("04", "042"), ("042",))
    said = score_answer(CodeSetValue(selected=("04", "042"), unknown=("99", "991")), ("042",))
    assert known.unknown_codes == () and said.unknown_codes == ("99", "991")
    for level in ("base", "root", "binary", "quad"):
        assert known.metrics[f"precision_{level}"] == 1
        assert said.metrics[f"precision_{level}"] < 1
        assert said.metrics[f"recall_{level}"] == 1
    assert score_answer(chosen("042", "049"), ("042",)).unknown_codes == ("049",)


def test_no_answer_scores_nothing_even_where_nothing_happened() -> None:
    for truth in ((), ("042",)):
        found = score_answer(None, truth).metrics
        assert all(found[metric] == 0 for metric in SET_METRICS)
        assert "brier" not in found
    assert score_answer(None, ("042",)).metrics["kl_quad"] == pytest.approx(KL_BOUND)
    assert score_answer(chosen(), ()).metrics["f1_base"] == 1
    assert "kl_quad" not in score_answer(chosen(), ()).metrics


def test_mirais_own_format_chooses_the_roots_of_its_base_codes() -> None:
    """Said as a set, 042 stands for 04 too; where probabilities are stated each level chooses for itself."""
    assert score_answer(chosen("042"), ("042",)).metrics["f1_root"] == 1
    stated = CodesValue(probabilities={"04": 0.2, "042": 0.2}, selected=("042",))
    assert score_answer(stated, ("042",)).metrics["f1_root"] == 0


CODES = st.sets(st.sampled_from(cameo.base_codes()), max_size=12)


@given(truth=CODES.filter(bool), said=CODES)
def test_divergences_stay_within_their_bound_and_vanish_for_the_truth(truth: set[str], said: set[str]) -> None:
    found = score_answer(chosen(*sorted(said)), sorted(truth)).metrics
    assert all(0 <= found[metric] <= KL_BOUND for metric in ("kl_binary", "kl_quad"))
    exact = score_answer(chosen(*sorted(truth)), sorted(truth)).metrics
    assert exact["kl_quad"] == pytest.approx(0, abs=1e-8) and exact["f1_base"] == 1


# Effort, leakage and rows


def test_effort_is_read_off_the_traces_and_late_observations_are_counted() -> None:
    as_of = datetime(2025, 6, 1, tzinfo=UTC)
    before, at = as_of - timedelta(hours=1), as_of
    steps = (
        TraceStep(kind="prompt"),
        TraceStep(kind="reply", prompt_tokens=100, completion_tokens=10, cost_usd=0.25),
        TraceStep(kind="tool_call", tool="get_events"),
        TraceStep(kind="observation", tool="get_events", latest_added_at=before),
        TraceStep(kind="tool_call", tool="get_parent_relation"),
        TraceStep(kind="observation", tool="get_parent_relation"),
        TraceStep(kind="observation", text="a note of the member's own"),
        TraceStep(kind="reply", prompt_tokens=5, cost_usd=None),
    )

    def trace(*more: TraceStep, number: int = 0) -> Trace:
        return Trace(
            question_id="q",
            member="m",
            model="x",
            as_of=as_of,
            created_at=NOW,
            run=number,
            outcome="answered",
            steps=(*steps, *more),
        )

    found = effort_of([trace(), trace(TraceStep(kind="observation", tool="get_events", latest_added_at=at), number=1)])
    assert (found.runs, found.steps, found.tokens, found.cost_usd, found.unpriced) == (2, 4, 230, 0.5, 2)
    assert found.tool_calls == {"get_events": 2, "get_parent_relation": 2}
    assert (found.observations, found.dated, found.latest_added_at, found.late) == (5, 3, at, 1)


@pytest.mark.parametrize(
    ("release", "cutoff", "expected"),
    [
        (date(2025, 5, 31), date(2024, 12, 31), "clean"),
        (date(2025, 5, 31), None, "clean"),
        (date(2025, 6, 1), date(2024, 12, 31), "possibly contaminated"),
        (None, date(2025, 7, 1), "possibly contaminated"),
        (None, date(2024, 12, 31), "unknown"),
        (None, None, "unknown"),
    ],
)
def test_class_of_leakage_by_the_models_dates(release: date | None, cutoff: date | None, expected: str) -> None:
    dates = ModelDates(model="x", release_date=release, knowledge_cutoff=cutoff)
    assert contamination([dates], datetime(2025, 6, 1, tzinfo=UTC)) == expected


def models() -> Models:
    table = ModelTable()
    table = table.with_model("gpt-x", model="openai/gpt-x", release_date=date(2025, 6, 2))
    return Models(table.with_model("old", model="openai/old", release_date=date(2020, 1, 1)))


def test_statistical_members_are_clean_and_a_fallback_counts_as_the_model_it_is() -> None:
    as_of = datetime(2025, 6, 1, tzinfo=UTC)
    assert contamination(models().behind("climatology", ""), as_of) == "clean"
    assert contamination(models().behind("react:old", "old"), as_of) == "clean"
    assert contamination(models().behind("react:old", "old, gpt-x"), as_of) == "possibly contaminated"
    assert contamination(models().behind("react:openai/new", "openai/new"), as_of) == "unknown"


def test_rows_never_pool_classes_of_leakage_members_or_horizons() -> None:
    early = [query(day=date(2025, 6, 1 + n)) for n in range(2)]
    late = [query(day=date(2025, 6, 10 + n)) for n in range(3)]
    asked = [*early, *late]
    marked = mark(asked, [answered(item, chosen("042")) for item in asked], models())
    found = rows({"react:gpt-x": marked}, models())
    assert [(row["leakage"]["class"], row["n"]) for row in found] == [("clean", 3), ("possibly contaminated", 2)]
    assert found[0]["leakage"]["release_date"] == date(2025, 6, 2)
    weekly = [
        replace(
            item,
            question=ask((item.question.day, "CHN", "TWN"), 7, given_any_event=True, min_mentions=20),
            as_of=cut_off(item.question.day, 7),
        )
        for item in late
    ]
    both = mark(
        [*late, *weekly], [answered(item, chosen("042"), "react:old", "old") for item in [*late, *weekly]], models()
    )
    assert [row["horizon_days"] for row in rows({"react:old": both}, models())] == [1, 7]


def test_row_counts_every_failure_as_zero_and_by_its_reason() -> None:
    asked = [query(day=date(2025, 6, 3 + n)) for n in range(4)]
    answers = [
        answered(asked[0], CodeSetValue(selected=("04", "042"), unknown=("999",))),
        answered(asked[1], FailureReason.UNPARSEABLE),
        answered(asked[2], FailureReason.UNFINISHED),
        answered(asked[3], FailureReason.DEADLINE),
    ]
    [row] = rows({"react:gpt-x": mark(asked, answers, models())}, models())
    assert (row["invalid"], row["unfinished"]) == (1, 1)
    assert row["failed"] == {"deadline": 1, "unfinished": 1, "unparseable": 1}
    assert row["n"] == 4 and row["n_days"] == 4 and row["unknown_codes"] == 1
    assert row["recall_base"] == pytest.approx(1 / 4)
    assert row["precision_base"] == pytest.approx(1 / 8)
    assert row["brier"] is None and row["log_score"] is None and row["reliability"] is None
    assert row["diff_to_baseline"]["n"] == 0 and row["diff_to_baseline"]["f1_base"] is None
    assert row["seconds"] == 6.0


def test_difference_to_the_baseline_is_paired_on_shared_queries() -> None:
    asked = [query(day=date(2025, 6, 3 + n)) for n in range(6)]
    own = [answered(item, chosen("042") if n % 2 else FailureReason.REFUSED) for n, item in enumerate(asked)]
    base = [answered(item, chosen("042", "051"), "decayed_frequency", "") for item in asked]
    found = rows(
        {"react:gpt-x": mark(asked, own, models()), "decayed_frequency": mark(asked[:4], base[:4], models())}, models()
    )
    difference = found[0]["diff_to_baseline"]
    assert difference["n"] == 4
    assert difference["f1_base"]["mean"] == pytest.approx(0.5 - 2 / 3)
    assert difference["f1_base"]["low"] < difference["f1_base"]["mean"] < difference["f1_base"]["high"]
    assert found[1]["diff_to_baseline"]["f1_base"]["mean"] == 0


def test_money_is_absent_where_a_price_is_unknown_and_observations_where_no_tool_was_called() -> None:
    asked = [query(day=date(2025, 6, 3)), query(day=date(2025, 6, 4))]
    priced = Effort(runs=1, steps=1, tokens=10, cost_usd=0.5)
    for efforts, cost in (((priced, priced), 1.0), ((priced, Effort(runs=1, steps=1, unpriced=1)), None)):
        answers = [answered(item, chosen("042"), effort=effort) for item, effort in zip(asked, efforts, strict=True)]
        [row] = rows({"react:gpt-x": mark(asked, answers, models())}, models())
        assert row["cost_usd"] == cost and row["observations"] is None


# Runs


def ask_all(
    store: EventStore, queries: Sequence[Query], folder: Path, now: datetime = NOW
) -> dict[str, list[Answered]]:
    folder.mkdir(exist_ok=True)
    return run(STATISTICAL, queries, store, equipment=Equipment(), folder=folder, now=now).answers


def test_every_member_answers_every_query_as_it_would_alone(store: EventStore, drawn: QuerySet, tmp_path: Path) -> None:
    found = ask_all(store, drawn.queries, tmp_path)
    assert list(found) == STATISTICAL
    for name, answers in found.items():
        assert [item.answer.question_id for item in answers] == [asked.question.id for asked in drawn.queries]
        assert all(isinstance(item.answer, Forecast) for item in answers), name
    [first] = {asked.as_of for asked in drawn.queries[:1]}
    group = [asked for asked in drawn.queries if asked.as_of == first]
    [member] = build_members(["shrunk_frequency"], Equipment())
    alone = asyncio.run(member.forecast([asked.question for asked in group], store.as_of(first), created_at=NOW))
    together = {item.answer.question_id: item.answer for item in found["shrunk_frequency"]}
    for forecast in alone:
        other = together[forecast.question_id]
        assert isinstance(forecast, Forecast) and isinstance(other, Forecast)
        assert forecast.value == other.value


def test_killed_run_repeats_only_what_was_not_written(store: EventStore, drawn: QuerySet, tmp_path: Path) -> None:
    whole = ask_all(store, drawn.queries, tmp_path)
    file = tmp_path / ANSWERS
    lines = file.read_bytes().splitlines(keepends=True)
    kept = len(lines) // 3
    file.write_bytes(b"".join(lines[:kept]) + lines[kept][:40])
    again = run(STATISTICAL, drawn.queries, store, equipment=Equipment(), folder=tmp_path, now=LATER)
    assert again.reused == kept
    assert file.read_bytes().startswith(b"".join(lines[:kept]))
    assert len(file.read_bytes().splitlines()) == len(lines)
    made = [item.answer for answers in again.answers.values() for item in answers]
    assert sum(answer.created_at == NOW for answer in made) == kept
    assert sum(answer.created_at == LATER for answer in made) == len(lines) - kept
    for name, answers in whole.items():
        for before, after in zip(answers, again.answers[name], strict=True):
            assert isinstance(before.answer, Forecast) and isinstance(after.answer, Forecast)
            assert before.answer.value == after.answer.value
    unchanged = run(STATISTICAL, drawn.queries, store, equipment=Equipment(), folder=tmp_path, now=LATER)
    assert unchanged.reused == len(lines) and len(file.read_bytes().splitlines()) == len(lines)


def test_failure_of_the_provider_is_asked_again_and_one_of_the_member_is_not(
    store: EventStore, drawn: QuerySet, tmp_path: Path
) -> None:
    first, second = drawn.queries[:2]
    with AnswerLog(tmp_path / ANSWERS) as log:
        log.append([answered(first, FailureReason.PROVIDER, "climatology", "")])
        log.append([answered(second, FailureReason.UNPARSEABLE, "climatology", "")])
    found = run(["climatology"], [first, second], store, equipment=Equipment(), folder=tmp_path, now=LATER)
    assert found.reused == 1
    [again, kept] = [item.answer for item in found.answers["climatology"]]
    assert isinstance(again, Forecast)
    assert isinstance(kept, MemberFailure) and kept.reason is FailureReason.UNPARSEABLE


def test_answers_file_refuses_a_second_run_and_a_line_that_is_no_answer(tmp_path: Path) -> None:
    with AnswerLog(tmp_path / ANSWERS), pytest.raises(BadInput, match="another run is writing"):
        AnswerLog(tmp_path / ANSWERS)
    (tmp_path / ANSWERS).write_text('{"answer": 1}\n')
    with pytest.raises(BadInput, match="line 1 of"):
        AnswerLog(tmp_path / ANSWERS)


def test_folder_belongs_to_one_configuration(drawn: QuerySet, tmp_path: Path) -> None:
    mine = configuration(STATISTICAL, drawn.queries, "store-a", ModelTable())
    claim(tmp_path / "x", mine)
    claim(tmp_path / "x", configuration(STATISTICAL, drawn.queries, "store-a", ModelTable()))
    model = ModelTable().with_model("gpt-x", model="openai/gpt-x")
    other_model = ModelTable().with_model("gpt-x", model="openai/gpt-y")
    different = {
        "members": configuration([*STATISTICAL, "logistic"], drawn.queries, "store-a", ModelTable()),
        "queries": configuration(STATISTICAL, drawn.queries[1:], "store-a", ModelTable()),
        "store": configuration(STATISTICAL, drawn.queries, "store-b", ModelTable()),
        "articles": configuration(STATISTICAL, drawn.queries, "store-a", ModelTable(), articles=7),
    }
    for differing, other in different.items():
        assert digest(other) != digest(mine)
        with pytest.raises(BadInput, match=f"another configuration .*{differing}"):
            claim(tmp_path / "x", other)
    asked = [configuration(["cot:gpt-x"], drawn.queries, "store-a", table) for table in (model, other_model)]
    assert digest(asked[0]) != digest(asked[1])


# End to end


def play(store: EventStore, found: QuerySet, members: list[str], folder: Path, equipment: Equipment) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    return bench(members, found, store, equipment=equipment, folder=folder, now=NOW)


def test_benchmark_of_statistical_members_end_to_end(store: EventStore, drawn: QuerySet, tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    found = bench(
        ["climatology"],
        drawn,
        store,
        equipment=Equipment(),
        folder=tmp_path,
        now=NOW,
        progress=lambda done, total, who: seen.append((done, total, who)),
    )
    assert [(row["member"], row["horizon_days"]) for row in found["members"]] == [
        ("climatology", 1),
        ("climatology", 7),
        ("decayed_frequency", 1),
        ("decayed_frequency", 7),
    ]
    assert all(row["n"] == 12 and row["leakage"]["class"] == "clean" for row in found["members"])
    assert all(
        row["intervals"]["brier"]["low"] < row["brier"] < row["intervals"]["brier"]["high"] for row in found["members"]
    )
    assert [(skip["horizon_days"], skip["n"]) for skip in found["skipped"]] == [(90, 60)]
    assert max(done for done, _, _ in seen) == 48 and {total for _, total, _ in seen} == {48}
    paths = write_report(found, tmp_path, made_at=NOW)
    content = json.loads(Path(paths["json"]).read_text())
    assert content["members"][0]["f1_base"] == found["members"][0]["f1_base"]
    markdown = Path(paths["markdown"]).read_text()
    for said in ("climatology", "fewer than 7 days of history", "Quality (clean)", "asks no language model"):
        assert said in markdown
    html = Path(paths["html"]).read_text()
    assert html.count("plotly.js v") == 1 and "decayed_frequency" in html
    assert "src=" not in html.partition("<body>")[2], "the page has to stand alone"


def test_plots_are_valid_figures_of_the_rows_numbers(store: EventStore, drawn: QuerySet, tmp_path: Path) -> None:
    import plotly.graph_objects as go

    found = play(store, drawn, ["climatology"], tmp_path, Equipment())
    row = dict(found["members"][0])
    agent = row | {
        "member": "react:gpt-x",
        "leakage": row["leakage"] | {"class": "unknown"},
        "tokens": 1200,
        "cost_usd": 0.6,
        "failed": {"unparseable": 2, "deadline": 1},
        "invalid": 2,
    }
    rows = [*found["members"], agent]
    drawn_plots = [*plots(rows, "decayed_frequency"), *calibration_plots(rows)]
    assert len(drawn_plots) == 4 + 5
    for plot in drawn_plots:
        go.Figure(plot.figure)
    f1, outcomes, tokens, money = (plot.figure for plot in drawn_plots[:4])
    assert [row["f1_base"] for row in rows if row["horizon_days"] == 1] == f1["data"][0]["x"]
    assert "react:gpt-x (unknown)" in f1["layout"]["yaxis"]["ticktext"]
    assert [trace["x"][-1] for trace in outcomes["data"]] == [9 / 12, 2 / 12, 0, 1 / 12]
    assert tokens["data"][0]["x"] == [100.0] and money["data"][0]["x"] == [pytest.approx(0.05)]
    bins = found["members"][0]["reliability"]
    assert sum(each["n"] for each in bins) == 12 * 149
    assert drawn_plots[4].figure["data"][1]["customdata"] == [each["n"] for each in bins]


def test_no_query_to_ask_is_refused_with_the_reasons(store: EventStore, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="7: no past"):
        play(store, QuerySet("a file", (), (Skipped(reason="no past", n=7),)), [], tmp_path, Equipment())


def test_agents_make_real_tool_calls_whose_observations_lie_before_the_cut_off(
    store: EventStore, drawn: QuerySet, tmp_path: Path, llm_server: LlmServer
) -> None:
    kept: list[Trace] = []
    few = QuerySet(drawn.source, drawn.queries[:3])

    def equipment() -> Equipment:
        table = ModelTable().with_model("scripted", model="openai/scripted", api_base=llm_server.url)
        return Equipment(llm=LlmClient(table, clock=lambda: NOW), keep=kept.append)

    found = play(store, few, AGENTS, tmp_path, equipment())
    by_member = {row["member"]: row for row in found["members"]}
    assert set(by_member) == {*AGENTS, "decayed_frequency"}
    for name in AGENTS:
        row = by_member[name]
        assert row["n"] == 3 and row["failed"] == {}, row
        assert row["leakage"]["class"] == "unknown"
        assert row["observations"]["all_before_cut_off"] is True and row["observations"]["dated"] >= 3
        assert row["tool_calls"] and row["steps"] >= 3 and row["tokens"] > 0
        assert row["brier"] is not None and row["diff_to_baseline"]["n"] == 3
    assert len(kept) == 9, "traces are passed on"
    asked = len(llm_server.requests)
    again = play(store, few, AGENTS, tmp_path, equipment())
    assert len(llm_server.requests) == asked
    assert again["answers"]["reused"] == again["answers"]["n"] == 12
    assert [row["tokens"] for row in again["members"]] == [row["tokens"] for row in found["members"]]


def test_query_that_could_not_be_asked_is_counted_and_not_scored() -> None:
    """An outage says nothing about a member: it is no 0, and it is not left out of the count either."""
    asked = [query(subject="CHN"), query(subject="USA")]
    answers = [answered(asked[0], chosen("04", "042")), answered(asked[1], FailureReason.PROVIDER)]
    [row] = rows({"react:gpt-x": mark(asked, answers, models())}, models())
    assert (row["n"], row["n_scored"], row["f1_base"], row["failed"]) == (2, 1, 1.0, {"provider": 1})
