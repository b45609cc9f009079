"""What a model is: its deployments, what they are able to do, what they cost, and how much they take at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from db.errors import BadInput

ENVIRONMENT = "os.environ/"
"""What a value in `models.yaml` begins with that is the name of an environment variable, as in litellm."""

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
    in messages which entry of which file this is.
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

    @property
    def missing(self) -> tuple[str, ...]:
        """The environment variables that it needs and that are not set."""
        names = [name for deployment in self.deployments for name in deployment.missing]
        return tuple(dict.fromkeys(names))


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and value.startswith(ENVIRONMENT)
