"""What a model is: its deployments, what they are able to do, what they cost, and how much they take at once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_address
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from db.errors import BadInput

ENVIRONMENT = "os.environ/"
"""What a value in `models.yaml` begins with that is the name of an environment variable, as in litellm."""

SECRET_ENDINGS = ("key", "token", "secret", "password", "credentials", "key_id")
"""How the names of litellm's parameters end whose values are secret."""

_MILLION = 1_000_000
_LOCAL_PROVIDERS = {"ollama": "OLLAMA_API_BASE", "ollama_chat": "OLLAMA_API_BASE", "lm_studio": "LM_STUDIO_API_BASE"}

Usd = Field(ge=0.0, allow_inf_nan=False)


class Price(BaseModel):
    """US dollars per million tokens in and out; 0 for a model on one's own machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_usd_per_million: float = Usd
    output_usd_per_million: float = Usd

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What so many tokens cost; a provider's discount for prompts that it remembers is not counted."""
        spent = prompt_tokens * self.input_usd_per_million + completion_tokens * self.output_usd_per_million
        return spent / _MILLION


class Capabilities(BaseModel):
    """What a server honours: answers of a JSON schema, tool calls, log-probabilities, several samples, streams."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    json_schema: StrictBool = False
    tools: StrictBool = True
    logprobs: StrictBool = False
    n: StrictBool = False
    stream: StrictBool = True

    def __and__(self, other: Capabilities) -> Capabilities:
        """What both are able to do."""
        return Capabilities(**{name: getattr(self, name) and getattr(other, name) for name in type(self).model_fields})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One server's offer of a model. `model` is litellm's name for it, such as "openai/gpt-5".

    `params` are litellm's, with keys still as `os.environ/NAME` where the file has them so. `rpm` and `tpm` are
    requests and tokens a minute, `max_parallel` requests at once; None: no limit. `price` None: unknown. `where` says
    in messages which entry of which file this is. `moves`: it is served at another address each time, so that the
    address says nothing of what it is.
    """

    id: str
    where: str
    model: str
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    capabilities: Capabilities = field(default_factory=Capabilities)
    price: Price | None = None
    rpm: int | None = None
    tpm: int | None = None
    max_parallel: int | None = None
    moves: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """The environment variables that it refers to and that are not set."""
        return tuple(name for name in self._references() if not os.environ.get(name))

    def resolved(self) -> dict[str, Any]:
        """litellm's parameters with references replaced; raises BadInput naming a variable that is not set."""
        if self.missing:
            raise BadInput(f"{self.where}: {' and '.join(self.missing)} is not set in the environment: set it")
        return {
            key: os.environ[value.removeprefix(ENVIRONMENT)] if _is_reference(value) else value
            for key, value in self.params.items()
        }

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine: its `api_base` is a loopback address."""
        base = self.resolved().get("api_base") or self.resolved().get("base_url")
        if base is None:
            elsewhere = _LOCAL_PROVIDERS.get(self.model.partition("/")[0])
            return elsewhere is not None and not os.environ.get(elsewhere)
        host = urlsplit(str(base)).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def identity(self) -> list[Any]:
        """What decides its answers, as JSON: litellm's name and parameters, secrets left out."""
        said = {key: _referred(value) for key, value in self.params.items() if not key.endswith(SECRET_ENDINGS)}
        if self.moves:
            said.pop("api_base", None)
        return [self.model, sorted(said.items())]

    def _references(self) -> list[str]:
        return [value.removeprefix(ENVIRONMENT) for value in self.params.values() if _is_reference(value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model by the name that people use, behind it one deployment or several that are the same model.

    `knowledge_cutoff` is the last day that its training data can know of, `release_date` the day from which anybody
    could call it; None: unknown. `fallbacks` are the models to ask instead when this one cannot be had.
    """

    name: str
    deployments: tuple[Deployment, ...]
    knowledge_cutoff: date | None = None
    release_date: date | None = None
    fallbacks: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """The SHA-256, 64 hex digits, of what the name means: what is served, where, and what it is asked for.

        Keys, limits and prices are no part of it, nor is the order of its deployments.
        """
        able = self.capabilities.model_dump(include={"json_schema", "tools", "logprobs"})
        served = sorted(json.dumps(one.identity, sort_keys=True, default=str) for one in self.deployments)
        return hashlib.sha256(json.dumps([served, able]).encode()).hexdigest()

    @property
    def capabilities(self) -> Capabilities:
        """What all of its deployments are able to do."""
        found = self.deployments[0].capabilities
        for deployment in self.deployments[1:]:
            found &= deployment.capabilities
        return found

    @property
    def price(self) -> Price | None:
        """The price of its dearest deployment; None if one is unknown."""
        prices = [deployment.price for deployment in self.deployments]
        known = [price for price in prices if price is not None]
        if len(known) < len(prices):
            return None
        return max(known, key=lambda price: (price.output_usd_per_million, price.input_usd_per_million))

    def at_once(self, most: int) -> int:
        """How many calls its deployments together take at once and within a minute, `most` at most: what is asked
        beyond that waits in a queue."""
        return min(most, sum(min(one.max_parallel or most, one.rpm or most) for one in self.deployments))

    @property
    def missing(self) -> tuple[str, ...]:
        """The environment variables that it needs and that are not set."""
        names = [name for deployment in self.deployments for name in deployment.missing]
        return tuple(dict.fromkeys(names))


def _referred(value: object) -> object:
    """What a reference stands for now, the reference itself while that is not set."""
    return os.environ.get(value.removeprefix(ENVIRONMENT), value) if _is_reference(value) else value


def _is_reference(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.startswith(ENVIRONMENT)
