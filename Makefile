SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= $(or $(STONEPINE_HOME),.stonepine)
PORT ?=
T ?= tests
# Test processes side by side; each starts servers of its own, and waits for them much of its time.
JOBS ?= 3

# Without bytecode files every one of the many processes would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: setup
setup: $(VENV)/.ready ## Create the environment (.venv), nothing else

$(VENV)/.ready: requirements/base.txt requirements/installer.txt pyproject.toml
	@$(PYTHON) deploy/bootstrap_venv.py $(VENV) requirements/base.txt
	@touch $@

$(VENV)/.dev-ready: $(VENV)/.ready requirements/dev.txt
	@$(PYTHON) deploy/bootstrap_venv.py $(VENV) requirements/dev.txt
	@touch $@

.PHONY: dev
dev: $(VENV)/.dev-ready ## Create the environment with test and check tools

.PHONY: up
up: $(VENV)/.ready ## Start everything in the foreground (HOME_DIR=, PORT=)
	@exec $(BIN)/stonepine up --home $(HOME_DIR) $(if $(PORT),--port $(PORT))

.PHONY: down
down: ## Stop what up started, from another terminal (HOME_DIR=)
	@$(BIN)/stonepine down --home $(HOME_DIR)

.PHONY: test
test: $(VENV)/.dev-ready ## Run the tests; nothing needs to run beforehand (T=path narrows)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(T)

.PHONY: check
check: format-check lint types arch migrations-check proto-check vendor-check ## Everything CI checks besides the tests

.PHONY: format
format: $(VENV)/.dev-ready ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

.PHONY: format-check
format-check: $(VENV)/.dev-ready
	@$(BIN)/ruff format --check .

.PHONY: lint
lint: $(VENV)/.dev-ready ## Lint code, templates and words
	@$(BIN)/ruff check .

.PHONY: types
types: $(VENV)/.dev-ready ## Type-check (mypy --strict)
	@$(BIN)/mypy .

.PHONY: arch
arch: $(VENV)/.dev-ready ## Check that imports point one way
	@$(BIN)/lint-imports --no-cache

.PHONY: migrations-check
migrations-check: $(VENV)/.dev-ready
	@$(BIN)/python manage.py makemigrations --check --dry-run

.PHONY: proto
proto: $(VENV)/.dev-ready ## Regenerate the gRPC stubs
	@$(BIN)/python -m protocol.generate

.PHONY: proto-check
proto-check: $(VENV)/.dev-ready
	@$(BIN)/python -m protocol.generate --check

.PHONY: vendor-check
vendor-check: $(VENV)/.dev-ready
	@$(BIN)/python -m console.vendor check

.PHONY: bench
bench: $(VENV)/.dev-ready ## Run the benchmark on real embeddings
	@$(BIN)/python -m benchmarks.real_data

.PHONY: screenshots
screenshots: $(VENV)/.dev-ready ## Look at every page of the console: artifacts/screenshots/index.html (T=part of a name)
	@$(BIN)/python -m tests.tour $(filter-out tests,$(T))

.PHONY: nightly
nightly: $(VENV)/.dev-ready ## Long campaigns: kills, power cuts (as root), fuzzing
	@STONEPINE_NIGHTLY=1 $(BIN)/python -m pytest -m "nightly or chaos or not nightly" $(T)

.PHONY: lock
lock: $(VENV)/.dev-ready ## Pin all dependencies again, with hashes and without index hosts
	@for f in installer base dev pinecone-9; do $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 requirements/$$f.in -o requirements/$$f.txt; done
