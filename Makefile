# Every target makes its own .venv when there is none: nothing but Python is needed beforehand.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
LOCK_FLAGS := --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header

.PHONY: demo test check format generate bench soak lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    a terminal chat with Clew and two simulated platforms, no account anywhere"
	@echo "make test    the whole test suite"
	@echo "make check   format, lint, types, import rules, links"
	@echo "make bench   speed and memory, as ratios measured side by side"
	@echo "make soak    the long proofs: hours of kills and broken networks, in which nothing is lost or doubled"
	@echo "make format  rewrite the code in the project's format"
	@echo "make generate  write the README's tables, .env.example and Slack's manifest anew"
	@echo "make lock    write the lock files anew from pyproject.toml"

# uv installs in seconds what takes pip more than a minute; where uv cannot work, pip does it all the same.
# Companies often have their own root certificate, so uv is told to trust what the system trusts.
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
UV := $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python
HERE := --no-deps --no-build-isolation --editable .

# The marker is made last, so an interrupted install is done again.
.venv/ready: requirements-dev.lock .ci/uv.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@{ $(PIP) install --require-hashes -r .ci/uv.lock && $(UV) --require-hashes -r requirements-dev.lock && $(UV) $(HERE); } || \
	  { echo "uv could not do it; pip installs instead, which takes longer" && \
	  $(PIP) install --require-hashes -r requirements-dev.lock && $(PIP) install $(HERE); }
	@touch $@

demo: .venv/ready
	@$(BIN)/clew demo

# Counting branches doubles the time, so only CI does it, and fails below the bound in pyproject.toml.
COVERAGE := $(if $(CI),--cov --cov-report=term:skip-covered)

test: .venv/ready
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(COVERAGE)

check: .venv/ready
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tests.links

format: .venv/ready
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: .venv/ready
	@$(BIN)/python -m tests.generated

bench: .venv/ready
	@$(BIN)/python -m tests.bench

soak: .venv/ready
	@$(BIN)/python -m tests.soak

lock:
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --extra postgresql --extra mcp --extra otel pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --extra postgresql --extra mcp --extra otel --extra dev pyproject.toml -o requirements-dev.lock
	@echo "uv==0.13.9" | $(BIN)/uv pip compile $(LOCK_FLAGS) - -o .ci/uv.lock

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage
