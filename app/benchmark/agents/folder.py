"""The folder of one benchmark run, and the configuration that its answers belong to, so that no other uses them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.members.llm.naming import read_name
from agents.members.llm.prompts import hash_of
from agents.members.registry import models_of
from app.benchmark.agents.queries import Query
from app.writing import written
from db.errors import BadInput

if TYPE_CHECKING:
    from agents.llm.models import ModelTable

CONFIGURATION = "configuration.json"


def configuration(
    members: Sequence[str], queries: Sequence[Query], fingerprint: str, table: ModelTable, *, articles: int = 0
) -> dict[str, Any]:
    """Everything that decides the answers: members and their prompts, queries, the store, what models' names mean.

    `articles` is how many the last cut-off can see.
    """
    asked = [[*query.key, *query.answer] for query in queries]
    models = {name: table.named[name] for name in models_of(members) if name in table.named}
    return {
        "auspex": version("auspex"),
        "members": sorted(members),
        "prompts": {
            name: hash_of(read_name(name).kind, query.question)
            for name in sorted(members)
            if models_of([name])
            for query in queries[:1]
        },
        "store": fingerprint,
        "articles": articles,
        "queries": hashlib.sha256(json.dumps(asked).encode()).hexdigest(),
        "n_queries": len(queries),
        "models": {
            name: {
                "deployments": [one.model for one in model.deployments],
                "fallbacks": list(model.fallbacks),
                "identity": table.identity(name),
            }
            for name, model in models.items()
        },
    }


def digest(found: dict[str, Any]) -> str:
    """The name of a configuration, 16 hex digits."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


def claim(folder: Path, wanted: dict[str, Any]) -> None:
    """Make `folder` the place of this configuration's answers; raises BadInput if it is another's."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = (folder / CONFIGURATION).read_text(encoding="utf-8")
    except FileNotFoundError:
        with written(folder / CONFIGURATION) as file:
            json.dump(wanted, file, indent=2)
        return
    except OSError as error:
        raise BadInput(f"{folder} cannot be used: {error.strerror or error}") from error
    try:
        there = json.loads(text)
    except json.JSONDecodeError:
        there = {}
    if there != wanted:
        differing = sorted(key for key in wanted if not isinstance(there, dict) or there.get(key) != wanted[key])
        raise BadInput(
            f"{folder} holds answers of another configuration ({', '.join(differing)} differ): choose another folder"
        )
