"""The columns of a stored event, as every partition and the staging table hold them."""

from __future__ import annotations

COLUMNS: dict[str, str] = {
    "event_id": "BIGINT",
    "event_date": "DATE",
    "added_at": "TIMESTAMP",  # UTC: when the row became known
    "actor1": "VARCHAR",  # ISO 3166 alpha-3, null for regions and unknown countries
    "actor2": "VARCHAR",
    "actor1_code": "VARCHAR",  # the full CAMEO actor code
    "actor2_code": "VARCHAR",
    "code": "VARCHAR",  # CAMEO event code, 2 to 4 characters
    "goldstein": "FLOAT",
    "mentions": "INTEGER",  # null where the source counts none
    "sources": "INTEGER",
    "articles": "INTEGER",
    "tone": "FLOAT",
    "place": "VARCHAR",  # ISO 3166 alpha-3 of where it happened
    "latitude": "FLOAT",
    "longitude": "FLOAT",
    "same_day": "BOOLEAN",  # reported on the day it happened
    "url": "VARCHAR",
}


def table_sql(name: str) -> str:
    """`CREATE TABLE name` for rows of these columns, plus `aligned`, which a partition adds."""
    columns = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
    return f"CREATE TABLE {name} ({columns}, aligned BOOLEAN)"
