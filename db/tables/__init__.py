"""Tables of facts, tab-separated, with a header line each; read on first use."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> list[list[str]]:
    """The rows of `name`.tsv without its header."""
    text = files(__name__).joinpath(f"{name}.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]
