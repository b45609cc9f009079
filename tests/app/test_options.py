"""Options that several commands share: moments and texts that are none get one sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.cli.options import moment, plain_text
from db.errors import BadInput


def test_moment_is_read_in_utc() -> None:
    assert moment("2025-06-01T02:00:00+02:00", "--as-of") == datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_moment_that_utc_has_no_year_for_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="outside the years 1 to 9999"):
        moment(text, "--as-of")


def test_text_of_bytes_that_are_no_utf_8_is_refused() -> None:
    assert plain_text("[ü]", "--reason") == "[ü]"
    with pytest.raises(BadInput, match="--reason .* is no text in UTF-8"):
        plain_text("a\udcff", "--reason")
