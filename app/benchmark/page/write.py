"""Writing a page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from app.benchmark.page.content import Page
from app.writing import written


def write_page(page: Page, path: Path, *, made_at: datetime) -> str:
    """Write `page` to `path`, whole or not at all, and return the path; raises BadInput where that cannot be done."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = any(section.plots or section.small_plots for section in page.sections)
    text = environment.get_template("page.html.j2").render(
        page=page, made_at=made_at, plotly=get_plotlyjs() if drawn else ""
    )
    with written(path) as file:
        file.write(text)
    return str(path)
