# Built in two steps: the second has the environment and nothing that built it.
FROM python:3.11.14-slim-bookworm AS build
COPY .ci/uv.txt /tmp/uv.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/uv.txt
WORKDIR /auspex
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project --extra auth --extra s3 --extra telemetry
COPY app app
COPY agents agents
COPY tools tools
COPY db db
COPY ensembles ensembles
RUN uv sync --frozen --no-dev --no-editable --extra auth --extra s3 --extra telemetry

FROM python:3.11.14-slim-bookworm
# bubblewrap: the sandbox; postgresql-client: backups of a ledger in PostgreSQL 15
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /home/auspex auspex \
    && install -d -o auspex -g auspex /data
COPY --from=build /auspex/.venv /auspex/.venv
ENV PATH=/auspex/.venv/bin:$PATH PYTHONUNBUFFERED=1 \
    AUSPEX_STORE=/data/store AUSPEX_DATABASE_URL=/data/ledger.db AUSPEX_CACHE=/data/cache
USER auspex
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
ENTRYPOINT ["auspex"]
CMD ["serve", "--host", "0.0.0.0"]
