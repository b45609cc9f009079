"""A reader: headless Chromium on a desk that was started as anybody starts it, on a machine where nothing is kept."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize, sync_playwright

_CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
_SETTLED = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.getAttribute('data-test-script-state') === 'notRunning'
    && document.querySelector('h1') && !document.querySelector('[data-testid=stSkeleton]');
}"""
"""Whether the page has been drawn: the script has ended, and nothing is a placeholder any more."""
_HEIGHT = """() => Math.max(...[...document.querySelectorAll('section, .stMainBlockContainer')]
  .map(part => part.scrollHeight))"""
_TALLEST_PX = 2400


def chromium() -> str:
    """Where Chromium is; skips without one, or fails where `AUSPEX_REQUIRE_BROWSER=1` demands it."""
    found = next((path for path in _CHROMIUM if Path(path).exists()), shutil.which("chromium"))
    if found is None:
        message = f"no Chromium at {', '.join(_CHROMIUM)}"
        if os.environ.get("AUSPEX_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that asks for nothing by itself."""
    path = chromium()
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()


@contextmanager
def served(folder: Path, *, ready_s: float = 900.0) -> Iterator[str]:
    """The address of a desk that `auspex ui` serves, with all that is kept in `folder`: the demo's world.

    `AUSPEX_BROWSER_WORLD` names a demo's folder that was made before, to be copied instead of made again.
    """
    if world := os.environ.get("AUSPEX_BROWSER_WORLD"):
        shutil.copytree(world, folder / "data" / "auspex" / "auspex-data" / "demo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUSPEX_")}
    environment |= {
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "AUSPEX_REAL_CALLS": "0",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "app.cli", "ui", "--headless", "--port", str(port)]
    with (folder / "desk.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(process, address, folder / "desk.log", ready_s)
            yield address
        finally:
            process.terminate()
            process.wait(60)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path, ready_s: float) -> None:
    """Until the desk answers; fails with what it said if it ends before or takes longer."""
    until = time.monotonic() + ready_s
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/_stcore/health", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    pytest.fail(f"the desk did not come up: {log.read_text(encoding='utf-8')[-2000:]}")


@dataclass
class Reader:
    """A page in the browser, and every address outside the desk that it asked for."""

    page: Page
    address: str
    outside: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, browser: Browser, address: str, *, width: int = 1440, dark: bool = False) -> Reader:
        """Somebody with a window `width` pixels wide."""
        window: ViewportSize = {"width": width, "height": 1000}
        context = browser.new_context(viewport=window, color_scheme="dark" if dark else "light")
        reader = cls(context.new_page(), address)
        reader.page.on("request", reader._note)
        return reader

    def _note(self, request: Request) -> None:
        inside = (self.address, self.address.replace("http://", "ws://"), "data:", "blob:", "about:")
        if not request.url.startswith(inside):
            self.outside.append(request.url)

    def open(self, path: str = "") -> Page:
        """Go to a page and wait until it has been drawn."""
        self.page.goto(f"{self.address}/{path}")
        return self.settled()

    def settled(self) -> Page:
        """The page once it has been drawn."""
        self.page.wait_for_function(_SETTLED, timeout=90_000)
        return self.page

    def picture(self, file: Path) -> None:
        """A picture of the whole page; Streamlit scrolls inside, so the window is made as tall as that."""
        width = self.page.viewport_size["width"] if self.page.viewport_size else 1440
        self.page.wait_for_timeout(1500)  # charts are drawn after the page
        height = min(max(int(self.page.evaluate(_HEIGHT)), 600), _TALLEST_PX)
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_timeout(700)
        self.page.screenshot(path=file)
        self.page.set_viewport_size({"width": width, "height": 1000})
