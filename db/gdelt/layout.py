"""The column layouts of GDELT event files: 61 columns (2.0), 58 (1.0 daily) and 57 (1.0 back-files, no URL).

Source: GDELT Event Codebook 1.03 and 2.0. Only the columns in `WANTED` are ever read.
"""

from __future__ import annotations

_ACTOR = (
    *("Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode"),
    *("Religion1Code", "Religion2Code", "Type1Code", "Type2Code", "Type3Code"),
)
_GEO_1 = ["Type", "FullName", "CountryCode", "ADM1Code", "Lat", "Long", "FeatureID"]
_GEO_2 = ["Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID"]


def _columns(geo: list[str]) -> tuple[str, ...]:
    return (
        *("GLOBALEVENTID", "SQLDATE", "MonthYear", "Year", "FractionDate"),
        *(f"Actor{n}{part}" for n in (1, 2) for part in _ACTOR),
        *("IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale"),
        *("NumMentions", "NumSources", "NumArticles", "AvgTone"),
        *(f"{place}Geo_{part}" for place in ("Actor1", "Actor2", "Action") for part in geo),
        "DATEADDED",
    )


LAYOUTS: dict[int, tuple[str, ...]] = {
    61: (*_columns(_GEO_2), "SOURCEURL"),
    58: (*_columns(_GEO_1), "SOURCEURL"),
    57: _columns(_GEO_1),
}
"""Number of columns -> their names, in file order."""

WANTED: dict[str, str] = {
    "GLOBALEVENTID": "BIGINT",
    "SQLDATE": "DATE",
    "Actor1Code": "VARCHAR",
    "Actor1CountryCode": "VARCHAR",
    "Actor2Code": "VARCHAR",
    "Actor2CountryCode": "VARCHAR",
    "EventCode": "VARCHAR",
    "GoldsteinScale": "FLOAT",
    "NumMentions": "INTEGER",
    "NumSources": "INTEGER",
    "NumArticles": "INTEGER",
    "AvgTone": "FLOAT",
    "ActionGeo_CountryCode": "VARCHAR",
    "ActionGeo_Lat": "FLOAT",
    "ActionGeo_Long": "FLOAT",
    "DATEADDED": "TIMESTAMP",  # a date only in the files of GDELT 1.0
    "SOURCEURL": "VARCHAR",
}
"""The columns that Auspex reads, and the DuckDB type each is read as."""


def read_csv_sql(columns: int, compression: str = "none") -> str:
    """The `read_csv(?)` call for files of that many columns; the parameter is the list of paths.

    Nothing is guessed and nothing is quoted: a quote in a GDELT field is a character like any other.
    """
    wanted = WANTED if columns == 61 else {**WANTED, "DATEADDED": "DATE"}
    types = ", ".join(f"'{name}': '{wanted.get(name, 'VARCHAR')}'" for name in LAYOUTS[columns])
    return (
        f"read_csv(?, columns = {{{types}}}, delim = '\t', quote = '', escape = '', header = false, "
        "auto_detect = false, nullstr = '', new_line = '\\n', dateformat = '%Y%m%d', "
        f"timestampformat = '%Y%m%d%H%M%S', compression = '{compression}')"
    )
