"""Assistant: a person's own forecast, helped by questions, and what such help was worth."""

from __future__ import annotations

import streamlit as st

from app.ui import shell
from app.ui.parts import assistance, dialogue

_TABS = (":material/forum: Dialogue", ":material/analytics: What it did")


def show() -> None:
    """The page."""
    with shell.page("Assistant", "Forecast a question yourself: your own number, short questions, your number again."):
        held, report = st.tabs(_TABS)
        with held, shell.refusals():
            dialogue.show()
        with report, shell.refusals():
            assistance.show()


show()
