"""What is printed is what was given: brackets in a question, an option or a name are text and no styling."""

from __future__ import annotations

import pytest
from rich.text import Text

from app.output import bold, interval_text, out, table

HOSTILE = "Will [/bold] it [red]rain[/red] :smile: [?"


def test_table_shows_user_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    table("Title [/x]", ("member", "[/red]"), [("[/red]", HOSTILE), ("climatology", 1)], "Caption [/y]")
    shown = capsys.readouterr().out
    for text in ("Title [/x]", "[/red]", HOSTILE, "Caption [/y]"):
        assert text in shown


def test_styled_cells_are_texts_and_measure_as_they_show(capsys: pytest.CaptureFixture[str]) -> None:
    interval = interval_text({"mean": 0.5, "low": 0.4, "high": 0.6})
    assert isinstance(interval, Text) and "[dim]" not in interval.plain
    table("T", ("a", "b"), [(bold("aggregate"), interval)])
    shown = capsys.readouterr().out
    assert "aggregate" in shown and "[" not in shown


def test_print_shows_user_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    out.print(HOSTILE, style="bold")
    assert HOSTILE in capsys.readouterr().out
