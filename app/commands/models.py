"""`auspex models`: what is configured, what answers, and what was spent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.commands.places import ledger_address
from app.equipment import SCRIPTED, model_client, model_table
from app.output import emit_json, err, out, progress_bar, table
from db.errors import BadInput

if TYPE_CHECKING:
    from agents.llm.client import LlmClient
    from agents.llm.models import Model
    from agents.llm.probe import ModelStatus

_NONE = (
    "No models are configured. Name a models.yaml in AUSPEX_MODELS (the README shows one), or call a model by its "
    "litellm name, such as --member react:openai/gpt-5, with its key in the environment."
)


def list_models(*, as_json: bool) -> None:
    """The configured models, without calling them."""
    found = model_table().models
    if as_json:
        emit_json({"models": [_described(model) for model in found]})
        return
    if not found:
        out.print(_NONE)
        return
    table(
        f"{len(found)} models",
        ("model", "served by", "knows until", "released", "able to", "$ per million in / out", "lacks"),
        [
            (
                model.name,
                ", ".join(dict.fromkeys(deployment.model for deployment in model.deployments)),
                model.knowledge_cutoff or "-",
                model.release_date or "-",
                " ".join(name for name, able in model.capabilities.model_dump().items() if able),
                _price(model),
                ", ".join(model.missing) or "-",
            )
            for model in found
        ],
        "Next: auspex models check",
    )


def _price(model: Model) -> str:
    if model.price is None:
        return "unknown"
    return f"{model.price.input_usd_per_million:g} / {model.price.output_usd_per_million:g}"


def _described(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "deployments": [deployment.model for deployment in model.deployments],
        "knowledge_cutoff": model.knowledge_cutoff,
        "release_date": model.release_date,
        "capabilities": model.capabilities.model_dump(),
        "price": None if model.price is None else model.price.model_dump(),
        "fallbacks": list(model.fallbacks),
        "missing": list(model.missing),
    }


def check(names: list[str], ledger: str | None, *, as_json: bool) -> None:
    """Call each model, all configured ones if none is named; exit code 1 if one cannot be reached."""
    wanted = names or list(model_table().names)
    if not wanted:
        raise BadInput(f"{_NONE} To see a check without a key: auspex models check {SCRIPTED}")
    with model_client(wanted, ledger_address(ledger)) as client, progress_bar("models") as update:
        found = asyncio.run(_check_all(client, wanted, update))
    if as_json:
        emit_json({"models": [asdict(status) for status in found]})
    else:
        table(
            f"{len(found)} models",
            ("model", "reachable", "n", "logprobs", "json_schema", "tools", "stream", "seconds"),
            [
                (
                    status.name,
                    _said(status.reachable),
                    *(_said(status.honours.get(name)) for name in ("n", "logprobs", "json_schema", "tools", "stream")),
                    "-" if status.latency_s is None else f"{status.latency_s:.2f}",
                )
                for status in found
            ],
            "Honoured is what came back, not what was promised.",
        )
        for status in found:
            if status.error:
                err.print(f"{status.name}: {status.error}", highlight=False)
    if not all(status.reachable for status in found):
        raise SystemExit(1)


def _said(value: bool | None) -> str:
    return "-" if value is None else "yes" if value else "no"


async def _check_all(client: LlmClient, names: Sequence[str], update: Any) -> list[ModelStatus]:
    from agents.llm.probe import check as probe

    done = 0

    async def one(name: str) -> ModelStatus:
        nonlocal done
        status = await probe(client, name)
        done += 1
        update(done, len(names), name)
        return status

    try:
        return list(await asyncio.gather(*(one(name) for name in names)))
    finally:
        await client.aclose()


def cost(only: list[str], ledger: str | None, *, as_json: bool) -> None:
    """What the call log says was spent."""
    from db.ledger.calls import CallLog

    with CallLog(ledger_address(ledger)) as log:
        found = [spent for spent in log.spending() if not only or spent.model in only]
    if as_json:
        known = [spent.cost_usd for spent in found if spent.cost_usd is not None]
        emit_json({"models": [asdict(spent) for spent in found], "cost_usd": sum(known)})
        return
    if not found:
        out.print(f"None of {', '.join(only)} has been called." if only else "No model has been called yet.")
        return
    table(
        "Spending",
        ("model", "calls", "from the log", "failed", "tokens in", "tokens out", "cost"),
        [
            (
                spent.model,
                f"{spent.calls:,}",
                f"{spent.hits:,}",
                f"{spent.failed:,}",
                f"{spent.prompt_tokens:,}",
                f"{spent.completion_tokens:,}",
                "unknown" if spent.cost_usd is None else f"${spent.cost_usd:.4f}",
            )
            for spent in found
        ],
    )
