"""`auspex ingest` and `auspex store`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from app.commands.places import open_store, store_path
from app.ingesting import Ingested, ingest_into
from app.output import emit_json, err, out, progress_bar
from app.settings import read_settings
from db.errors import BadInput
from db.events.exchange import Exchanged, pull, push
from db.events.files import files_of, object_address, writable
from db.events.store import quarantine as set_aside


def ingest(
    sources: list[str], store: Path | None, first_day: date | None, last_day: date | None, *, as_json: bool
) -> None:
    """Ingest every source and report the totals of all; exits with 1 if a file was refused."""
    if first_day and last_day and last_day < first_day:
        raise BadInput(f"the window {first_day}..{last_day} is empty: --to lies before --from")
    target = store_path(store)
    with progress_bar("ingest") as update:

        def show(done: int, total: int, rows: int) -> None:
            update(done, total, f"{rows:,} rows" if rows else "files fetched")

        done = ingest_into(
            sources, target, read_settings().cache, first_day=first_day, last_day=last_day, progress=show
        )
    _report(done, object_address(target) or str(target), as_json=as_json)


def _report(done: Ingested, place: str, *, as_json: bool) -> None:
    total = done.report
    if as_json:
        emit_json({**asdict(total), "store": place, "pushed": asdict(done.pushed) if done.pushed else None})
    else:
        out.print(
            f"{total.rows_read:,} rows read from {total.files} files in {total.seconds:.1f} s: "
            f"{total.rows_kept:,} kept, {total.rows_duplicate:,} already known, "
            f"{total.rows_filtered:,} filtered, {total.rows_rejected:,} rejected. Store: {done.folder}"
        )
        if total.gaps:
            out.print(f"{len(total.gaps)} slots are missing at the source, the first is {total.gaps[0]}")
        if total.rows_rejected:
            out.print(f"Rejected lines with their reasons: {done.folder / 'rejects.parquet'}")
        if done.pushed:
            _tell(done.pushed, place)
    for refusal in total.refused:
        err.print(f"refused: {refusal}")
    if total.refused:
        sys.exit(1)


def info(store: Path | None, *, as_json: bool) -> None:
    """What the store holds."""
    found = open_store(store)
    content: dict[str, Any] = asdict(found.info())
    if as_json:
        emit_json({**content, "store": found.address})
        return
    out.print(f"{content['events']:,} events in {len(content['months'])} months, {content['bytes']:,} bytes")
    out.print(f"added from {content['first_added_at']} to {content['last_added_at']}")
    out.print(f"fingerprint {content['fingerprint']}, store {found.address}")
    out.print("GDELT data: The GDELT Project, https://www.gdeltproject.org/", style="dim")


def verify(store: Path | None, *, quarantine: bool, as_json: bool) -> None:
    """Compare every byte with the manifest; exits with 1 if something is wrong and was not set aside."""
    place = store_path(store)
    files = files_of(place)
    manifest = files.manifest()
    problems = files.problems(manifest, deep=True)
    aside = set_aside(writable(place)) if quarantine and problems else []
    if as_json:
        emit_json({"ok": not problems, "problems": problems, "quarantined": aside})
    else:
        out.print("\n".join(problems) if problems else f"all {len(manifest.partitions)} months are whole")
        if aside:
            out.print(f"set aside: {', '.join(aside)}; ingest these months again")
    if problems and not aside:
        sys.exit(1)


def exchange(address: str, store: Path | None, *, upload: bool, as_json: bool) -> None:
    """Push the folder's store to object storage, or pull from there into the folder."""
    folder = store_path(store)
    with progress_bar("push" if upload else "pull") as update:
        done = push(folder, address, progress=update) if upload else pull(address, folder, progress=update)
    if as_json:
        emit_json({**asdict(done), "store": str(folder), "address": address})
    else:
        _tell(done, address if upload else str(folder))


def _tell(done: Exchanged, place: str) -> None:
    out.print(
        f"{len(done.uploaded)} months uploaded ({done.bytes_up:,} bytes), {len(done.copied)} taken over and "
        f"{len(done.merged)} merged ({done.bytes_down:,} bytes)"
    )
    out.print(f"{done.events:,} events, {done.added:,} of them new, fingerprint {done.fingerprint}, in {place}")
