"""The same events again in other months: larger data of the same kind, for measuring growth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from db.errors import BadInput
from db.gdelt.files import find_event_files, spool
from db.gdelt.layout import LAYOUTS

_TYPES = {"GLOBALEVENTID": "BIGINT", "SQLDATE": "DATE", "DATEADDED": "TIMESTAMP"}


def replicate(paths: Sequence[Path], folder: Path, times: int) -> list[Path]:
    """Write the 61-column events at `paths` `times` over, each copy a month earlier and with ids of its own.

    Returns the files, zstd-compressed, one a copy. Raises BadInput if there are no 61-column files.
    """
    plain_folder = folder / "plain"
    plain_folder.mkdir(parents=True)
    plains = spool(find_event_files(paths), plain_folder)[0].get(61)
    if not plains:
        raise BadInput("only events of GDELT 2.0 (61 columns) can be replicated")
    types = ", ".join(f"'{name}': '{_TYPES.get(name, 'VARCHAR')}'" for name in LAYOUTS[61])
    shifted = {
        "GLOBALEVENTID": "GLOBALEVENTID + $copy * 10000000000",
        "SQLDATE": "strftime(SQLDATE - to_days(31 * $copy), '%Y%m%d')",
        "DATEADDED": "strftime(DATEADDED - to_days(31 * $copy), '%Y%m%d%H%M%S')",
    }
    columns = ", ".join(shifted.get(name, name) for name in LAYOUTS[61])
    files = []
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET enable_progress_bar = false")
        for copy in range(times):
            file = folder / f"copy{copy:02d}.export.csv.zst"
            connection.execute(
                f"COPY (SELECT {columns.replace('$copy', str(copy))} FROM read_csv(?, columns = {{{types}}}, "
                "delim = '\t', quote = '', escape = '', header = false, auto_detect = false, nullstr = '', "
                f"dateformat = '%Y%m%d', timestampformat = '%Y%m%d%H%M%S')) TO '{file}' "
                "(FORMAT csv, DELIMITER '\t', QUOTE '', ESCAPE '', HEADER false, COMPRESSION zstd)",
                [[str(plain.path) for plain in plains]],
            )
            files.append(file)
    for plain in plains:
        plain.path.unlink()
    return files
