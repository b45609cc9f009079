"""`auspex import` and `auspex export`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime

from app.commands.places import open_ledger
from app.interchange.options import ExportOptions, ImportOptions
from app.interchange.registry import exporter, importer
from app.interchange.transfer import Transfer
from app.output import emit_json, err, out, progress_bar
from app.settings import read_settings
from db.errors import BadInput

_REASONS = 10
"""Different reasons for skipping that are shown on the screen; `--json` has every row."""


def import_file(
    format: str,
    source: str,
    ledger: str | None,
    *,
    member: str,
    limit: int,
    accept_terms: bool,
    as_recorded: bool,
    as_json: bool,
) -> None:
    """Take what a file or address holds into the ledger; raises BadInput for `as_recorded` of others than forecasts."""
    take = importer(format)
    if as_recorded and format != "forecasts":
        raise BadInput(f"--as-recorded goes with forecasts only: leave it out for {format}")
    with open_ledger(ledger) as book, progress_bar(f"import {format}") as update:
        options = ImportOptions(
            now=datetime.now(UTC),
            member=member,
            limit=limit,
            accept_terms=accept_terms,
            as_recorded=as_recorded,
            token=read_settings().metaculus_token,
            progress=update,
        )
        done = take(book, source, options)
    _report(done, as_json=as_json)
    if len(done.skipped) >= done.read > 0:
        sys.exit(1)  # nothing of it could be used: a script should notice
    if not as_json:
        out.print("Next: auspex questions list", style="dim")


def export_file(format: str, target: str, ledger: str | None, options: ExportOptions, *, as_json: bool) -> None:
    """Write what the ledger holds to a file. `options` come without a progress."""
    write = exporter(format)
    with open_ledger(ledger) as book, progress_bar(f"export {format}") as update:
        done = write(book, target, options.showing(update))
    _report(done, as_json=as_json)


def _report(done: Transfer, *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "read": done.read,
                "written": done.written,
                "new": done.new,
                "file": done.file or None,
                "skipped": [asdict(item) for item in done.skipped],
            }
        )
        return
    what = ", ".join(f"{n} {kind}" for kind, n in done.new.items()) or "nothing"
    where = f" to {done.file}" if done.file else ""
    out.print(f"{done.read} read; written{where}: {what}.", highlight=False)
    reasons = Counter(item.reason for item in done.skipped)
    for reason, n in reasons.most_common(_REASONS):
        first = next(item.id for item in done.skipped if item.reason == reason)
        err.print(f"skipped {n}: {reason} (first: {first})", highlight=False)
    if len(reasons) > _REASONS:
        err.print(f"and {len(reasons) - _REASONS} other reasons: --json lists every row", highlight=False)
