"""Models: what is configured, what it can do, what it may take and what was spent on it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING

import streamlit as st

from app.ui import reading, shell, words
from db.calls import Spending

if TYPE_CHECKING:
    from agents.llm.models import Model

_ABLE = {
    "json_schema": "schemas",
    "tools": "tools",
    "logprobs": "log-probabilities",
    "n": "samples",
    "stream": "streams",
}


def _configured() -> None:
    from agents.llm.models import load_models

    file = reading.settings().models
    models = load_models(file).models
    if not models:
        shell.empty(
            "No models are configured",
            "Statistical members need none. To ask language models, write a `models.yaml`, name it in "
            "`AUSPEX_MODELS` and start the desk and the worker again. A key stays in the environment.",
            icon=":material/memory:",
        )
        st.code(files("app.ui").joinpath("models.example.yaml").read_text(encoding="utf-8"), language="yaml")
        st.caption("Without a file, a member such as react:openai/gpt-5 asks that model by its litellm name.")
        return
    st.caption(f"{words.count(len(models), 'model')} in {words.plain(str(file))}")
    for model in models:
        _model(model)


def _model(model: Model) -> None:
    with st.container(border=True, key=f"model-{model.name}"):
        line = st.container(horizontal=True, vertical_alignment="center")
        line.markdown(f"**{words.plain(model.name)}**", width="stretch")
        if model.missing:
            line.badge(f"lacks {', '.join(model.missing)}", color="orange", icon=":material/key_off:")
        else:
            line.badge("ready", color="green")
        served = ", ".join(dict.fromkeys(one.model for one in model.deployments))
        knows = f"knows until {words.day(model.knowledge_cutoff)}" if model.knowledge_cutoff else "knows until: unsaid"
        st.caption(f"{words.plain(served)} · {knows} · {_price(model)} · {_limits(model)}")
        able = [_ABLE[name] for name, found in model.capabilities.model_dump().items() if found]
        st.caption(f"Honours {', '.join(able) or 'plain text only'}.{_fallbacks(model.fallbacks)}")


def _price(model: Model) -> str:
    if model.price is None:
        return "price unknown"
    price = model.price
    return f"\\${price.input_usd_per_million:g} in, \\${price.output_usd_per_million:g} out, a million tokens"


def _limits(model: Model) -> str:
    def told(name: str, limits: Iterable[int | None]) -> str:
        known = [limit for limit in limits if limit is not None]
        return f"{sum(known):,} {name}" if known else ""

    found = (
        told("requests a minute", (one.rpm for one in model.deployments)),
        told("tokens a minute", (one.tpm for one in model.deployments)),
        told("at once", (one.max_parallel for one in model.deployments)),
    )
    return ", ".join(part for part in found if part) or "no limits"


def _fallbacks(names: tuple[str, ...]) -> str:
    return f" Falls back on {words.plain(', '.join(names))}." if names else ""


def _spending() -> None:
    st.subheader("Spending", anchor=False)
    found = _spent(reading.settings().database_url)
    if not found:
        st.markdown(":gray[No model has been called yet.]")
        return
    rows = [
        (
            one.model,
            f"{one.calls:,}",
            f"{one.hits:,}",
            f"{one.failed:,}",
            f"{one.prompt_tokens:,}",
            f"{one.completion_tokens:,}",
            words.money(one.cost_usd),
        )
        for one in found
    ]
    columns = ("model", "calls", "from the log", "failed", "tokens in", "tokens out", "cost")
    shell.table(columns, rows, numbers=range(1, 7))


@st.cache_data(show_spinner=False, ttl=10.0)
def _spent(address: str) -> list[Spending]:
    from db.ledger.calls import CallLog

    with CallLog(address) as log:
        return log.spending()


def _rules() -> None:
    found = reading.settings()
    st.subheader("Limits of this desk", anchor=False)
    columns = st.columns(3)
    columns[0].metric(
        "A command or job spends at most", words.money(found.budget_usd) if found.budget_usd else "no limit"
    )
    columns[1].metric("Forecasts at once, a worker", f"{found.slots:,}")
    columns[2].metric("Models off this machine", "allowed" if found.real_calls else "forbidden")


with shell.page("Models"):
    _configured()
    _spending()
    _rules()
