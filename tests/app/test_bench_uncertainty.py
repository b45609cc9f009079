"""The uncertainty benchmark: the reference table on real samples, small files by hand, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.benchmark.uncertainty.bench import bench
from app.benchmark.uncertainty.measures import TOKENS, Matrices, matrices, measures
from app.benchmark.uncertainty.plots import auroc_plot, rejection_plots, reliability_plots, selection_plot
from app.benchmark.uncertainty.samples import Sampled, read_samples, sizes
from app.benchmark.uncertainty.scores import Truth, scores
from app.benchmark.uncertainty.tables import interval_cell, tables
from app.commands.bench_uncertainty import uncertainty
from db.errors import BadInput

SAMPLES = "predictors/uq_nlg/triviaqa_llama13b_500x20.jsonl"
METRICS = ("auarc_u_ea", "auroc_u_ia", "auroc_c_ia", "auarc_c_ia")
REFERENCE = {
    ("distinct_answers", "exact"): (0.7833, 0.8149, None, None),
    ("variation_ratio", "exact"): (0.7861, 0.8202, None, None),
    ("lexsim", "rouge_l"): (0.8094, 0.8574, None, None),
    ("eigv", "jaccard"): (0.8059, 0.8469, None, None),
    ("ecc", "jaccard"): (0.7928, 0.8285, 0.9051, 0.8378),
    ("deg", "jaccard"): (0.8051, 0.8517, 0.9424, 0.8516),
    ("length", None): (0.6259, 0.5704, None, None),
}
"""Measured on the same samples with other code, whose normalisation of words is not known to the letter."""
SELECTION = {"random": 0.572, "majority": 0.732, "max_deg": 0.752, "oracle": 0.900, "er_g": 0.750, "er_d": 0.752}


def lines(path: Path, *questions: dict[str, Any] | str) -> Path:
    path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in questions), "utf-8")
    return path


def one(name: str, answer: str, *samples: str) -> dict[str, Any]:
    return {"id": name, "question": f"{name}?", "answer": answer, "samples": list(samples), "samples_raw": [1]}


RAGGED = (
    one("a", "Paris", "Paris", "paris!", "Rome"),
    one("b", "Rome", "Oslo", "Rome"),
    one("c", "Oslo", "Bern", "Bern", "Bern", "Lima"),
)


@pytest.fixture(scope="module")
def real(data_dir: Path) -> list[Sampled]:
    return read_samples(data_dir / SAMPLES)


@pytest.fixture(scope="module")
def real_rows(real: list[Sampled]) -> list[dict[str, Any]]:
    exact, rouge_l, jaccard = (matrices(real, name) for name in ("exact", "rouge_l", "jaccard"))
    found = measures(real, exact=exact, rouge_l=rouge_l, columns=[jaccard])
    return scores(found, Truth.of([one.right() for one in real]))


@pytest.fixture(scope="module")
def real_bench(real: list[Sampled]) -> dict[str, Any]:
    return found(real)


@pytest.fixture
def small(tmp_path: Path) -> list[Sampled]:
    return read_samples(lines(tmp_path / "samples.jsonl", *RAGGED))


def found(questions: list[Sampled], *names: str) -> dict[str, Any]:
    return bench(questions, [matrices(questions, name) for name in names or ("jaccard",)]).rows


# Real samples


@pytest.mark.parametrize(("measure", "expected"), REFERENCE.items())
def test_measure_on_real_samples_is_the_reference(
    real_rows: list[dict[str, Any]], measure: tuple[str, str | None], expected: tuple[float | None, ...]
) -> None:
    [row] = [row for row in real_rows if (row["method"], row["similarity"]) == measure]
    for metric, value in zip(METRICS, expected, strict=True):
        if value is not None:
            assert row[metric] == pytest.approx(value, abs=0.005), metric
            interval = row["intervals"][metric]
            assert interval["low"] < row[metric] == interval["mean"] < interval["high"]


@pytest.mark.slow
def test_selection_on_real_samples_is_the_reference(real_bench: dict[str, Any]) -> None:
    for rule, value in SELECTION.items():
        assert real_bench["selection"][rule] == pytest.approx(value, abs=0.005), rule
    assert real_bench["mean_accuracy"] == pytest.approx(0.5724, abs=0.005)
    assert real_bench["oracle_auarc"] == pytest.approx(0.8408, abs=0.005)
    gain = real_bench["selection_diff"]["max_deg"]
    assert gain["mean"] == pytest.approx(
        real_bench["selection"]["max_deg"] - real_bench["selection"][real_bench["selection_baseline"]]
    )


@pytest.mark.slow
def test_calibrated_share_on_real_samples_beats_the_raw_one_and_the_base_rate(real_bench: dict[str, Any]) -> None:
    stated = real_bench["confidence"]
    assert stated["isotonic"]["brier"] < min(stated["raw"]["brier"], stated["base_rate"]["brier"])
    assert stated["isotonic"]["ece"] < stated["raw"]["ece"]
    assert stated["isotonic"]["brier_diff_to_raw"]["high"] < 0
    assert sum(bin["n"] for bin in stated["raw"]["reliability"]) == stated["n"] == 500


# Small files


def test_measures_of_questions_with_different_numbers_of_samples(small: list[Sampled]) -> None:
    rows = {(row["method"], row["similarity"]): row for row in found(small)["methods"]}
    # Expected accuracies 2/3, 1/2, 0; variation ratios 1/3, 1/2, 1/4: exactly the wrong question is the surest.
    areas = [0, (0 + 2 / 3) / 2, (0 + 2 / 3 + 1 / 2) / 3]
    votes = rows["variation_ratio", "exact"]
    assert votes["auarc_u_ea"] == pytest.approx(np.mean(areas))
    assert votes["auroc_u_ia"] == pytest.approx((2 * 1 + 2 * 0.5 + 1 * 0.5 + 0) / (3 * 6))
    assert votes["diff_to_baseline"]["auarc_u_ea"]["mean"] == 0
    assert rows["distinct_answers", "exact"]["auroc_u_ia"] == pytest.approx(0.5)
    assert rows["lexsim", "rouge_l"]["auroc_c_ia"] is None


def test_selection_by_hand_over_ties(small: list[Sampled]) -> None:
    rows = found(small)["selection"]
    assert rows["majority"] == pytest.approx(1 / 3)
    assert rows["majority_over_ties"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert rows["oracle"] == pytest.approx(2 / 3)
    assert rows["random"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)


def test_similarities_that_are_asked_for_have_their_rows_and_the_first_leads(small: list[Sampled]) -> None:
    rows = found(small, "tfidf", "jaccard")
    columns = {row["similarity"] for row in rows["methods"]}
    assert columns == {"exact", "rouge_l", "tfidf", "jaccard", None}
    assert {"max_deg", "max_deg_jaccard"} < set(rows["selection"])
    assert rows["confidence"]["similarity"] == "tfidf"


def test_matrices_from_outside_are_measured_like_others(small: list[Sampled]) -> None:
    judge = Matrices("judge:x", tuple(np.ones((len(one.samples),) * 2) for one in small))
    rows = {(row["method"], row["similarity"]): row for row in bench(small, [judge]).rows["methods"]}
    assert rows["deg", "judge:x"]["auroc_u_ia"] == pytest.approx(0.5)


def test_logprobs_in_the_file_give_the_measures_of_tokens(tmp_path: Path) -> None:
    # The right answers, "Paris" and "paris!" of a and "Rome" of b, are the likeliest; c has none.
    told = ([[-0.1, -0.1], [-0.2], [-3.0]], [[-2.0], [-0.3]], [[-1.0, -1.0], [-1.0], [-1.5], [0.0004, -4.0]])
    written = [question | {"logprobs": tokens} for question, tokens in zip(RAGGED, told, strict=True)]
    questions = read_samples(lines(tmp_path / "s", *written))
    assert questions[2].logprobs == ((-1.0, -1.0), (-1.0,), (-1.5,), (0.0, -4.0)), "above 0 is rounding"
    result = bench(questions, [matrices(questions, "jaccard")])
    rows = {row["method"]: row for row in result.rows["methods"]}
    assert all(rows[method]["auroc_c_ia"] == 1 for method in TOKENS)
    measured = {one.method: one.uncertainty for one in result.measures}
    assert measured["token_max"] == pytest.approx([3.3 / 3, 2.3 / 2, 7.5 / 4])
    assert measured["token_mean"] == pytest.approx([3.3 / 3, 2.3 / 2, 5.5 / 4])
    assert measured["token_all"][1] == pytest.approx(1 - (np.exp(-2) + np.exp(-0.3)) / 2)
    assert "Of tokens: " in tables(result.rows)[0].note
    assert "least likely token" in {trace["name"] for trace in rejection_plots(result)[1].figure["data"]}


def test_logprobs_of_some_questions_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no 'logprobs' for question 'b', but for others: give all of them or none"):
        read_samples(lines(tmp_path / "s", RAGGED[0] | {"logprobs": [[-1.0]] * 3}, RAGGED[1]))


def test_bench_when_all_answers_are_right_has_no_auroc(tmp_path: Path) -> None:
    questions = read_samples(lines(tmp_path / "s", one("a", "yes", "yes", "yes"), one("b", "no", "no", "no")))
    result = bench(questions, [matrices(questions, "jaccard")])
    row = result.rows["methods"][0]
    assert (row["auroc_u_ia"], row["auarc_u_ea"]) == (None, 1.0)
    assert "-" in {row[1] for row in tables(result.rows)[0].rows} | {row[2] for row in tables(result.rows)[0].rows}
    assert auroc_plot(result).figure["layout"]["height"] > 0


@settings(deadline=None, max_examples=10)
@given(st.lists(st.lists(st.sampled_from(["x", "y z", "y", ""]), min_size=2, max_size=4), min_size=1, max_size=4))
def test_bench_takes_whatever_samples_there_are(samples: list[list[str]]) -> None:
    questions = [Sampled(str(at), "?", "y", tuple(texts)) for at, texts in enumerate(samples)]
    result = bench(questions, [matrices(questions, "jaccard")])
    rules = result.rows["selection"]
    assert all(rules["oracle"] >= accuracy for accuracy in rules.values())
    for row in result.rows["methods"]:
        assert row["auarc_u_ea"] <= result.rows["oracle_auarc"] + 1e-9
    assert [len(part.rows) for part in tables(result.rows)] == [9, len(rules), 3]


# The file


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is not JSON"),
        ("[1]", "line 2: each line must be a JSON object"),
        ({"id": "b", "question": "q", "samples": ["x", "y"]}, "line 2: 'answer' must be a text"),
        ({"question": "q", "answer": "x", "samples": ["x", "y"]}, "line 2: 'id' must be"),
        (one("b", "x") | {"samples": "xy"}, "line 2: 'samples' must be a list of texts"),
        (one("b", "x") | {"samples": ["x", None]}, "line 2: 'samples' must be a list of texts"),
        (one("b", "x", "y"), "line 2: 1 samples are too few .* at least 2"),
        *(
            (one("b", "x", "y", "z") | {"logprobs": tokens}, "line 2: 'logprobs' must be a list of 2 lists")
            for tokens in ([[-1.0]], [[-1.0], []], [[-1.0], [None]], [[-1.0], [True]], [[-1.0], [0.5]], "ab")
        ),
        (one("a", "x", "y", "z"), "line 2: the id 'a' was given on line 1 already"),
    ],
)
def test_line_that_is_no_question_is_named(tmp_path: Path, line: dict[str, Any] | str, message: str) -> None:
    path = lines(tmp_path / "samples.jsonl", RAGGED[0], line)
    with pytest.raises(BadInput, match=message):
        read_samples(path)


def test_file_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no question"):
        read_samples(lines(tmp_path / "empty", "", " "))
    with pytest.raises(BadInput, match="cannot be read"):
        read_samples(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        read_samples(tmp_path / "bytes")


def test_sizes_say_how_ragged_the_samples_are(small: list[Sampled]) -> None:
    assert sizes(small) == "3 questions x 2 to 4 samples"
    assert sizes(small[:1]) == "1 question x 3 samples"


# The page and the command


def test_plots_show_every_measure_and_the_numbers_of_the_rows(small: list[Sampled]) -> None:
    result = bench(small, [matrices(small, "jaccard"), matrices(small, "tfidf")])
    over_questions, over_answers = (plot.figure["data"] for plot in rejection_plots(result))
    assert [trace["name"] for trace in over_questions][:3] == ["oracle", "random", "distinct answers (exact)"]
    assert over_questions[0]["y"][-1] == pytest.approx(result.rows["mean_accuracy"], abs=1e-4)
    assert {trace["name"] for trace in over_answers} < {trace["name"] for trace in over_questions}
    assert not any("tfidf" in trace["name"] for trace in over_questions)
    [uncertain, confident] = auroc_plot(result).figure["data"]
    assert len(uncertain["x"]) == len(result.rows["methods"]) > len(confident["x"])
    assert selection_plot(result).figure["data"][0]["x"] == list(result.rows["selection"].values())
    raw, isotonic = reliability_plots(result)
    assert [note["text"] for note in raw.figure["layout"]["annotations"]] == ["1", "1", "1"]
    assert "n = 3 questions" in isotonic.caption


def test_interval_cell_is_short_and_has_no_minus_nought() -> None:
    assert interval_cell({"mean": 0.8064, "low": 0.7756, "high": 1.0}) == ".806 (.776, 1.000)"
    assert interval_cell({"mean": 0.008, "low": -0.0002, "high": 0.016}, sign=True) == "+.008 (.000, .016)"
    assert interval_cell({"mean": 0.5, "low": None, "high": None}) == ".500"
    assert interval_cell(None) == "-"


def test_command_when_asked_for_json_says_where_its_page_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "samples.jsonl", *RAGGED)
    uncertainty(path, ["jaccard", "rouge_l"], tmp_path / "out", None, None, as_json=True)
    content = json.loads(capsys.readouterr().out)
    assert content["n"] == 3 and content["not_judged"] == [] and content["seconds"] > 0
    assert content["similarities"] == ["jaccard", "rouge_l"]
    page = Path(content["report"]).read_text(encoding="utf-8")
    assert "Uncertainty from samples" in page and "Set share, isotonic, held out" in page
    assert "ROUGE-L with the known answer" in page


def test_command_shows_tables_and_the_caveat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "samples.jsonl", *RAGGED)
    uncertainty(path, [], tmp_path / "out", None, None, as_json=False)
    shown = capsys.readouterr().out
    assert "variation ratio" in shown and "flatters" in shown and "Report: " in shown


def test_command_refuses_a_similarity_that_there_is_none_of(tmp_path: Path) -> None:
    path = lines(tmp_path / "samples.jsonl", *RAGGED)
    with pytest.raises(BadInput, match="unknown similarity 'bleu': choose of jaccard"):
        uncertainty(path, ["bleu"], tmp_path, None, None, as_json=True)


@pytest.mark.slow
def test_command_with_a_judge_asks_the_model_and_keeps_its_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, ledger = lines(tmp_path / "samples.jsonl", *RAGGED), str(tmp_path / "ledger.db")
    for _ in range(2):
        uncertainty(path, ["jaccard", "judge:scripted"], tmp_path / "out", None, ledger, as_json=True)
        content = json.loads(capsys.readouterr().out)
        [row] = [row for row in content["methods"] if (row["method"], row["similarity"]) == ("deg", "judge:scripted")]
        assert 0 <= row["auroc_u_ia"] <= 1
    assert (tmp_path / "ledger.db").exists()


@pytest.mark.slow
def test_command_with_a_judge_takes_a_question_with_half_of_a_surrogate_pair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines(tmp_path / "samples.jsonl", one("a\ud800", "Paris", "Paris", "Rome"))
    uncertainty(path, ["judge:scripted"], tmp_path / "out", None, str(tmp_path / "ledger.db"), as_json=False)
    assert "Report: " in capsys.readouterr().out
