"""The example questions load, can be asked as they stand, and differ in their date alone."""

from __future__ import annotations

import json
import re

import pytest

from app.commands.examples import examples, show
from app.commands.forecast import read_questions
from db.errors import UnknownName
from db.records import BinaryQuestion


def test_every_example_set_holds_questions_that_can_be_asked() -> None:
    assert "agi_by_2030" in examples()
    for path in examples().values():
        questions = read_questions(path)
        assert questions
        assert all(question.open_at < question.resolve_by and question.resolution_criteria for question in questions)


def test_agi_questions_are_one_question_at_four_dates() -> None:
    questions = read_questions(examples()["agi_by_2030"])
    assert all(isinstance(question, BinaryQuestion) for question in questions)
    assert [question.source_id for question in questions] == [f"agi-by-{year}" for year in (2027, 2030, 2035, 2040)]
    assert sorted(question.resolve_by for question in questions) == [question.resolve_by for question in questions]
    undated = {re.sub(r"20\d\d", "", question.text + question.resolution_criteria) for question in questions}
    assert len(undated) == len({question.fine_print + question.background for question in questions}) == 1
    assert len({question.id for question in questions}) == 4
    for question in questions:
        year = int(question.source_id[-4:])
        assert f"before {year + 1}-01-01" in question.resolution_criteria
        assert question.close_at is not None and question.close_at.year == year + 1


def test_set_is_printed_as_its_file_stands(capsys: pytest.CaptureFixture[str]) -> None:
    show("agi_by_2030", as_json=False)
    assert capsys.readouterr().out == examples()["agi_by_2030"].read_text()
    show("agi_by_2030", as_json=True)
    assert len(json.loads(capsys.readouterr().out)["questions"]) == 4


def test_sets_are_listed_and_an_unknown_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    show("", as_json=True)
    assert {"name": "agi_by_2030", "path": str(examples()["agi_by_2030"]), "n": 4} in json.loads(
        capsys.readouterr().out
    )["examples"]
    show("", as_json=False)
    assert "agi_by_2030" in capsys.readouterr().out
    with pytest.raises(UnknownName, match="there is agi_by_2030"):
        show("agi", as_json=False)
