"""Reading `models.yaml`: litellm's own `model_list`, with our fields beside it, checked before anything is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from agents.llm.deployments import Capabilities, Deployment, Model, Price
from agents.llm.price_list import listed_capabilities, listed_price
from db.errors import BadInput

_OURS = ("num_retries", "max_retries", "fallbacks", "cooldown_time", "timeout", "stream", "n", "mock_response")
"""litellm parameters that would act behind our own retries, deadlines and samples."""
_INSTEAD = {
    "timeout": " and give members a deadline, such as react:MODEL?deadline_s=60",
    "fallbacks": " and write `fallbacks: {MODEL: [OTHER]}` beside model_list",
}

_LITELLM_PRICE = {
    "input_cost_per_token": "input_usd_per_million",
    "output_cost_per_token": "output_usd_per_million",
}

Count = Field(default=None, ge=1)


class _Abilities(BaseModel):
    """`capabilities` as the file says them; what it leaves out is taken from litellm's list."""

    model_config = ConfigDict(extra="forbid")

    json_schema: StrictBool | None = None
    tools: StrictBool | None = None
    logprobs: StrictBool | None = None
    n: StrictBool | None = None
    stream: StrictBool | None = None


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model_name: str = Field(min_length=1)
    litellm_params: dict[str, Any]
    model_info: dict[str, Any] = {}
    knowledge_cutoff: date | None = None
    release_date: date | None = None
    capabilities: _Abilities = _Abilities()
    price: Price | None = None
    rpm: int | None = Count
    tpm: int | None = Count
    max_parallel: int | None = Count


class _RouterSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fallbacks: list[dict[str, list[str]]] = []


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model_list: list[_Entry] = Field(min_length=1)
    fallbacks: dict[str, list[str]] = {}
    router_settings: _RouterSettings = _RouterSettings()


def read_models(path: Path) -> dict[str, Model]:
    """The models of the file by name, in its order. Raises BadInput in one sentence that names file, entry and cure."""
    content = _parsed(path)
    try:
        file = _File.model_validate(content)
    except ValidationError as error:
        raise BadInput(f"{path}{_where(error, content)}") from error
    groups: dict[str, list[tuple[int, _Entry]]] = {}
    for number, entry in enumerate(file.model_list, start=1):
        groups.setdefault(entry.model_name, []).append((number, entry))
    fallbacks = _fallbacks(file, path)
    return {name: _model(name, entries, fallbacks.get(name, ()), path) for name, entries in groups.items()}


def deployment(
    id: str,
    params: Mapping[str, Any],
    *,
    where: str = "",
    capabilities: Mapping[str, bool | None] | None = None,
    price: Price | None = None,
    rpm: int | None = None,
    tpm: int | None = None,
    max_parallel: int | None = None,
) -> Deployment:
    """A deployment from litellm's parameters (`model` and the rest); what is not given is taken from litellm's list."""
    model = str(params["model"])
    own_server = "api_base" in params or "base_url" in params
    if own_server and "api_key" not in params and model.startswith("openai/"):
        params = {**params, "api_key": "none"}  # else litellm would send OPENAI_API_KEY to somebody else's server
    known = listed_capabilities(model, elsewhere=own_server).model_dump()
    said = {name: value for name, value in (capabilities or {}).items() if value is not None}
    return Deployment(
        id=id,
        where=where or f"model {id}",
        model=model,
        params={"drop_params": True, **params},
        capabilities=Capabilities(**(known | said)),
        price=price or listed_price(model),
        rpm=rpm,
        tpm=tpm,
        max_parallel=max_parallel,
    )


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text("utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        for key, line in _repeated(tree):
            raise BadInput(f"{path}, line {line}: `{key}` is there twice: remove one")
        return yaml.safe_load(text)
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}): name a models.yaml that is there") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: name a models.yaml") from error
    except yaml.MarkedYAMLError as error:
        at = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        raise BadInput(f"{path}{at} is not YAML ({error.problem}): correct it") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not YAML ({error}): correct it") from error


