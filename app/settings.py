"""Where things are kept and what may be used: the one place that reads the environment (`AWS_*`: boto3 does)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.errors import BadInput

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS)S?$")
_SHORTEST_SECRET = 8
"""Characters; shorter values are words that turn up by chance, and masking them would garble texts."""


def _data() -> Path:
    return user_data_path("auspex", appauthor=False) / "auspex-data"


class Settings(BaseSettings):
    """Settings from `AUSPEX_STORE`, `AUSPEX_DATABASE_URL` and so on, else folders of the user's.

    `models` is a `models.yaml`; `budget_usd` caps what one command may spend on models; `real_calls` off forbids every
    call to a model that is not on this machine. `slots` is how many member forecasts one worker makes at once.
    `telemetry` is an OTLP/HTTP endpoint for traces; empty, none are made. `metaculus_token` is the key that Metaculus
    knows the reader of its questions by.
    """

    model_config = SettingsConfigDict(env_prefix="AUSPEX_", frozen=True, extra="ignore")

    store: Path = Field(default_factory=lambda: _data() / "store")
    database_url: str = Field(default_factory=lambda: str(_data() / "ledger.db"))
    cache: Path = Field(default_factory=lambda: user_cache_path("auspex", appauthor=False))
    models: Path | None = None
    budget_usd: float | None = Field(default=None, ge=0)
    real_calls: bool = True
    jobs_url: str = ""
    slots: int = Field(default=64, ge=1)
    telemetry: str = ""
    metaculus_token: str = ""

    @property
    def jobs_address(self) -> str:
        """`AUSPEX_JOBS_URL`, else the ledger's PostgreSQL, else `jobs.db` beside the ledger's file."""
        if self.jobs_url:
            return self.jobs_url
        if "://" in self.database_url:
            return self.database_url
        return f"sqlite:///{Path(self.database_url).with_name('jobs.db')}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values of environment variables that are named like secrets: never to be logged, recorded or shown."""
        named = (value for name, value in os.environ.items() if _SECRET_NAME.search(name.upper()))
        return tuple(sorted({value for value in named if len(value) >= _SHORTEST_SECRET}, key=len, reverse=True))


def read_settings() -> Settings:
    """The settings that the environment holds; raises BadInput naming the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = f"AUSPEX_{str(first['loc'][0]).upper()}"
        raise BadInput(f"{name}={first['input']!r} in the environment is wrong: {first['msg'].lower()}") from error
