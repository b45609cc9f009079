"""Events from anywhere into the store: GDELT lists by address, GDELT files and folders, quad sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import xxhash

from db.events.exchange import Exchanged, push
from db.events.files import object_address
from db.events.icews import ingest_quads, is_quad_file
from db.events.manifest import NAME
from db.events.object_storage import Bucket
from db.gdelt.ingest import IngestReport, Progress, ingest_files
from db.gdelt.network import ingest_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What an ingest took into `folder`, and what of it was new where that was pushed to."""

    report: IngestReport
    folder: Path
    pushed: Exchanged | None = None


def ingest_into(
    sources: Sequence[str],
    store: Path,
    cache: Path,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    progress: Progress | None = None,
) -> Ingested:
    """Ingest every source into a store: a folder, or object storage by way of a working folder under `cache`.

    The working folder is pushed even if nothing was new to it: the push before may have failed. Raises as
    `ingest_sources` and `push` do.
    """
    address = object_address(store)
    folder = store if address is None else working_folder(address, cache)
    report = ingest_sources(sources, folder, first_day=first_day, last_day=last_day, progress=progress)
    filled = address is not None and (folder / NAME).exists()
    return Ingested(report=report, folder=folder, pushed=push(folder, address) if address and filled else None)


def working_folder(address: str, cache: Path) -> Path:
    """Where events are ingested for a store on object storage, kept between ingests; one for each storage and address.

    Raises BadInput for an address that is none, and StoreError without the extra `s3`: before anything is fetched.
    """
    bucket = Bucket(address)
    apart = xxhash.xxh3_64_hexdigest(f"{bucket.endpoint} {bucket.address}".encode())
    return cache / "stores" / f"{bucket.name}-{apart}"


def ingest_sources(
    sources: Sequence[str],
    store: Path,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Ingest addresses, then quad sets, then files and folders of GDELT; returns the totals of all.

    `progress` is called with (files done, files in all, rows read), anew for each address. Raises as `ingest_url` and
    `ingest_files` do.
    """
    files = [Path(source) for source in sources if "://" not in source]
    quads = [file for file in files if is_quad_file(file)]
    reports = [
        ingest_url(source, store, first_day=first_day, last_day=last_day, progress=progress)
        for source in sources
        if "://" in source
    ]
    reports += [_of_quads(file, store) for file in quads]
    if plain := [file for file in files if file not in quads]:
        reports.append(ingest_files(plain, store, first_day=first_day, last_day=last_day, progress=progress))
    return _total(reports)


def _of_quads(file: Path, store: Path) -> IngestReport:
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


def _total(reports: Sequence[IngestReport]) -> IngestReport:
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
