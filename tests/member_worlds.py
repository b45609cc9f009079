"""A small real store with a future that nobody may see, and members that ask the loopback server through the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.llm.client import LlmClient
from agents.llm.models import Capabilities, ModelTable, Price
from agents.members.equipment import Equipment
from agents.members.registry import build_members, models_of
from app.dev.llm_server import LlmServer, Reply
from db.articles.article import Article
from db.articles.slugs import index_slugs
from db.articles.store import ArticleStore
from db.events.filters import View
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from db.questions.factory import binary_question, relation_question
from db.records import (
    BinaryQuestion,
    EventCriterion,
    Forecast,
    MemberFailure,
    MultipleChoiceQuestion,
    NumericQuestion,
    Question,
)
from db.traces import Trace
from db.values import CodesValue, ProbabilitiesValue, ProbabilityValue, QuantilesValue
from tests.gdelt_rows import row, write_csv

AS_OF = datetime(2025, 6, 1, tzinfo=UTC)
VIEW = View(min_mentions=5)
CANARY = "canary-treaty-of-tomorrow"
"""Stands in everything that is added at or after AS_OF, and in nothing before it."""
CANARY_CODE = "057"
"""The code of the canary events: "Sign formal agreement"."""

COMMON: dict[str, Any] = {"open_at": AS_OF, "resolve_by": AS_OF + timedelta(days=7)}
RELATION = relation_question("CHN", "TWN", date(2025, 6, 1), open_at=AS_OF, min_mentions=VIEW.min_mentions)
BINARY = binary_question(
    EventCriterion(
        subject="CHN",
        object="TWN",
        codes=("13",),
        first_day=date(2025, 6, 1),
        last_day=date(2025, 6, 7),
        min_mentions=VIEW.min_mentions,
    ),
    open_at=AS_OF,
)
CHOICE = MultipleChoiceQuestion(text="Which talks come first?", options=("trade", "visas"), **COMMON)
NUMERIC = NumericQuestion(text="How many ships sail?", lower=0.0, upper=50.0, unit="ships", **COMMON)
FREE = BinaryQuestion(text="Will ships be seen in the strait?", **COMMON)
QUESTIONS: tuple[Question, ...] = (RELATION, BINARY, CHOICE, NUMERIC, FREE)
VALUES = (CodesValue, ProbabilityValue, ProbabilitiesValue, QuantilesValue, ProbabilityValue)

PAST_CODES = ("042", "042", "130", "036", "042", "190", "130")


def build_store(folder: Path, articles: Sequence[Article] = ()) -> Path:
    """A store of 30 days of events from China to Taiwan and back, one article a day, and canaries from AS_OF on."""
    rows, number = [], 0
    for at in range(30):
        day = date(2025, 5, 2) + timedelta(days=at)
        for subject, object, code in (("CHN", "TWN", PAST_CODES[at % 7]), ("TWN", "CHN", PAST_CODES[(at + 3) % 7])):
            number += 1
            rows.append(_event(number, day, f"{day:%Y%m%d}120000", subject, object, code, f"china-and-taiwan-{number}"))
    late = date(2025, 5, 30)  # happened before AS_OF, known only after it
    for happened, added in ((AS_OF.date(), "20250601000000"), (late, "20250601001500"), (late, "20250602120000")):
        number += 1
        rows.append(_event(number, happened, added, "CHN", "TWN", CANARY_CODE, f"{CANARY}-{number}"))
    store = folder / "store"
    ingest_files([write_csv(folder / "20250602.export.CSV", rows)], store)
    known = [
        Article(
            url=f"https://news.example/known-{at}",
            title=f"China and Taiwan: day {at} of the talks",
            text="Ships were seen in the strait.",
            added_at=AS_OF - timedelta(days=at, hours=1),
        )
        for at in range(10)
    ]
    tomorrow = Article(
        url=f"https://news.example/{CANARY}", title=f"China and Taiwan sign {CANARY}", text=CANARY, added_at=AS_OF
    )
    index_slugs(store)
    ArticleStore(store).add([*known, *articles, tomorrow])
    return store


def _event(number: int, day: date, added: str, subject: str, object: str, code: str, slug: str) -> str:
    return row(
        number,
        SQLDATE=f"{day:%Y%m%d}",
        DATEADDED=added,
        Actor1CountryCode=subject,
        Actor2CountryCode=object,
        EventCode=code,
        NumMentions="30",
        SOURCEURL=f"https://news.example/{slug}",
    )


@dataclass
class Asking:
    """Members that ask the models of a server; `traces` are those of all runs so far."""

    server: LlmServer
    snapshot: Snapshot
    price: Price | None = None
    capabilities: Capabilities = Capabilities(json_schema=True)
    traces: list[Trace] = field(default_factory=list)

    def ask(self, name: str, *questions: Question) -> list[Forecast | MemberFailure]:
        """The answers of the member called `name`."""
        return asyncio.run(self._ask(name, questions))

    def forecast(self, name: str, question: Question) -> Forecast:
        """The forecast of the member called `name`, which must be one."""
        [found] = self.ask(name, question)
        assert isinstance(found, Forecast), found
        return found

    def failure(self, name: str, question: Question) -> MemberFailure:
        """The failure of the member called `name`, which must be one."""
        [found] = self.ask(name, question)
        assert isinstance(found, MemberFailure), found
        return found

    async def _ask(self, name: str, questions: Sequence[Question]) -> list[Forecast | MemberFailure]:
        [model] = models_of([name])
        table = ModelTable().with_model(
            model,
            model=f"openai/{model}",
            api_base=self.server.url,
            api_key="no-key",
            price=self.price,
            capabilities=self.capabilities,
        )
        client = LlmClient(table, clock=lambda: AS_OF, allow_remote=False)
        [member] = build_members([name], Equipment(llm=client, keep=self.traces.append))
        try:
            return await member.forecast(questions, self.snapshot, created_at=AS_OF)
        finally:
            await client.aclose()


def snapshot_of(store: Path) -> Snapshot:
    """The store as known at AS_OF."""
    return EventStore(store).as_of(AS_OF, view=VIEW)


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory, shared_llm_server: LlmServer) -> Snapshot:
    """The small store as known at AS_OF; one question has been asked, so that no deadline pays for loading litellm."""
    found = snapshot_of(build_store(tmp_path_factory.mktemp("world")))
    Asking(shared_llm_server, found).forecast("direct:scripted", FREE)
    return found


@pytest.fixture
def asking(llm_server: LlmServer, small_world: Snapshot) -> Asking:
    """Members that ask the server, over the small store."""
    return Asking(llm_server, small_world)


def sent(asking: Asking) -> str:
    """Everything that the server was sent, as text."""
    return json.dumps(asking.server.requests, ensure_ascii=False)


def said(probability: float) -> Reply:
    """A model's answer to a yes/no question."""
    return Reply(text=f'{{"rationale": "r", "probability": {probability}}}')
