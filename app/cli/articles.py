"""`auspex articles`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsOf, Json, Store

app = typer.Typer(no_args_is_help=True, help="News articles beside the event store, searchable as of any moment.")


@app.command("index")
def articles_index(store: Store = None, as_json: Json = False) -> None:
    """Make the headlines in the events' own URLs searchable; later runs add what is new."""
    from app.commands import articles as command

    command.index(store, as_json=as_json)


@app.command("import")
def articles_import(
    paths: Annotated[list[Path], typer.Argument(help="JSONL or CSV with url, title, text, published_at, added_at.")],
    store: Store = None,
    as_json: Json = False,
) -> None:
    """Read articles from files."""
    from app.commands import articles as command

    command.import_files(paths, store, as_json=as_json)


@app.command("fetch")
def articles_fetch(
    urls: Annotated[list[str], typer.Argument(help="Public http(s) addresses of articles.")],
    store: Store = None,
    as_json: Json = False,
) -> None:
    """Download articles; they count as known from now on, never in a back-test."""
    from app.commands import articles as command

    command.fetch(urls, store, as_json=as_json)


@app.command("search")
def articles_search(
    query: str,
    as_of: AsOf = None,
    limit: int = 15,
    store: Store = None,
    as_json: Json = False,
) -> None:
    """Search as of a moment; the newest known if left out."""
    from app.commands import articles as command

    command.search(query, store, as_of, limit, as_json=as_json)
