# Every target makes its own .venv when there is none: nothing but Python is needed beforehand.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
LOCK_FLAGS := --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header

.PHONY: demo test check format bench lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    a terminal chat with Clew and a simulated tenant, no account anywhere"
	@echo "make test    the whole test suite"
	@echo "make check   format, lint, types, import rules, links"
	@echo "make bench   speed and memory, as ratios measured side by side"
	@echo "make format  rewrite the code in the project's format"
	@echo "make lock    write the lock files anew from pyproject.toml"

# The marker is made last, so an interrupted install is done again.
.venv/ready: requirements-dev.lock .ci/uv.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/uv.lock; then \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . ; \
	else \
	  echo "uv could not be installed; pip does it, which takes longer" && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ; \
	fi
	@touch $@

demo: .venv/ready
	@$(BIN)/clew demo

test: .venv/ready
	@$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term:skip-covered

check: .venv/ready
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tests.links

format: .venv/ready
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/ready
	@$(BIN)/python -m tests.bench

lock:
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --extra postgresql pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --extra postgresql --extra dev pyproject.toml -o requirements-dev.lock
	@echo "uv==0.13.9" | $(BIN)/uv pip compile $(LOCK_FLAGS) - -o .ci/uv.lock

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage
