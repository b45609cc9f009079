"""Whether readers have to sign in."""

from __future__ import annotations

import streamlit as st


def is_demanded() -> bool:
    """Whether `[auth]` in `.streamlit/secrets.toml`, here or in one's home folder, names who may vouch for readers."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets
