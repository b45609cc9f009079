"""`auspex dev`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="For developers.")


@app.command("llm-server")
def llm_server(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8901,
    script: Annotated[Path | None, typer.Option(help="JSONL of replies for the model `script`.")] = None,
    latency_s: Annotated[float, typer.Option(help="Seconds that every reply takes.")] = 0.0,
    slots: Annotated[int | None, typer.Option(help="Replies at once; more wait.")] = None,
) -> None:
    """Serve a scripted model over the OpenAI protocol on this machine, well-behaved or not."""
    from app.commands import dev as command

    command.llm_server(port, script, latency_s, slots)
