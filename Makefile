# Everything a newcomer needs; each target does its own set-up. `make setup` needs python3 (3.11+) and nothing else.
UV := .venv/bin/uv
RUN := $(UV) run --frozen --quiet

.PHONY: setup demo ui test test-all check bench

setup: .venv/.synced

.venv/.synced: pyproject.toml uv.lock .ci/get_uv.py
	python3 .ci/get_uv.py
	$(UV) sync --frozen --quiet
	@touch $@

demo: setup
	@$(RUN) auspex demo

ui: setup
	@$(RUN) auspex ui

test: setup
	$(RUN) pytest -n auto -m "not slow and not browser"

test-all: setup
	$(RUN) pytest -n auto

check: setup
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports

bench: setup
	$(RUN) auspex bench speed
