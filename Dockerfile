FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap make && rm -rf /var/lib/apt/lists/*
WORKDIR /auspex
COPY . .
RUN make setup
ENV AUSPEX_STORE=/data/store AUSPEX_DATABASE_URL=/data/ledger.db AUSPEX_CACHE=/data/cache
VOLUME /data
ENTRYPOINT [".venv/bin/auspex"]
