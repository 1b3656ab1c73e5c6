# Everything a person or a pipeline does here. Python 3.11 or newer and make are enough for `make serve` and `make test`;
# `make types`, `make static` and `make test-clients` also need Node, the last one Chromium too, and say so.

PYTHON ?= python3
# More arguments for the command behind a target: `make serve ARGS="--port 9000"`, `make test ARGS="tests/db -x"`.
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
LOCKS := requirements/runtime.lock requirements/build.lock requirements/dev.lock
# --no-config and the --no-emit flags keep one computer's mirrors out of the files; the existing file is the preference,
# so that a release made elsewhere changes nothing here until somebody asks for it (ARGS=--upgrade).
COMPILE := $(BIN)/uv pip compile --quiet --system-certs --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links
# A release of pyright is pinned by the lock; without this it asks the network for a newer one and prints a warning.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help install serve worker migrate test test-clients node-and-chromium stress evaluate check lock lock-check lint fmt types sdl \
	sdl-check wheel static

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

## Running

install: $(VENV)/.runtime ## Make .venv from the hashed lock, with the project in it

serve: install ## Install, migrate, seed, and serve GraphiQL at http://127.0.0.1:8000/graphql
	$(BIN)/vidwiz migrate
	$(BIN)/vidwiz seed
	$(BIN)/vidwiz serve $(ARGS)

worker: install ## Run one more worker beside the server
	$(BIN)/vidwiz worker $(ARGS)

migrate: install ## Bring the database to the newest revision
	$(BIN)/vidwiz migrate

## Testing

# One a core: with more, requests of which many come at once wait so long for a lock or a picture that they are refused.
TEST_PROCESSES ?= $(shell getconf _NPROCESSORS_ONLN)

test: $(VENV)/.dev ## Run all tests that Python alone can run, on both databases, in TEST_PROCESSES at once
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist worksteal $(ARGS)

test-clients: node-and-chromium $(VENV)/.dev clients/node_modules/.installed ## Run the tests that need Node and a headless Chromium
	cd clients && npm run --silent build
	$(BIN)/pytest -m "browser or clients" tests/browser tests/clients $(ARGS)

node-and-chromium:
	@command -v node >/dev/null && command -v npm >/dev/null || \
		{ echo "Node is missing: install it (Debian: apt-get install nodejs npm)."; exit 1; }
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
		{ echo "Chromium is missing: install it (Debian: apt-get install chromium)."; exit 1; }

stress: $(VENV)/.dev ## Send 10,000 generated operations to each database, and write docs/stress.md (ARGS="--operations 500")
	$(BIN)/pytest -m stress tests/stress $(ARGS)

evaluate: $(VENV)/.dev ## Ask the extractive model the labelled questions, and count hits and false answers (ARGS=--details)
	$(BIN)/python -m tests.evaluation.evaluate $(ARGS)
	$(BIN)/python -m tests.evaluation.calibrate

wheel: $(VENV)/.dev ## Build the wheel, install it in an empty environment, and serve from there
	$(BIN)/pytest -m packaging tests/packaging

check: lock-check lint types sdl-check wheel test-clients test ## All that CI does

## Code

lint: $(VENV)/.dev ## Check format, lint rules and the import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

fmt: $(VENV)/.dev ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only --exit-zero .
	$(BIN)/ruff format .

types: $(VENV)/.dev ## Check types with mypy and pyright, both strict
	@command -v node >/dev/null || { echo "pyright runs on Node: install it (Debian: apt-get install nodejs)."; exit 1; }
	$(BIN)/mypy
	$(BIN)/pyright

## Generated files

sdl: install ## Print the schema into schema/schema.graphql
	$(BIN)/vidwiz schema > $(VENV)/schema.graphql && mv $(VENV)/schema.graphql schema/schema.graphql

sdl-check: install
	@$(BIN)/vidwiz schema | diff -u schema/schema.graphql - || { echo "schema/schema.graphql is old: run make sdl."; exit 1; }

static: ## Build the GraphiQL page into schema/static (needs Node)
	@command -v npm >/dev/null || { echo "npm is missing: install it (Debian: apt-get install nodejs npm)."; exit 1; }
	cd clients/graphiql && npm ci && npm run build

lock: $(VENV)/.dev ## Write the lock files anew from pyproject.toml (ARGS=--upgrade takes newer releases)
	$(call compile_locks,requirements,$(ARGS))

lock-check: $(VENV)/.dev
	@rm -rf $(VENV)/locks && mkdir $(VENV)/locks && cp $(LOCKS) $(VENV)/locks/
	$(call compile_locks,$(VENV)/locks)
	@diff -r requirements $(VENV)/locks || { echo "A lock file is old: run make lock."; exit 1; }

# The developers' lock is resolved first and lent to the others as their preference: one release of a package everywhere.
define compile_locks
	$(COMPILE) $(2) --group dev -o $(1)/dev.lock pyproject.toml
	@cp $(1)/dev.lock $(1)/runtime.lock && cp $(1)/dev.lock $(1)/build.lock
	$(COMPILE) -o $(1)/runtime.lock pyproject.toml
	$(COMPILE) --group pyproject.toml:build -o $(1)/build.lock
endef

## The environment: a stamp a lock file, so that a second call does nothing

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python install"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "VidWiz needs Python 3.11 or newer and $(PYTHON) is $$($(PYTHON) -V 2>&1): name a newer one, as in make PYTHON=python3.12 install"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv)."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.runtime: requirements/runtime.lock requirements/build.lock pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	$(PIP) install --require-hashes --no-deps -r requirements/runtime.lock -r requirements/build.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	$(PIP) install --require-hashes --no-deps -r requirements/dev.lock
	@touch $@

clients/node_modules/.installed: clients/package-lock.json clients/.npmrc
	cd clients && npm ci --loglevel=error
	@touch $@
