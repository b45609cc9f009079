"""The desk over HTTP: REST under /v1, described by OpenAPI (FastAPI)."""
