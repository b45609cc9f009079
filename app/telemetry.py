"""Traces to an OTLP/HTTP endpoint, where `AUSPEX_TELEMETRY` names one; off otherwise, and then nothing is loaded."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from urllib.parse import urlsplit, urlunsplit

from app.settings import Settings
from db.errors import BadInput

_PATH = "/v1/traces"


def start_telemetry(settings: Settings) -> None:
    """Send this process's spans to `settings.telemetry` from now on; what is left is sent when the process ends.

    Does nothing where the setting is empty, or a second time. Raises BadInput for an address that is none, and where
    the extra `telemetry` is missing.
    """
    if not settings.telemetry:
        return
    endpoint = _endpoint(settings.telemetry)
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        raise BadInput("AUSPEX_TELEMETRY needs the extra `telemetry`: pip install 'auspex[telemetry]'")
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    resource = Resource.create({"service.name": "auspex", "service.version": version("auspex")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)


def _endpoint(address: str) -> str:
    """The address that traces go to: OTLP's own path where only a host is given."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadInput(f"AUSPEX_TELEMETRY={address!r} is no OTLP/HTTP address: write http://host:4318")
    return urlunsplit(parts._replace(path=_PATH)) if parts.path in ("", "/") else address
