"""The formats that questions, forecasts and outcomes come from and go to, by name.

An importer is a function (ledger, file or address, ImportOptions) -> Transfer, an exporter (ledger, file,
ExportOptions) -> Transfer; both are resolved on use (`app.interchange.options`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from app.interchange.options import Exporter, Importer
from db.errors import UnknownName

IMPORTERS: dict[str, str] = {
    "questions": "app.interchange.own:import_questions",
    "forecasts": "app.interchange.own:import_forecasts",
    "resolutions": "app.interchange.own:import_resolutions",
    "forecastbench": "app.interchange.forecastbench.files:read",
    "metaculus": "app.interchange.metaculus.importing:read",
    "manifold": "app.interchange.manifold:read",
    "polymarket": "app.interchange.polymarket:read",
}
EXPORTERS: dict[str, str] = {
    "questions": "app.interchange.own:export_questions",
    "forecasts": "app.interchange.own:export_forecasts",
    "aggregates": "app.interchange.own:export_aggregates",
    "resolutions": "app.interchange.own:export_resolutions",
    "forecastbench": "app.interchange.forecastbench.files:write_forecasts",
    "forecastbench-questions": "app.interchange.forecastbench.files:write_questions",
    "metaculus": "app.interchange.metaculus.exporting:write",
}


def importer(format: str) -> Importer:
    """The importer of a format; raises UnknownName for one that there is none of."""
    found: Importer = _resolved(format, IMPORTERS)
    return found


def exporter(format: str) -> Exporter:
    """The exporter of a format; raises UnknownName for one that there is none of."""
    found: Exporter = _resolved(format, EXPORTERS)
    return found


def _resolved(format: str, table: dict[str, str]) -> Any:
    if format not in table:
        raise UnknownName(
            f"unknown format {format!r}: choose one of {', '.join(table)}", name=format, near=tuple(table)
        )
    module, _, attribute = table[format].partition(":")
    return getattr(import_module(module), attribute)
