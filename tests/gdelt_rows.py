"""Rows of GDELT files for tests, written as the real ones are."""

from __future__ import annotations

import zipfile
from pathlib import Path

from db.gdelt.layout import LAYOUTS


def row(number: int, *, columns: int = 61, **changes: str) -> str:
    """One valid event row, China threatening Taiwan on 2025-05-20, with some fields changed."""
    fields = dict.fromkeys(LAYOUTS[columns], "")
    fields |= {
        "GLOBALEVENTID": str(number),
        "SQLDATE": "20250520",
        "Actor1Code": "CHNGOV",
        "Actor1CountryCode": "CHN",
        "Actor2Code": "TWN",
        "Actor2CountryCode": "TWN",
        "EventCode": "130",
        "GoldsteinScale": "-4.4",
        "NumMentions": "10",
        "NumSources": "1",
        "NumArticles": "10",
        "AvgTone": "-2.5",
        "ActionGeo_CountryCode": "TW",
        "ActionGeo_Lat": "25.0",
        "ActionGeo_Long": "121.5",
        "DATEADDED": "20250520121500" if columns == 61 else "20250520",
    }
    if "SOURCEURL" in fields:
        fields["SOURCEURL"] = f"https://news.example/{number}"
    fields |= changes
    return "\t".join(fields.values())


def write_csv(path: Path, lines: list[str]) -> Path:
    """An event file of these lines."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    """An archive of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path
