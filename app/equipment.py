"""What members are equipped with: fitted models, the door to language models, and where their traces go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from agents.members.equipment import Equipment
from agents.members.fits import FitCache
from app.past_outcomes import past_of
from app.settings import read_settings
from app.telemetry import start_telemetry

if TYPE_CHECKING:
    from agents.llm.client import LlmClient
    from agents.llm.models import ModelTable
    from db.ledger.ledger import Ledger
    from db.traces import Trace

SCRIPTED = "scripted"
"""The model that comes with Auspex: a policy behind a real server on this machine, for trying things without a key."""


def fit_cache() -> FitCache:
    """Where fitted models are kept between runs."""
    return FitCache(read_settings().cache / "fits")


def model_table() -> ModelTable:
    """The models of `AUSPEX_MODELS`; without it none are named, and bare litellm names still resolve."""
    from agents.llm.models import load_models

    return load_models(read_settings().models)


def with_scripted(table: ModelTable, url: str) -> ModelTable:
    """`table` with the scripted model served at `url`: free, able to do everything, and trained on nothing."""
    from agents.llm.models import Capabilities, Price

    return table.with_model(
        SCRIPTED,
        model=f"openai/{SCRIPTED}",
        api_base=url,
        capabilities=Capabilities(json_schema=True, tools=True, logprobs=True, n=True, stream=True),
        price=Price(input_usd_per_million=0.0, output_usd_per_million=0.0),
        knowledge_cutoff=date(1970, 1, 1),
        release_date=date(1970, 1, 1),
        moves=True,
    )


@contextmanager
def model_client(models: Sequence[str], address: str, *, budget_usd: float | None = None) -> Iterator[LlmClient]:
    """A client for these models, whose call log is in the ledger's database at `address`.

    `budget_usd` caps the spending, else `AUSPEX_BUDGET_USD` does. The model `scripted` is served while this is open,
    unless `models.yaml` names one so. Raises UnknownName for a model that there is none of.
    """
    from agents.llm.budget import Budget
    from agents.llm.client import LlmClient
    from db.ledger.calls import CallLog

    settings, table = read_settings(), model_table()
    start_telemetry(settings)
    with ExitStack() as stack:
        if SCRIPTED in models and SCRIPTED not in table.names:
            from app.dev.llm_server import running

            server = stack.enter_context(running())
            table = with_scripted(table, server.url)
        for name in models:
            table.resolve(name)
        log = stack.enter_context(CallLog(address))
        yield LlmClient(
            table,
            log=log,
            budget=Budget(settings.budget_usd if budget_usd is None else budget_usd),
            secrets=settings.secrets,
            allow_remote=settings.real_calls,
            clock=lambda: datetime.now(UTC),
        )


@contextmanager
def equipped(
    members: Sequence[str],
    ledger: Ledger,
    *,
    beside: Sequence[str] = (),
    budget_usd: float | None = None,
    watch: Callable[[Trace], None] | None = None,
) -> Iterator[Equipment]:
    """Everything that these members need; their traces and evidence are kept in the ledger's database.

    `beside` are models that are asked besides, such as a supervisor. `watch` sees every trace after it was kept.
    """
    from agents.members.registry import models_of

    models = list(dict.fromkeys([*models_of(members), *beside]))
    if not models:
        yield Equipment(fits=fit_cache(), past=past_of(ledger))
        return
    from db.ledger.traces import TraceStore

    with model_client(models, ledger.address, budget_usd=budget_usd) as client, TraceStore(ledger.address) as traces:

        def keep(trace: Trace) -> None:
            ledger.append(trace.evidence)
            traces.append([trace])
            if watch is not None:
                watch(trace)

        yield Equipment(fits=fit_cache(), llm=client, keep=keep, past=past_of(ledger))
