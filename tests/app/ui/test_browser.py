"""The desk in a browser, from a machine where nothing is kept: ask, watch, read, resolve, see the record, export."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.ui import browsing
from tests.app.ui.browsing import Reader

pytestmark = pytest.mark.browser

PAGES = ("", "questions", "track_record", "world", "crowd", "assistant", "agent_runs", "jobs", "models", "export")
DARK = ("", "track_record")
_ANSWERED_MS = 300_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all."""
    with browsing.browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A desk as a newcomer starts it."""
    with browsing.served(tmp_path_factory.mktemp("desk")) as found:
        yield found


def _resolved(page: Page) -> int:
    figure = page.get_by_test_id("stMetric").filter(has_text="Resolved").get_by_test_id("stMetricValue")
    return int(figure.inner_text().replace(",", ""))


def _question_of(page: Page) -> str:
    return page.url.split("question=")[1].split("&")[0]


def test_question_in_words_is_asked_forecast_resolved_scored_and_exported(
    chromium: Browser, address: str, tmp_path: Path
) -> None:
    reader = Reader.at(chromium, address)
    page = reader.open()
    expect(page.get_by_text("synthetic demo world")).to_be_visible()
    before = _resolved(page)
    page.get_by_text("Anything, in words").click()
    page.get_by_label("The question", exact=True).fill("Will the harbour be closed on a Sunday?")
    page.get_by_label("The question", exact=True).press("Enter")
    expect(page.get_by_text("Asked as of")).to_be_visible()
    page.get_by_role("button", name="Ask the crowd").click()
    expect(page.get_by_text("The crowd says")).to_be_visible(timeout=_ANSWERED_MS)
    expect(page.get_by_text("Members answered")).to_be_visible()
    expect(page.get_by_text("Reasons")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").last).to_be_visible()
    question_id = _question_of(page)

    page.get_by_text("History and resolution").click()
    page.get_by_text("Resolve or annul by hand").click()
    page.get_by_text("yes", exact=True).click()
    page.get_by_label("Source or reason").fill("the harbour master")
    page.get_by_label("Source or reason").press("Enter")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_role("cell", name="by hand: the harbour master")).to_be_visible()

    reader.open()
    assert _resolved(page) == before + 1

    reader.open("export")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download forecasts").click()
    file = tmp_path / "forecasts.csv"
    download.value.save_as(file)
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["member"] for row in rows if row["question_id"] == question_id] == ["direct:scripted"]
    assert not reader.outside


def test_example_is_asked_with_one_click_and_its_evidence_is_numbered(chromium: Browser, address: str) -> None:
    reader = Reader.at(chromium, address)
    page = reader.open()
    page.get_by_role("button", name="Ask", exact=True).last.click()
    expect(page.get_by_text("The crowd says")).to_be_visible(timeout=_ANSWERED_MS)
    page.locator("summary").filter(has_text="rag:scripted:").click()
    expect(page.get_by_text("[1]").first).to_be_visible()
    expect(page.get_by_text("all known before 1 Jan 2025")).to_be_visible()
    assert not reader.outside


@pytest.mark.parametrize("width", [1440, 800])
@pytest.mark.parametrize("path", PAGES)
def test_page_is_drawn_without_an_error_and_asks_nobody_outside(
    chromium: Browser, address: str, path: str, width: int
) -> None:
    _look(chromium, address, path, width=width, dark=False)


@pytest.mark.parametrize("path", DARK)
def test_page_is_drawn_in_the_dark(chromium: Browser, address: str, path: str) -> None:
    _look(chromium, address, path, width=1440, dark=True)


def _look(chromium: Browser, address: str, path: str, *, width: int, dark: bool) -> None:
    reader = Reader.at(chromium, address, width=width, dark=dark)
    page = reader.open(path)
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stAlertContentError").count() == 0
    assert not reader.outside
    if folder := os.environ.get("AUSPEX_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        scheme = "-dark" if dark else ""
        reader.picture(Path(folder) / f"{path or 'desk'}-{width}{scheme}.png")
    page.context.close()
