"""The comparison of pooling rules: what it reads and refuses, what it says of the recorded round, and no future."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from app.benchmark.pooling.bench import Group, bench
from app.benchmark.pooling.crowd import Crowd, crowd_of
from app.benchmark.pooling.data import read_recorded, read_scores
from app.benchmark.pooling.standing import Default, default
from app.benchmark.pooling.tables import tables
from app.cli import app
from db.errors import BadInput
from ensembles.odds import expit
from ensembles.scores import brier

MODELS = ("flash", "gpt5", "kimi-k2.5", "pro", "sonnet")
NO_SEARCH = [f"{model}-high-none-c0-t0" for model in MODELS]
SEARCH = [f"{model}-high-brave-c0-t1" for model in MODELS]
SHOWN = [f"{model}-high-brave-c1-{'' if model == 'kimi-k2.5' else 'p1-'}t1" for model in MODELS]

QUESTION_COLUMNS = (
    *("dataset", "question_id", "cluster", "source", "forecast_date", "resolution_date"),
    *("human_prob", "outcome"),
)
FORECAST_COLUMNS = ("dataset", "question_id", "forecaster", "trial", "prob")

Rows = list[dict[str, Any]]


def written(path: Path, columns: Sequence[str], rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def a_round(
    asked: str, known: str, *, n: int = 120, seed: int = 0, confidence: float = 0.5, human: bool = True
) -> tuple[Rows, Rows]:
    """A round of questions whose three members say too little, with the outcomes known on `known`."""
    random = np.random.default_rng(seed)
    truth = 2 * random.standard_normal(n)
    questions, forecasts = [], []
    for number in range(n):
        identity = f"{asked}|{number}"
        questions.append(
            {
                "dataset": "d",
                "question_id": identity,
                "cluster": identity,
                "source": "s",
                "forecast_date": asked,
                "resolution_date": known,
                "human_prob": float(expit(truth[number])) if human else "",
                "outcome": int(random.random() < expit(truth[number])),
            }
        )
        for member in ("a", "b", "c"):
            said = expit(confidence * truth[number] + 0.2 * random.standard_normal())
            row = {"dataset": "d", "question_id": identity, "forecaster": member, "trial": -1, "prob": float(said)}
            forecasts.append(row)
    return questions, forecasts


def files(folder: Path, *rounds: tuple[Rows, Rows]) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    return (
        written(folder / "questions.csv", QUESTION_COLUMNS, [row for asked, _ in rounds for row in asked]),
        written(folder / "forecasts.csv", FORECAST_COLUMNS, [row for _, said in rounds for row in said]),
    )


def default_of(folder: Path, *rounds: tuple[Rows, Rows], past: Path | None = None) -> tuple[Crowd, Default]:
    """The crowd of these rounds, and what the default rule says of it."""
    crowd = crowd_of(read_recorded(*files(folder, *rounds)), "d", [])
    fitting = None if past is None else read_recorded(past / "questions.csv", past / "forecasts.csv")
    return crowd, default(crowd, None if fitting is None else crowd_of(fitting, "d", crowd.members))


TEST_ROUND = a_round("2025-03-01", "2025-04-01", seed=1)


def test_default_learns_when_a_hundred_market_outcomes_were_known_before(tmp_path: Path) -> None:
    files(tmp_path / "past", a_round("2025-01-01", "2025-02-01"))
    crowd, found = default_of(tmp_path / "now", TEST_ROUND, past=tmp_path / "past")
    [(_, learnt)] = found.rounds
    assert learnt.rule == "shrunk_stack"
    assert sum(learnt.parameters.values()) > 1.2  # the members say half of what they should
    better, plain = (brier(outcome=crowd.outcome, probability=p).mean() for p in (found.probability, crowd.pooled))
    assert better < plain - 0.005


@pytest.mark.parametrize(
    ("past", "why"),
    [
        (a_round("2025-01-01", "2025-03-01"), "known: 0"),  # known on the day of asking: too late
        (a_round("2025-01-01", "2025-02-01", n=99), "known: 99"),
    ],
)
def test_default_is_the_plain_pool_while_too_little_is_known(tmp_path: Path, past: Any, why: str) -> None:
    files(tmp_path / "past", past)
    crowd, found = default_of(tmp_path / "now", TEST_ROUND, past=tmp_path / "past")
    [(_, learnt)] = found.rounds
    assert learnt.rule == "logit_pool"
    assert why in learnt.reason
    assert (found.probability == crowd.pooled).all()


def test_data_questions_learn_nothing_before_five_rounds(tmp_path: Path) -> None:
    asked = [f"2025-{month:02}-01" for month in range(1, 9)]
    rounds = [a_round(day, f"{day[:8]}20", seed=number, human=False) for number, day in enumerate(asked)]
    _, found = default_of(tmp_path, *rounds)
    rules = [learnt.rule for _, learnt in found.rounds]
    assert rules[:5] == ["logit_pool"] * 5
    assert rules[-1] == "shrunk_stack"


def test_outcomes_that_became_known_later_change_nothing(tmp_path: Path) -> None:
    rounds = [a_round("2025-01-01", "2025-02-01"), a_round("2025-02-10", "2025-06-01", seed=2), TEST_ROUND]
    _, before = default_of(tmp_path / "before", *rounds)
    for row in rounds[1][0]:
        row["outcome"] = 1 - row["outcome"]
    _, after = default_of(tmp_path / "after", *rounds)
    assert (before.probability == after.probability).all()
    assert [learnt.parameters for _, learnt in before.rounds] == [learnt.parameters for _, learnt in after.rounds]


def test_learnt_rules_stand_as_the_plain_pool_until_they_won_on_later_rounds(tmp_path: Path) -> None:
    recorded = read_recorded(*files(tmp_path, a_round("2025-01-01", "2025-02-01")))
    [group] = bench(recorded)["groups"]
    plain = next(row for row in group["rules"] if row["rule"] == "logit_pool")
    learnt = [row for row in group["rules"] if row["fitted"]]
    assert len(learnt) > 10
    for row in learnt:
        assert row["gate"]["on"] is False
        assert row["brier"] == plain["brier"]
        assert row["ungated"]["n_learnt"] == group["n"]
    assert any(row["ungated"]["diff_to_default"]["high"] < 0 for row in learnt)


def test_questions_not_answered_by_all_are_left_out_and_counted(tmp_path: Path) -> None:
    asked, said = a_round("2025-01-01", "2025-02-01")
    asked[5]["outcome"] = ""
    crowd, _ = default_of(tmp_path, (asked, said[1:]))
    assert (len(crowd), crowd.incomplete) == (118, 1)


def test_trials_stand_in_for_a_forecaster_without_an_aggregate_of_its_own(tmp_path: Path) -> None:
    asked, said = a_round("2025-01-01", "2025-02-01")
    trials = [row | {"trial": trial} for row in said for trial in (0, 1)]
    (whole, _), (parts, _) = (
        default_of(tmp_path / "whole", (asked, said)),
        default_of(tmp_path / "parts", (asked, trials)),
    )
    np.testing.assert_allclose(parts.pooled, whole.pooled, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda asked, said: asked[3].update(outcome="maybe"), "line 5 of .*outcome must be a number in 0..1, "),
        (lambda asked, said: asked[3].update(human_prob="1.5"), "line 5 of .*human_prob .* not '1.5'"),
        (lambda asked, said: asked[3].update(forecast_date="soon"), "line 5 of .*forecast_date must be a date"),
        (lambda asked, said: asked.append(asked[0]), "is there twice"),
        (lambda asked, said: said[2].update(prob="nan"), "line 4 of .*prob must be a number"),
        (lambda asked, said: said[2].update(trial="first"), "line 4 of .*trial must be a whole number"),
        (lambda asked, said: said.append(said[0]), "answers '2025-01-01|0' twice"),
        (lambda asked, said: [row.update(question_id="x") for row in said], "compare their question_id"),
        (lambda asked, said: [row.update(outcome="") for row in asked], "holds no resolved question"),
    ],
)
def test_bad_files_are_refused_by_line_and_value(tmp_path: Path, change: Any, message: str) -> None:
    rows = a_round("2025-01-01", "2025-02-01", n=30)
    change(*rows)
    with pytest.raises(BadInput, match=message):
        default_of(tmp_path, rows)


def test_dataset_that_a_group_did_not_answer_is_left_out_with_the_reason(tmp_path: Path) -> None:
    asked, said = a_round("2025-01-01", "2025-02-01", n=30)
    other = [row | {"dataset": "e"} for row in asked], [row | {"dataset": "e", "forecaster": "z"} for row in said[::3]]
    recorded = read_recorded(*files(tmp_path, (asked, said), other))
    found = bench(recorded, [Group(("a", "b"))])
    assert [group["dataset"] for group in found["groups"]] == ["d"]
    assert [(row["dataset"], "no forecasts on e by a, b" in row["reason"]) for row in found["skipped"]] == [("e", True)]
    with pytest.raises(BadInput, match="no forecasts on e by a, b"):
        bench(recorded, [Group(("a", "b"))], datasets=["d", "e"])


def test_question_ids_outcomes_and_forecasts_are_enough(tmp_path: Path) -> None:
    asked = [{"question_id": f"q{n}", "outcome": "yes" if n % 3 else "No"} for n in range(30)]
    said = [
        {"question_id": f"q{n}", "forecaster": name, "prob": f"{50 + n}%"} for n in range(30) for name in ("a", "b")
    ]
    questions = written(tmp_path / "q.csv", ["question_id", "outcome"], asked)
    forecasts = written(tmp_path / "f.csv", ["question_id", "forecaster", "prob"], said)
    [group] = bench(read_recorded(questions, forecasts))["groups"]
    assert (group["dataset"], group["n"], group["clusters"], group["human"]) == ("questions", 30, 30, None)
    assert group["default_rule"]["by_round"][0]["asked_at"] is None
    assert group["rate_of_yes"] == pytest.approx(2 / 3)


def test_learnt_hybrids_fall_back_to_the_fixed_one_and_show_nothing_where_nothing_was_learnt(tmp_path: Path) -> None:
    files(tmp_path / "past", a_round("2025-01-01", "2025-09-01"))  # known after the test round was asked
    past = read_recorded(tmp_path / "past" / "questions.csv", tmp_path / "past" / "forecasts.csv")
    [group] = bench(read_recorded(*files(tmp_path / "now", TEST_ROUND)), fitting=past)["groups"]
    rows = {row["hybrid"]: row for row in group["hybrids"]}
    for name in ("learnt slopes", "stack with the human"):
        assert rows[name]["brier"] == rows["80/20"]["brier"]
        assert rows[name]["ungated"] == {"n_learnt": 0}
    assert all(row["ungated"] == {"n_learnt": 0} for row in group["rules"] if row["fitted"])
    shown = [cell for one in tables(group) for row in one.rows for cell in row]
    assert shown.count("nothing learnt") == 2 + sum(row["fitted"] for row in group["rules"])


def test_days_of_one_fortnight_are_one_round(tmp_path: Path) -> None:
    days = [f"2025-03-{day:02}" for day in range(1, 9)]
    crowd, found = default_of(tmp_path, *(a_round(day, f"{day[:8]}{int(day[8:]) + 1:02}", n=30) for day in days))
    assert len(crowd.rounds) == len(found.rounds) == 1


def test_one_human_number_makes_no_market(tmp_path: Path) -> None:
    asked, said = a_round("2025-01-01", "2025-02-01", human=False)
    asked[0]["human_prob"] = 0.4
    crowd, _ = default_of(tmp_path, (asked, said))
    assert not crowd.market


def test_nothing_is_learnt_from_questions_without_both_dates(tmp_path: Path) -> None:
    asked, said = a_round("2025-01-01", "2025-02-01")
    files(tmp_path / "past", ([row | {"forecast_date": ""} for row in asked], said))
    _, found = default_of(tmp_path / "now", TEST_ROUND, past=tmp_path / "past")
    assert "known: 0" in found.rounds[0][1].reason


def test_few_clusters_have_no_interval_and_no_verdict(tmp_path: Path) -> None:
    [group] = bench(read_recorded(*files(tmp_path, a_round("2025-01-01", "2025-02-01", n=9))))["groups"]
    for row in group["rules"]:
        assert row["verdict"] == "too few clusters to tell"
        assert row["power"] is None
    assert group["default_rule"]["diff_to_average_member"]["low"] is None


def test_patterns_and_names_make_groups(tmp_path: Path) -> None:
    recorded = read_recorded(*files(tmp_path, a_round("2025-01-01", "2025-02-01", n=30)))
    [group] = bench(recorded, [Group(("[ab]", "c"), "mine")])["groups"]
    assert (group["group"], group["members"]) == ("mine", ["a", "b", "c"])


def test_weights_from_scores_of_others_are_offered_behind_the_gate(tmp_path: Path) -> None:
    recorded = read_recorded(*files(tmp_path, a_round("2025-01-01", "2025-02-01", n=60)))
    file = written(tmp_path / "s.csv", ["forecaster", "score"], [{"forecaster": n, "score": n == "a"} for n in "abc"])
    with pytest.raises(BadInput, match="line 2 of .*score must be a number"):
        read_scores(file)
    scores = read_scores(
        written(
            tmp_path / "s.csv", ["forecaster", "score"], [{"forecaster": n, "score": 1 + (n == "a")} for n in "abc"]
        )
    )
    [group] = bench(recorded, scores=scores)["groups"]
    rows = {row["rule"]: row for row in group["rules"]}
    for name in ("weights_of_scores", "weights_of_ranks"):
        assert rows[name]["gate"]["on"] is False
        assert rows[name]["brier"] == rows["logit_pool"]["brier"] != rows[name]["ungated"]["brier"]
    with pytest.raises(BadInput, match="no score of c"):
        bench(recorded, scores={"a": 1.0, "b": 2.0})


def test_missing_columns_and_forecasters_are_named(tmp_path: Path) -> None:
    questions, forecasts = files(tmp_path, a_round("2025-01-01", "2025-02-01", n=30))
    with pytest.raises(BadInput, match="no column forecaster, prob"):
        read_recorded(questions, written(tmp_path / "x.csv", ["question_id"], []))
    with pytest.raises(BadInput, match="by nobody; there are: a, b, c"):
        bench(read_recorded(questions, forecasts), [Group(("a", "nobody"))])
    with pytest.raises(BadInput, match="no dataset 'other'"):
        bench(read_recorded(questions, forecasts), datasets=["other"])


def test_command_prints_one_json_object_and_writes_the_page(tmp_path: Path) -> None:
    questions, forecasts = files(tmp_path, a_round("2025-01-01", "2025-02-01", n=40))
    arguments = [
        "bench",
        "pooling",
        "--questions",
        str(questions),
        "--forecasts",
        str(forecasts),
        "--out",
        str(tmp_path),
    ]
    found = CliRunner().invoke(app, [*arguments, "--group", "a,b,c", "--attempts", "--json"])
    assert found.exit_code == 0
    content = json.loads(found.stdout)
    assert content["groups"][0]["members"] == ["a", "b", "c"]
    assert any(row["rule"].startswith("attempt: ") for row in content["groups"][0]["rules"])
    page = Path(content["report"]).read_text(encoding="utf-8")
    assert "Which way of pooling?" in page
    assert "--group a,b,c --attempts" in page


@pytest.mark.parametrize(
    "arguments", [[], ["--questions", "q.csv"], ["--questions", "q", "--forecasts", "f", "--fit-questions", "q"]]
)
def test_command_refuses_half_a_pair_of_files(arguments: list[str]) -> None:
    assert isinstance(CliRunner().invoke(app, ["bench", "pooling", *arguments]).exception, BadInput)


@pytest.mark.slow
def test_recorded_round_gives_the_published_scores(data_dir: Path) -> None:
    """Average member, best member, median and logit pool of six groups, to the four decimals they were published to."""
    published = {
        ("fb_market", 0): (100, 0.1113, 0.0791, 0.1012, 0.1017),
        ("fb_market", 1): (100, 0.0623, 0.0531, 0.0552, 0.0549),
        ("fb_market", 2): (100, 0.0344, 0.0277, 0.0277, 0.0296),
        ("fb_dataset", 0): (298, 0.1579, 0.1471, 0.1519, 0.1512),
        ("fb_dataset", 1): (298, 0.1412, 0.1308, 0.1371, 0.1368),
        ("fb_dataset", 2): (298, 0.1411, 0.1379, 0.1382, 0.1364),
    }
    folder = data_dir / "forecasts"
    recorded = read_recorded(folder / "questions.csv", folder / "forecasts.csv.gz")
    for at, group in enumerate((NO_SEARCH, SEARCH, SHOWN)):
        for row in bench(recorded, [Group(tuple(group))])["groups"]:
            rules = {rule["rule"]: rule["brier"] for rule in row["rules"]}
            own = (row["n"], row["average_member"]["brier"], row["best_member_in_hindsight"]["brier"])
            found = (*own, rules["median_pool"], rules["logit_pool"])
            assert found == pytest.approx(published[row["dataset"], at], abs=5e-5)
            assert row["default_rule"]["brier"] < row["average_member"]["brier"]
            assert max(rule["brier"] for rule in row["rules"] if rule["fitted"]) <= rules["logit_pool"] + 0.002
