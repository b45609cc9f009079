"""Starts the desk's server: `python -m app.ui.launch`, with Streamlit's options; `auspex ui` calls it.

`python -m streamlit run app/ui/main.py` does as well, but loads libraries when the first reader comes, and takes the
first address below the root for a page without its navigation: Streamlit's older way with a folder named `pages`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from threading import Thread

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

_LOADED_FIRST = ("altair", "pandas", "pyarrow", "sqlalchemy.dialects.sqlite", "db.events.store", "db.ledger.ledger")
"""What the first page needs, and takes seconds to load."""
_LOADED_MEANWHILE = "app.jobs.engine"
"""What is needed once something is asked or scheduled."""


def main(options: Sequence[str]) -> None:
    """Serve until told to end; `options` are those of `streamlit run`."""
    PagesManager.uses_pages_directory = False
    for name in _LOADED_FIRST:
        import_module(name)
    Thread(target=import_module, args=(_LOADED_MEANWHILE,), daemon=True).start()
    sys.argv = ["streamlit", "run", str(files("app.ui").joinpath("main.py")), *options]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
