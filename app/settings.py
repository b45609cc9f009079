"""Where things are kept: the one place that reads the environment."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_cache_path, user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _data() -> Path:
    return user_data_path("auspex", appauthor=False) / "auspex-data"


class Settings(BaseSettings):
    """Settings from `AUSPEX_STORE`, `AUSPEX_DATABASE_URL` and `AUSPEX_CACHE`, else folders of the user's."""

    model_config = SettingsConfigDict(env_prefix="AUSPEX_", frozen=True, extra="ignore")

    store: Path = Field(default_factory=lambda: _data() / "store")
    database_url: str = Field(default_factory=lambda: str(_data() / "ledger.db"))
    cache: Path = Field(default_factory=lambda: user_cache_path("auspex", appauthor=False))
