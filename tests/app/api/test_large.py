"""Files of many forecasts leave the server's memory as it is."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from db.ledger.ledger import Ledger
from tests.app.api.measure import exported, serving
from tests.app.big_ledger import fill


@pytest.mark.slow
def test_export_of_many_forecasts_takes_constant_memory(tmp_path: Path) -> None:
    address = str(tmp_path / "ledger.db")
    with Ledger(address) as ledger:
        fill(ledger, 10_000, 10)
    with serving(address) as (url, pid), httpx.Client(base_url=url, timeout=600) as client:
        for format in ("jsonl", "json", "csv", "parquet"):
            exported(
                client, f"/v1/exports/forecasts.{format}?member=climatology", pid
            )  # what is loaded once, is loaded
            found = exported(client, f"/v1/exports/forecasts.{format}", pid)
            assert found["grew_mb"] < 40, (format, found)
        assert found["mb"] > 1
