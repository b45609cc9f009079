"""The report of a benchmark run: one JSON file, a Markdown page and a self-contained HTML page with plots."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from app.benchmark.agents import marks
from app.benchmark.agents.plots import calibration_plots, plots
from app.benchmark.agents.tables import leakage_lines, tables
from app.writing import written

FILES = {"json": "report.json", "markdown": "report.md", "html": "report.html"}


def write_report(found: dict[str, Any], folder: Path, *, made_at: datetime) -> dict[str, str]:
    """Write the three files into `folder` and return their paths by kind; raises BadInput where that cannot be done."""
    paths = {kind: str(folder / name) for kind, name in FILES.items()}
    content = {**found, "made_at": made_at, "report": paths}
    texts = {
        "json": json.dumps(content, indent=2, default=str, ensure_ascii=False, allow_nan=False),
        "markdown": _page("report.md", content),
        "html": _page("report.html", content),
    }
    for kind, text in texts.items():
        with written(folder / FILES[kind]) as file:
            file.write(text)
    return paths


def _page(template: str, content: dict[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rows = content["members"]
    drawn = {}
    if template.endswith("html"):
        from plotly.offline import get_plotlyjs

        drawn = {
            "plots": plots(rows, content["baseline"]),
            "calibration": calibration_plots(rows),
            "plotly": get_plotlyjs(),
        }
    return environment.get_template(f"{template}.j2").render(
        run=content, tables=tables(rows), leakage=leakage_lines(rows), skipped=_skipped_lines(content), **drawn
    )


def _skipped_lines(content: dict[str, Any]) -> list[str]:
    found = []
    for skip in content["skipped"]:
        horizon = "" if skip["horizon_days"] is None else f"horizon {marks.in_days(skip['horizon_days'])}, "
        days = "" if skip["first_day"] is None else f" (days {skip['first_day']} to {skip['last_day']})"
        found.append(f"{horizon}{skip['n']} queries: {skip['reason']}{days}")
    return found
