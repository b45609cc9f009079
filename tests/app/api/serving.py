"""The service as it is, on a real server on loopback, and what the tests of it ask with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from app.api.main import make_app
from app.api.service import Options
from app.settings import Settings
from db.ledger.api_keys import ApiKeys, Scope
from db.ledger.ledger import Ledger
from db.records import Aggregate, BinaryQuestion, Forecast, MultipleChoiceQuestion, Resolution
from db.values import ProbabilityValue

OPEN = datetime(2025, 6, 1, tzinfo=UTC)
DUE = OPEN + timedelta(days=7)
SCRIPT = "<script>alert('x')</script>"
FORMULA = '=HYPERLINK("http://evil.example","click")'


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: its address, the app behind it, and a key of each scope."""

    url: str
    app: FastAPI
    settings: Settings
    keys: dict[Scope, str]

    def client(self, scope: Scope | None = Scope.ADMIN) -> httpx.Client:
        """A client with the key of a scope, without one for None."""
        headers = {} if scope is None else {"Authorization": f"Bearer {self.keys[scope]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port of loopback; yields its address."""
    config = uvicorn.Config(app, port=0, log_level="warning", access_log=False, server_header=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(address: str, folder: Path, options: Options | None = None) -> Iterator[Served]:
    """The service on the ledger at `address`, its jobs in `folder`."""
    settings = Settings(database_url=address, jobs_url=f"sqlite:///{folder / 'jobs.db'}", store=folder / "store")
    now = datetime.now(UTC)
    with ApiKeys(address) as keys:
        texts = {scope: keys.create(scope.value, [scope], now=now)[1] for scope in Scope}
    app = make_app(settings, options)
    with listening(app) as url:
        yield Served(url, app, settings, texts)


def binary(n: int) -> BinaryQuestion:
    """The n-th question that the tests know of."""
    return BinaryQuestion(
        text=f"{SCRIPT} question {n}?", open_at=OPEN, resolve_by=DUE, source="tests", tags=("a", f"t{n % 3}")
    )


def forecast(question_id: str, member: str = "m", probability: float = 0.3) -> Forecast:
    """What a member says of a question."""
    return Forecast(
        question_id=question_id,
        member=member,
        as_of=OPEN,
        created_at=OPEN,
        value=ProbabilityValue(probability=probability),
        rationale=FORMULA,
    )


def fill(address: str, n: int = 7) -> list[BinaryQuestion]:
    """Record `n` yes/no questions with two forecasts and an aggregate each, the first three resolved."""
    questions = [binary(number) for number in range(n)]
    choice = MultipleChoiceQuestion(text="Which?", options=("x", "y"), open_at=OPEN, resolve_by=DUE, source="tests")
    with Ledger(address) as ledger:
        ledger.append([*questions, choice])
        for question in questions:
            said = [forecast(question.id, "m", 0.3), forecast(question.id, "climatology", 0.5)]
            crowd = Aggregate(
                question_id=question.id,
                rule="median",
                as_of=OPEN,
                created_at=OPEN,
                forecast_ids=tuple(item.id for item in said),
                value=ProbabilityValue(probability=0.4),
                spread=0.1,
                n_failed=0,
            )
            ledger.append([*said, crowd], run_id="run-1")
        ledger.resolve(
            [
                Resolution(question_id=question.id, outcome=number % 2 == 0, resolved_at=DUE, known_at=DUE)
                for number, question in enumerate(questions[:3])
            ]
        )
    return questions