def _repeated(node: Any) -> Iterator[tuple[str, int]]:
    """Keys that a mapping has twice, of which YAML would silently keep the last, with their lines."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        yield from (
            (key.value, key.start_mark.line + 1) for at, (key, _) in enumerate(node.value) if key.value in keys[:at]
        )
        for _, value in node.value:
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)


def _where(error: ValidationError, content: Any) -> str:
    """ ", entry 2 (gpt-x): price.rpm is not a known field: remove it"."""
    first = error.errors()[0]
    place = list(first["loc"])
    entry = ""
    if len(place) > 1 and place[0] == "model_list" and isinstance(place[1], int):
        found = content["model_list"][place[1]]
        name = found.get("model_name") if isinstance(found, dict) else None
        entry = f", entry {place[1] + 1}" + (f" ({name})" if name else "")
        place = place[2:]
    field = ".".join(map(str, place))
    if first["type"] == "extra_forbidden":
        known = _Entry.model_fields if len(place) == 1 and entry else {}
        listed = f", the fields of an entry are {', '.join(known)}" if known else ""
        return f"{entry}: `{field}` is no known field{listed}: remove it or correct its name"
    if first["type"] == "missing":
        return f"{entry}: `{field}` is missing: add it"
    if not place:
        return " holds no models: write `model_list:` with an entry for each"
    said = first["msg"][:1].lower() + first["msg"][1:]
    return f"{entry}: `{field}` is wrong ({said}): correct it"


def _model(name: str, entries: Sequence[tuple[int, _Entry]], fallbacks: tuple[str, ...], path: Path) -> Model:
    seen: list[dict[str, Any]] = []
    deployments = []
    for number, entry in entries:
        where = f"{path}, entry {number} ({name})"
        if entry.litellm_params in seen:
            raise BadInput(f"{where} is there twice with the same litellm_params: remove one")
        seen.append(entry.litellm_params)
        deployments.append(_deployment(name if len(entries) == 1 else f"{name}#{len(seen)}", entry, where))
    return Model(
        name=name,
        deployments=tuple(deployments),
        knowledge_cutoff=_agreed("knowledge_cutoff", [entry.knowledge_cutoff for _, entry in entries], name, path),
        release_date=_agreed("release_date", [entry.release_date for _, entry in entries], name, path),
        fallbacks=fallbacks,
    )


def _deployment(id: str, entry: _Entry, where: str) -> Deployment:
    params = dict(entry.litellm_params)
    if not isinstance(params.get("model"), str) or not params["model"]:
        raise BadInput(f"{where}: `litellm_params.model` is missing: add it, such as openai/gpt-5")
    for key in _OURS:
        if key in params:
            raise BadInput(
                f"{where}: `litellm_params.{key}` would act behind Auspex's own: remove it{_INSTEAD.get(key, '')}"
            )
    limits = {
        "rpm": _limit(entry.rpm, params.pop("rpm", None), "rpm", where),
        "tpm": _limit(entry.tpm, params.pop("tpm", None), "tpm", where),
        "max_parallel": _limit(
            entry.max_parallel, params.pop("max_parallel_requests", None), "max_parallel_requests", where
        ),
    }
    price = entry.price or _listed_in(params, entry.model_info, where)
    return deployment(id, params, where=where, capabilities=entry.capabilities.model_dump(), price=price, **limits)


def _listed_in(params: dict[str, Any], info: Mapping[str, Any], where: str) -> Price | None:
    """The price that an entry states in litellm's own way, dollars per token, taken out of its parameters."""
    said = {name: params.pop(name, info.get(name)) for name in _LITELLM_PRICE}
    if all(value is None for value in said.values()):
        return None
    try:
        return Price.model_validate({ours: float(said[theirs]) * 1_000_000 for theirs, ours in _LITELLM_PRICE.items()})
    except (TypeError, ValueError):
        names = " and ".join(_LITELLM_PRICE)
        raise BadInput(f"{where}: {names} must both be dollars per token, 0 or more: correct them") from None


def _limit(ours: int | None, theirs: object, name: str, where: str) -> int | None:
    """A limit from its place in the entry, else from litellm's own in the parameters."""
    if theirs is None or ours is not None:
        return ours
    if not isinstance(theirs, int) or isinstance(theirs, bool) or theirs < 1:
        raise BadInput(f"{where}: `litellm_params.{name}` is no positive whole number: correct it")
    return theirs


def _agreed(field: str, values: Sequence[date | None], name: str, path: Path) -> date | None:
    known = {value for value in values if value is not None}
    if len(known) > 1:
        raise BadInput(f"{path}: the entries named {name} have different `{field}`s: name them differently")
    return next(iter(known), None)


def _fallbacks(file: _File, path: Path) -> dict[str, tuple[str, ...]]:
    known = {entry.model_name for entry in file.model_list}
    found: dict[str, tuple[str, ...]] = {}
    for name, others in [
        *file.fallbacks.items(),
        *(pair for one in file.router_settings.fallbacks for pair in one.items()),
    ]:
        if name in found:
            raise BadInput(f"{path}: the fallbacks of {name} are there twice: remove one")
        for wanted in (name, *others):
            if wanted not in known:
                raise BadInput(f"{path}: the fallbacks name {wanted}, which is no entry's model_name: correct it")
        if name in others:
            raise BadInput(f"{path}: {name} is its own fallback: remove it")
        found[name] = tuple(dict.fromkeys(others))
    return found
