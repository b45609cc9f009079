"""`auspex dev`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from app.dev.faults import models
from app.dev.llm_server import listening, serve, url_of
from app.dev.script_file import read_script
from app.dev.state import State
from app.output import err
from db.errors import BadInput

SCRIPTED_MODEL = "script"
"""The model that gives the replies of a script."""

_USAGE = """\
Listening on {url} until Ctrl-C; {counts} tells what was asked. In models.yaml:

model_list:
  - model_name: scripted
    litellm_params: {{model: openai/scripted, api_base: "{url}", api_key: unused}}

What follows openai/ chooses what it does: {models}; fault- and flaky- take any HTTP status from 400 on."""


def llm_server(port: int, script: Path | None, latency_s: float, slots: int | None) -> None:
    """Serve until Ctrl-C, having said on standard error where and how to use it.

    Raises BadInput for a port that is taken, a script that cannot be used, and a latency or slots out of range.
    """
    if latency_s < 0 or (slots is not None and slots < 1):
        raise BadInput(f"--latency-s {latency_s:g} and --slots {slots} must be at least 0 and 1")
    state, names = State(), models()
    if script is not None:
        state.script(SCRIPTED_MODEL, read_script(script), repeat_last=True)
        names = [SCRIPTED_MODEL, *names]
    with listening(port) as listener:
        url = url_of(listener.getsockname()[1])
        usage = _USAGE.format(url=url, counts=f"{url.removesuffix('/v1')}/counts", models=", ".join(names))
        err.print(usage, highlight=False, soft_wrap=True)
        with suppress(KeyboardInterrupt):
            serve(listener, state=state, latency_s=latency_s, slots=slots)
