"""Writing a page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from app.benchmark.page.content import Page
from app.writing import written


def write_page(page: Page, path: Path, *, made_at: datetime) -> str:
    """Write `page` to `path` as HTML that needs nothing beside it, and return the path.

    Whole or not at all; raises BadInput where that cannot be done.
    """
    from plotly.offline import get_plotlyjs

    drawn = any(section.plots or section.small_plots for section in page.sections)
    return _write("page.html.j2", path, page=page, made_at=made_at, plotly=get_plotlyjs() if drawn else "")


def write_markdown(page: Page, path: Path, *, made_at: datetime) -> str:
    """The same in Markdown, without the plots."""
    return _write("page.md.j2", path, page=page, made_at=made_at)


def _write(template: str, path: Path, **content: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(template).render(**content)
    with written(path) as file:
        file.write(text)
    return str(path)
