"""How fast the service answers over a large ledger: `python -m tests.app.api.measure [QUESTIONS] [MEMBERS]`.

Prints one JSON object: p50 and p95 in milliseconds of the main requests, one after the other on one connection, with
the processor time that each took of the server; of each export the seconds, megabytes, and how far memory grew.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from db.ledger.ledger import Ledger
from tests.app.big_ledger import fill

ROOT = Path(__file__).resolve().parents[3]
REQUESTS = 100


@contextmanager
def serving(address: str) -> Iterator[tuple[str, int]]:
    """A server as a process of its own; yields its address and process id."""
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--no-auth", "--per-minute", "100000000"]
    environment = os.environ | {"AUSPEX_DATABASE_URL": address}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = next(found for line in process.stderr if (found := re.search(r"http://\S+", line)))
        try:
            httpx.get(f"{said.group()}/readyz", timeout=60)
            yield said.group(), process.pid
        finally:
            process.terminate()


def memory_mb(pid: int, which: str) -> float:
    """The server's memory (VmRSS), or the most that it ever had (VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{which}:\s+(\d+) kB", status)
    assert found is not None
    return int(found.group(1)) / 1024


def processor_ms(pid: int) -> float:
    """The processor time that the server has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def timed(client: httpx.Client, pid: int, path: str, n: int = REQUESTS, **options: Any) -> dict[str, float]:
    """p50 and p95 of `n` requests in milliseconds, after one that warms up."""
    assert client.get(path, **options).status_code in (200, 304)
    took, used = [], processor_ms(pid)
    for _ in range(n):
        begun = time.perf_counter()
        client.get(path, **options)
        took.append((time.perf_counter() - begun) * 1000)
    return {
        "p50_ms": round(statistics.median(took), 2),
        "p95_ms": round(statistics.quantiles(took, n=20)[18], 2),
        "processor_ms": round((processor_ms(pid) - used) / n, 2),
    }


def exported(client: httpx.Client, path: str, pid: int) -> dict[str, float]:
    """How long an export took, how large it is, and how far the server's memory grew meanwhile."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the most that it ever had is counted from here
    before, begun, size, first = memory_mb(pid, "VmRSS"), time.perf_counter(), 0, 0.0
    with client.stream("GET", path) as answer:
        for part in answer.iter_raw():
            first = first or time.perf_counter() - begun
            size += len(part)
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "first_byte_s": round(first, 3),
        "mb": round(size / 1e6, 1),
        "grew_mb": round(max(0.0, memory_mb(pid, "VmHWM") - before), 1),
    }


def measure(n_questions: int, n_members: int) -> dict[str, Any]:
    """Everything, over a ledger of that many questions and members."""
    with tempfile.TemporaryDirectory() as folder:
        address = str(Path(folder) / "ledger.db")
        with Ledger(address) as ledger:
            fill(ledger, n_questions, n_members)
            question_id = ledger.views.questions(limit=1).data[0].id
        with serving(address) as (url, pid), httpx.Client(base_url=url, timeout=600) as client:
            tag = {"If-None-Match": client.get("/v1/questions").headers["etag"]}
            found: dict[str, Any] = {
                "forecasts": n_questions * n_members,
                "healthz": timed(client, pid, "/healthz"),
                "questions": timed(client, pid, "/v1/questions"),
                "questions_unchanged_304": timed(client, pid, "/v1/questions", headers=tag),
                "questions_by_text": timed(client, pid, "/v1/questions?text=case%20777"),
                "question": timed(client, pid, f"/v1/questions/{question_id}"),
                "forecasts_page": timed(client, pid, "/v1/forecasts"),
                "forecasts_of_member": timed(client, pid, "/v1/forecasts?member=member-02"),
                "scores_page": timed(client, pid, "/v1/scores?member=member-02"),
                "runs": timed(client, pid, "/v1/runs"),
            }
            begun = time.perf_counter()
            client.get("/v1/leaderboard").raise_for_status()
            found["leaderboard_first_s"] = round(time.perf_counter() - begun, 2)
            found["leaderboard"] = timed(client, pid, "/v1/leaderboard", n=50)
            found["exports"] = {
                format: exported(client, f"/v1/exports/forecasts.{format}", pid)
                for format in ("jsonl", "json", "csv", "parquet")
            }
            return found


if __name__ == "__main__":
    sizes = [int(text) for text in sys.argv[1:3]] or [10_000, 10]
    sys.stdout.write(json.dumps(measure(*sizes), indent=2) + "\n")
