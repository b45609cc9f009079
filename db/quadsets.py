"""Quad sets for benchmarks: any Parquet file with columns day, subj_country, obj_country, cameo, as arrays."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

import db.cameo as cameo
from db.errors import BadInput
from db.events.quads import Quads

REQUIRED = ("day", "subj_country", "obj_country", "cameo")


def read_quads(path: Path) -> tuple[Quads, int]:
    """The distinct (day, subject, object, base code) of a file, both countries present and different.

    Returns them with the number of rows left out because CAMEO does not know their code. Raises BadInput if the file
    cannot be read or lacks a column.
    """
    if not path.is_file():
        raise BadInput(f"data file {path} does not exist: give a Parquet file with columns {', '.join(REQUIRED)}")
    with duckdb.connect() as connection:
        try:
            names = {row[0] for row in connection.execute("DESCRIBE FROM read_parquet(?)", [str(path)]).fetchall()}
            if missing := [name for name in REQUIRED if name not in names]:
                raise BadInput(f"{path} lacks the columns {', '.join(missing)}: a quad set has {', '.join(REQUIRED)}")
            arrays = connection.execute(
                "SELECT DISTINCT day::DATE - DATE '1970-01-01' AS day, subj_country::VARCHAR AS subject, "
                "obj_country::VARCHAR AS object, left(cameo::VARCHAR, 3) AS code FROM read_parquet(?) "
                "WHERE day IS NOT NULL AND subj_country <> obj_country AND length(cameo::VARCHAR) >= 3 "
                "ORDER BY day, subject, object, code",
                [str(path)],
            ).fetchnumpy()
        except duckdb.Error as error:
            raise BadInput(f"{path} cannot be read as a quad set: {str(error).splitlines()[0]}") from error
    codes = np.array(cameo.base_codes())
    known = np.isin(arrays["code"].astype(str), codes)
    column = {name: values[known] for name, values in arrays.items()}
    n = int(known.sum())
    if not n:
        raise BadInput(f"{path} holds no event between two different countries")
    both = np.concatenate([column["subject"].astype(str), column["object"].astype(str)])
    countries, position = np.unique(both, return_inverse=True)
    quads = Quads(
        day=column["day"].astype(np.int32),
        subject=position[:n].astype(np.int16),
        object=position[n:].astype(np.int16),
        code=np.searchsorted(codes, column["code"].astype(str)).astype(np.int16),
        mentions=np.ones(n, dtype=np.float32),
        countries=tuple(map(str, countries)),
        codes=tuple(map(str, codes)),
    )
    return quads, int((~known).sum())
