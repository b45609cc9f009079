"""The desk in a browser: `auspex ui`, or `python -m streamlit run app/ui/main.py`. Its pages lie in `pages/`."""

from __future__ import annotations

from importlib.resources import files

import streamlit as st

from app.ui import shell

# By section: file, title, icon. The first is where one lands. (Comments, not docstrings: Streamlit may print these.)
PAGES = {
    "Forecast": [
        ("desk", "Desk", ":material/edit_note:"),
        ("questions", "Questions", ":material/list_alt:"),
        ("track_record", "Track record", ":material/monitoring:"),
    ],
    "Look": [
        ("world", "World", ":material/public:"),
        ("crowd", "Crowd", ":material/groups:"),
        ("assistant", "Assistant", ":material/forum:"),
        ("agent_runs", "Agents", ":material/account_tree:"),
    ],
    "Run": [
        ("jobs", "Jobs", ":material/work_history:"),
        ("models", "Models", ":material/memory:"),
        ("export", "Export", ":material/download:"),
    ],
}
_SIDEBAR_PX = 224


def main() -> None:
    """Show the page that was asked for."""
    # A picture of our own: Streamlit fetches an icon by name from Google.
    picture = str(files("app.ui").joinpath("icon.svg"))
    st.set_page_config(page_title="Auspex", page_icon=picture, layout="wide", initial_sidebar_state=_SIDEBAR_PX)
    shell.dress()
    shell.gate()
    pages = {
        section: [
            st.Page(f"pages/{file}.py", title=title, icon=icon, url_path=file, default=file == "desk")
            for file, title, icon in found
        ]
        for section, found in PAGES.items()
    }
    st.navigation(pages).run()


main()
