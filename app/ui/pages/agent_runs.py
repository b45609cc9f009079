"""Agents: how language-model agents did in benchmarks, and what each of them did step by step."""

from __future__ import annotations

import streamlit as st

from app.ui import shell
from app.ui.parts import benchmark, traces

_TABS = (":material/leaderboard: Benchmark", ":material/footprint: Traces")


def show() -> None:
    """The page."""
    with shell.page("Agents", "How agents that use tools did beside plain counting, and every step they took."):
        results, steps = st.tabs(_TABS)
        with results, shell.refusals():
            benchmark.show()
        with steps, shell.refusals():
            traces.show()


show()
