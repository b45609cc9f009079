"""The schema of the service: OpenAPI 3.1, complete without any page of others."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from app.api.problems import Mistake, Problem

_ABOUT = """Questions, forecasts, outcomes and scores of an Auspex desk.

Every request under `/v1` takes an API key as `Authorization: Bearer auspex_…` with one of the scopes read, forecast and
admin, of which each may do what those before it may. Lists come in pages: give `next_cursor` as `cursor`. Answers carry
an `ETag`: give it as `If-None-Match` and what has not changed is answered 304. A POST with an `Idempotency-Key` is done
once, however often it is sent. Long work is answered 202 with the `Location` of its job. What goes wrong is
`application/problem+json` (RFC 9457). Moments are RFC 3339, in UTC."""
_TAGS = {
    "questions": "What is asked, and what came of it.",
    "forecasts": "What members and the crowd said.",
    "scores": "How good it was.",
    "jobs": "Long work, done by workers.",
    "schedules": "Jobs at set times.",
    "models": "Language models that are configured.",
    "exports": "Records as files.",
    "api keys": "Who may use the service.",
    "webhooks": "Who is told of what happens.",
    "health": "Whether the service lives.",
}


def describe(app: FastAPI) -> None:
    """Have `app` give its schema, made when it is first asked for."""

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app)
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]  # how FastAPI has it changed


def _schema(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title="Auspex",
        version=version("auspex"),
        summary="A forecasting desk",
        description=_ABOUT,
        openapi_version="3.1.0",
        routes=app.routes,
        tags=[{"name": name, "description": about} for name, about in _TAGS.items()],
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    _, problems = models_json_schema(
        [(Problem, "serialization"), (Mistake, "serialization")], ref_template="#/components/schemas/{model}"
    )
    found["components"]["schemas"] |= problems["$defs"]
    for component in found["components"]["schemas"].values():
        _demand_kind(component)
    return found


def _demand_kind(component: dict[str, Any]) -> None:
    """A record that is told from others by its `kind` has to say it, though its class has it by default."""
    if "const" in component.get("properties", {}).get("kind", {}):
        component["required"] = list(dict.fromkeys(["kind", *component.get("required", [])]))
