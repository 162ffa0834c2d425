# `make demo` shows the whole mechanism; `make test` proves it. `make help` lists the rest.
# Everything lives in .venv and var/ below this folder; nothing is installed elsewhere.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
# the first interpreter on PATH that runs and is 3.11 or 3.12; `make PYTHON=/path/to/python` chooses another
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1 && command -v $$p && break; done)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-18s %s\n", $$1, $$2}'

# The lock is complete, so nothing is resolved: --no-deps keeps pip from looking for newer extras.
# The marker is newer than lock and metadata when the environment holds just what they say.
.venv/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: found no Python 3.11 or 3.12 on PATH; install one or say make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --clear --no-python-downloads --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	  $(PYTHON) -m venv --clear .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

.PHONY: setup
setup: .venv/.installed ## create .venv from the hash-pinned lock (instant when it is up to date)

.PHONY: demo
demo: setup ## the whole mechanism once, on a real Airflow, then stop everything
	@$(BIN)/governance demo

.PHONY: up
up: setup ## the same, and leave everything running: Airflow's address and login are printed
	@$(BIN)/governance demo --keep

.PHONY: down
down: ## stop every process of `make up`
	@test ! -x $(BIN)/governance || $(BIN)/governance down

.PHONY: test
test: setup ## lint is apart; unit, contract and integration tests on both cores
	@$(BIN)/pytest -n auto -m "not e2e"

.PHONY: test-e2e
test-e2e: setup ## the slow ones: the demo twice, start to end; what docker-compose.yaml starts, by hand (needs redis-server)
	@$(BIN)/pytest -m e2e --timeout 900 -rs

.PHONY: lint
lint: setup ## formatting, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

.PHONY: lock
lock: setup ## bring requirements.lock in line with pyproject.toml, for Python 3.11 and 3.12; what is pinned stays
	@command -v uv >/dev/null 2>&1 || { echo "make: resolving needs uv" >&2; exit 1; }
	uv pip compile --universal --python-version 3.11 --generate-hashes --all-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml --output-file requirements.lock

.PHONY: bench-reconcile
bench-reconcile: setup ## reconciliation against a floor of one hash join; SIZES="10M:1k 10M:10k 10M:100k 50M:10k" WHOLE=10M:10k
	@$(BIN)/python tests/benchmarks/bench_reconcile.py

.PHONY: prove
prove: setup ## reconciliation against a brute-force matcher on thousands of random worlds; WORLDS=3000, minutes
	@WORLDS=$${WORLDS:-3000} $(BIN)/pytest -n auto --timeout 0 tests/unit/test_reconciliation_matches_brute_force.py

.PHONY: bench-stand-in
bench-stand-in: setup ## pages per second of the AWS stand-in; ACCOUNTS=10000 SECONDS=3
	@$(BIN)/python tests/benchmarks/bench_stand_in.py

.PHONY: bench-intake
bench-intake: setup ## intake against a floor of read-and-COPY; SIZES="10k 100k"
	@$(BIN)/python tests/benchmarks/bench_intake.py

.PHONY: bench-poll
bench-poll: setup ## a poll without news, over HTTP and over known files, and DAG parsing, in CPU seconds; FILES=10000 RUNS=5
	@$(BIN)/python tests/benchmarks/bench_poll.py

.PHONY: clean
clean: down ## remove .venv and everything written at run time
	@rm -rf .venv var dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
