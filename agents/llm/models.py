"""The models by name: those of a `models.yaml`, and every bare litellm name such as "openai/gpt-5"."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from agents.llm.deployments import Capabilities, Deployment, Model, Price
from agents.llm.models_file import deployment, read_models
from db.errors import UnknownName

__all__ = ["Capabilities", "Deployment", "Model", "ModelTable", "Price", "load_models"]


def load_models(path: Path | None) -> ModelTable:
    """The models of the file at `path`; None: there is no file, and only bare litellm names resolve.

    Raises BadInput in one sentence that names the file, the entry and what to do. A key that is not set in the
    environment is refused when its model is resolved, so that a file may hold more models than one has keys for.
    """
    return ModelTable({} if path is None else read_models(path))


@dataclass(frozen=True, slots=True)
class ModelTable:
    """Models by name. `named` are those that were configured; see `resolve` for all others."""

    named: Mapping[str, Model] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The configured names, in the file's order."""
        return tuple(self.named)

    @property
    def models(self) -> tuple[Model, ...]:
        """The configured models, those without their key in the environment (`Model.missing`) too."""
        return tuple(self.named.values())

    def resolve(self, name: str) -> Model:
        """The model called `name`: a configured one, else a litellm name with its provider before a slash.

        Raises UnknownName, listing what there is; BadInput if a configured one's environment variable is not set.
        """
        model = self.named.get(name)
        if model is not None:
            for one in model.deployments:
                one.resolved()
            return model
        provider, slash, rest = name.partition("/")
        if not (provider and slash and rest):
            known = f"there are {', '.join(self.names)}; " if self.names else "none is configured (AUSPEX_MODELS); "
            raise UnknownName(
                f"unknown model {name!r}: {known}a litellm name such as openai/gpt-5 needs no configuration",
                name=name,
                near=get_close_matches(name, self.names),
            )
        return Model(name=name, deployments=(deployment(name, {"model": name}),))

    def identity(self, name: str) -> str:
        """What the name means, its fallbacks included: 64 hex digits, others where other answers are to be expected.

        Raises UnknownName as `resolve` does, but for no key that is not set.
        """
        model = self.named.get(name) or self.resolve(name)
        fallbacks = [self.named.get(other) or self.resolve(other) for other in model.fallbacks]
        meanings = [one.identity for one in (model, *fallbacks)]
        return hashlib.sha256(json.dumps(meanings).encode()).hexdigest()

    def with_capabilities(self, name: str, capabilities: Capabilities) -> ModelTable:
        """A table in which the model called `name` is able to do this, on all its deployments."""
        model = self.resolve(name)
        deployments = tuple(replace(one, capabilities=capabilities) for one in model.deployments)
        return replace(self, named={**self.named, name: replace(model, deployments=deployments)})

    def with_model(
        self,
        name: str,
        *,
        model: str,
        api_base: str | None = None,
        api_key: str | None = None,
        capabilities: Capabilities | None = None,
        price: Price | None = None,
        rpm: int | None = None,
        tpm: int | None = None,
        max_parallel: int | None = None,
        knowledge_cutoff: date | None = None,
        release_date: date | None = None,
        fallbacks: Sequence[str] = (),
        moves: bool = False,
    ) -> ModelTable:
        """A table with one model more, in place of one of that name; `model` is litellm's name for it.

        `moves` says that `api_base` is another each time and no part of what the model is.
        """
        params: dict[str, Any] = {"model": model, "api_base": api_base, "api_key": api_key}
        made = deployment(
            name,
            {key: value for key, value in params.items() if value is not None},
            capabilities=None if capabilities is None else capabilities.model_dump(),
            price=price,
            rpm=rpm,
            tpm=tpm,
            max_parallel=max_parallel,
        )
        added = Model(
            name=name,
            deployments=(replace(made, moves=moves),),
            knowledge_cutoff=knowledge_cutoff,
            release_date=release_date,
            fallbacks=tuple(fallbacks),
        )
        return replace(self, named={**self.named, name: added})
