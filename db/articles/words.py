"""Query text as words: what the index's own tokenizer makes of it, and quoted so that no search syntax is left."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing

from db.articles.schema import TOKENIZER

WORD = re.compile(r"[^\W_]+")


def storable(text: str) -> str:
    """`text` without what SQLite takes for its end, and without lone surrogates, which are no text."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def stems(text: str) -> list[str]:
    """The different index terms of `text`, sorted."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE VIRTUAL TABLE asked USING fts5(text, tokenize = '{TOKENIZER}')")
        connection.execute("CREATE VIRTUAL TABLE term USING fts5vocab(asked, row)")
        connection.execute("INSERT INTO asked VALUES (?)", [storable(text)])
        return sorted(term for (term,) in connection.execute("SELECT term FROM term"))


def phrases(texts: Iterable[str], operator: str) -> str:
    """A match expression of quoted phrases, joined by our own AND or OR."""
    quoted = (storable(text).replace('"', '""') for text in texts)
    return f" {operator} ".join(f'"{text}"' for text in quoted)
