"""Crowd: which rule pools the members now, how the rules compare, how members lean, and what they say of each other."""

from __future__ import annotations

import streamlit as st

from app.ui import shell
from app.ui.parts import pooling, reviewing

_TABS = (":material/join: Pooling", ":material/rate_review: Peer review")


def show() -> None:
    """The page."""
    with shell.page("Crowd", "How the members' answers are pooled, and what they think of each other's reasons."):
        pool, review = st.tabs(_TABS)
        with pool, shell.refusals():
            pooling.show()
        with review, shell.refusals():
            reviewing.show()


show()
