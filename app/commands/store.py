"""`auspex ingest` and `auspex store`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from app.commands.places import open_store, store_path
from app.output import emit_json, err, out, progress_bar
from db.errors import BadInput
from db.events.icews import ingest_quads, is_quad_file
from db.events.manifest import read_manifest
from db.events.store import quarantine as set_aside
from db.gdelt.ingest import IngestReport, ingest_files
from db.gdelt.network import ingest_url


def ingest(
    sources: list[str], store: Path | None, first_day: date | None, last_day: date | None, *, as_json: bool
) -> None:
    """Ingest every source and report the totals of all; exits with 1 if a file was refused."""
    if first_day and last_day and last_day < first_day:
        raise BadInput(f"the window {first_day}..{last_day} is empty: --to lies before --from")
    target = store_path(store)
    urls = [source for source in sources if "://" in source]
    files = [Path(source) for source in sources if "://" not in source]
    quads = [file for file in files if is_quad_file(file)]
    reports: list[IngestReport] = []
    with progress_bar("ingest") as update:

        def show(done: int, total: int, rows: int) -> None:
            update(done, total, f"{rows:,} rows" if rows else "files fetched")

        for url in urls:
            reports.append(ingest_url(url, target, first_day=first_day, last_day=last_day, progress=show))
        for file in quads:
            reports.append(_as_report(file, target))
        if plain := [file for file in files if file not in quads]:
            reports.append(ingest_files(plain, target, first_day=first_day, last_day=last_day, progress=show))
    _report(_total(reports), target, as_json=as_json)


def _report(total: IngestReport, target: Path, *, as_json: bool) -> None:
    if as_json:
        emit_json({**asdict(total), "store": str(target)})
    else:
        out.print(
            f"{total.rows_read:,} rows read from {total.files} files in {total.seconds:.1f} s: "
            f"{total.rows_kept:,} kept, {total.rows_duplicate:,} already known, "
            f"{total.rows_filtered:,} filtered, {total.rows_rejected:,} rejected. Store: {target}"
        )
        if total.gaps:
            out.print(f"{len(total.gaps)} slots are missing at the source, the first is {total.gaps[0]}")
        if total.rows_rejected:
            out.print(f"Rejected lines with their reasons: {target / 'rejects.parquet'}")
    for refusal in total.refused:
        err.print(f"refused: {refusal}")
    if total.refused:
        sys.exit(1)


def _as_report(file: Path, store: Path) -> IngestReport:
    loaded = ingest_quads(file, store)
    return IngestReport(
        files=1,
        rows_read=loaded.rows_read,
        rows_kept=loaded.rows_kept,
        rows_duplicate=loaded.rows_duplicate,
        rows_rejected=loaded.rows_rejected,
        months=list(loaded.months),
        seconds=loaded.seconds,
    )


def _total(reports: list[IngestReport]) -> IngestReport:
    total = IngestReport()
    for report in reports:
        for name in ("files", "rows_read", "rows_kept", "rows_duplicate", "rows_filtered", "rows_rejected"):
            setattr(total, name, getattr(total, name) + getattr(report, name))
        total.gaps += report.gaps
        total.refused += report.refused
        total.months = sorted({*total.months, *report.months})
        total.seconds += report.seconds
        total.peak_rss_mb = max(total.peak_rss_mb, report.peak_rss_mb)
    return total


def info(store: Path | None, *, as_json: bool) -> None:
    """What the store holds."""
    found = open_store(store)
    content: dict[str, Any] = asdict(found.info())
    if as_json:
        emit_json({**content, "store": str(found.path)})
        return
    out.print(f"{content['events']:,} events in {len(content['months'])} months, {content['bytes']:,} bytes")
    out.print(f"added from {content['first_added_at']} to {content['last_added_at']}")
    out.print(f"fingerprint {content['fingerprint']}, store {found.path}")
    out.print("GDELT data: The GDELT Project, https://www.gdeltproject.org/", style="dim")


def verify(store: Path | None, *, quarantine: bool, as_json: bool) -> None:
    """Compare every byte with the manifest; exits with 1 if something is wrong and was not set aside."""
    from db.events.manifest import problem_of

    path = store_path(store).resolve()
    parts = sorted(read_manifest(path).partitions.values(), key=lambda part: part.month)
    problems = [problem for part in parts if (problem := problem_of(path, part, deep=True))]
    aside = set_aside(path) if quarantine and problems else []
    if as_json:
        emit_json({"ok": not problems, "problems": problems, "quarantined": aside})
    else:
        out.print("\n".join(problems) if problems else f"all {len(parts)} months are whole")
        if aside:
            out.print(f"set aside: {', '.join(aside)}; ingest these months again")
    if problems and not aside:
        sys.exit(1)
