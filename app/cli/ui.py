"""`auspex ui`."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
    to_anyone: Annotated[
        bool, typer.Option("--open", help="Let in whoever can reach --host, without signing in.")
    ] = False,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Run a worker for its jobs beside it.")] = True,
) -> None:
    """Show the desk in a browser, and run its jobs; where nothing is kept yet, with the demo's synthetic world."""
    from app.commands import ui as command

    command.run(host, port, headless=headless, worker=worker, to_anyone=to_anyone)
