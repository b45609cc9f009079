"""`auspex bench review`: a peer review from a file, how far its assessors agree, and what severity does to it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from app.benchmark.page.write import write_page
from app.benchmark.review.page import page
from app.benchmark.review.read import read_matrix
from app.benchmark.review.summary import summary
from app.benchmark.review.tables import tables
from app.commands.reports import report_folder
from app.output import emit_json, out, table

PAGE = "review.html"


def review(path: Path, folder: Path | None, *, as_json: bool) -> None:
    """Read the marks, write the page and show the tables. The folder is, if none is given, one in the cache that is
    named after the file's content."""
    matrix = read_matrix(path)
    found = summary(matrix)
    place = report_folder(folder, "review", path)
    command = f"auspex bench review --matrix {path}"
    found["report"] = write_page(page(matrix, found, made_by=command), place / PAGE, made_at=datetime.now(UTC))
    if as_json:
        emit_json(found)
        return
    for one in tables(found):
        table(one.title, one.columns, one.rows, one.note)
    out.print(f"Report: {found['report']}", soft_wrap=True, highlight=False)
