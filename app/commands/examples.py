"""`auspex questions examples`: question sets that come with Auspex, ready for `auspex forecast --questions`."""

from __future__ import annotations

import sys
from pathlib import Path

from app.commands.forecast import read_questions
from app.commands.questions import dump
from app.output import emit_json, err, out, table
from db.errors import UnknownName

FOLDER = Path(__file__).parents[1] / "examples"


def examples() -> dict[str, Path]:
    """The question sets by name, each a file of JSON lines."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.jsonl"))}


def show(name: str, *, as_json: bool) -> None:
    """One set as it stands in its file, so that it can be sent on; all sets with where they are, without a name."""
    known = examples()
    if not name:
        _show_all(known, as_json=as_json)
        return
    if name not in known:
        raise UnknownName(
            f"no example set of questions is called {name!r}: there is {', '.join(known)}", name=name, near=tuple(known)
        )
    path = known[name]
    if as_json:
        emit_json({"name": name, "path": str(path), "questions": [dump(item) for item in read_questions(path)]})
        return
    sys.stdout.write(path.read_text(encoding="utf-8"))
    err.print(f"Next: auspex forecast --questions {path} --as-of DATE --member rag:MODEL", soft_wrap=True)


def _show_all(known: dict[str, Path], *, as_json: bool) -> None:
    sets = {name: read_questions(path) for name, path in known.items()}
    if as_json:
        emit_json({"examples": [{"name": name, "path": str(known[name]), "n": len(sets[name])} for name in sets]})
        return
    rows = [(name, len(questions), f"{questions[0].text} …") for name, questions in sets.items()]
    table("Example sets of questions", ("name", "questions", "first question"), rows)
    out.print("Next: auspex questions examples NAME")
