"""The report of a benchmark run: one JSON file, a Markdown page and a self-contained HTML page with plots."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from app.benchmark.agents import marks
from app.benchmark.agents.page import page
from app.benchmark.page.write import write_markdown, write_page
from app.writing import written

FILES = {"json": "report.json", "markdown": "report.md", "html": "report.html"}


def write_report(found: dict[str, Any], folder: Path, *, made_at: datetime) -> dict[str, str]:
    """Write the three files into `folder` and return their paths by kind; raises BadInput where that cannot be done."""
    paths = {kind: str(folder / name) for kind, name in FILES.items()}
    content = {**found, "made_at": made_at, "report": paths}
    with written(folder / FILES["json"]) as file:
        json.dump(content, file, indent=2, default=str, ensure_ascii=False, allow_nan=False)
    made = page(content, _skipped_lines(content))
    write_markdown(made, folder / FILES["markdown"], made_at=made_at)
    write_page(made, folder / FILES["html"], made_at=made_at)
    return paths


def _skipped_lines(content: dict[str, Any]) -> list[str]:
    found = []
    for skip in content["skipped"]:
        horizon = "" if skip["horizon_days"] is None else f"horizon {marks.in_days(skip['horizon_days'])}, "
        days = "" if skip["first_day"] is None else f" (days {skip['first_day']} to {skip['last_day']})"
        found.append(f"{horizon}{skip['n']} queries: {skip['reason']}{days}")
    return found
