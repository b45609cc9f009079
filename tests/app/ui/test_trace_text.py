"""Steps of traces as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from app.ui.trace_text import Part, argument_rows, code_arguments, facts_of, in_words, parts_of, title_of
from db.traces import TraceStep


def test_parts_of_a_reply_keep_code_apart_from_words() -> None:
    text = "Let me count.\n```python\nprint(1)\n```\nDone."
    assert parts_of(text) == [
        Part("words", "Let me count."),
        Part("code", "print(1)", "python"),
        Part("words", "Done."),
    ]


def test_parts_of_a_fence_that_is_never_closed_run_to_the_end() -> None:
    assert parts_of("```python\nx = 1\ny = 2") == [Part("code", "x = 1\ny = 2", "python")]


def test_parts_of_a_json_answer_are_fields_without_brackets() -> None:
    text = '{"rationale": "calm", "codes": [{"code": "010", "probability": 0.5}, {"code": "042", "probability": 0.25}]}'
    fields = (("rationale", "calm"), ("codes", "010 0.5; 042 0.25"))
    for written in (text, f"```json\n{text}\n```"):
        [part] = parts_of(written)
        assert (part.kind, part.rows) == ("fields", fields)


def test_parts_of_what_only_looks_like_json_stay_words() -> None:
    assert [part.kind for part in parts_of("{not json")] == ["words"]
    assert parts_of("  \n ") == []


def test_arguments_that_are_code_stand_apart_from_the_others() -> None:
    arguments = {"code": "print(1)", "date_range": ["2024-01-01", "2024-02-01"], "limit": 5}
    assert code_arguments(arguments) == {"code": "print(1)"}
    assert argument_rows(arguments) == [("date range", "2024-01-01, 2024-02-01"), ("limit", "5")]


def test_values_in_words_have_no_python_in_them() -> None:
    values: tuple[object, ...] = (None, True, [], {}, {"a": [1, 2.5]}, "x")
    assert [in_words(value) for value in values] == [
        "none",
        "yes",
        "empty",
        "empty",
        "a: 1, 2.5",
        "x",
    ]


def test_titles_and_facts_say_what_a_step_did_and_how_new_its_rows_are() -> None:
    known = datetime(2024, 12, 1, 23, 45, tzinfo=UTC)
    step = TraceStep(kind="observation", tool="get_events", text="…", latest_added_at=known, seconds=0.2)
    assert title_of(3, step) == "4 · Result of get_events"
    assert facts_of(step) == ["0.2 s", "newest row known 2024-12-01 23:45 UTC"]
    assert title_of(0, TraceStep(kind="tool_call", tool="run_code")) == "1 · Calls run_code"
    assert facts_of(TraceStep(kind="reply", prompt_tokens=900, completion_tokens=100, cached=True)) == [
        "1,000 tokens",
        "from the call log",
    ]
