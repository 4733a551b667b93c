# An active virtual environment of somebody else must not leak into ours.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV
# Node looks past its built-in certificates, as pip does, for offices behind a proxy of their own.
export NODE_USE_SYSTEM_CA = 1

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

# A file of tests stays in one process, with the servers that it started; the slowest come first.
XDIST := -n auto --dist loadfile --no-loadscope-reorder

NODE_FITS := command -v npm >/dev/null && node -e "process.exit(+(parseInt(process.versions.node) < 20))"
NPM := { $(NODE_FITS); } 2>/dev/null || { \
	$(PIP) install -qq --require-hashes -r requirements-node.txt && PATH="$(CURDIR)/$(BIN):$$PATH"; } && npm

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test check bench faults mutants demo-reset lock

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

setup: .venv/dev.stamp web/static/dist/app.css ## Make the environment only: .venv and the front end

run: .venv/run.stamp web/static/dist/app.css ## Run the demo on http://127.0.0.1:8000 (PORT=n for another port)
	@DEMO=1 exec $(BIN)/loncatan up

test: setup ## Run every test, on SQLite and on PostgreSQL (ARGS="-k name" for a few)
	@$(BIN)/python -m pytest $(XDIST) $(ARGS)

check: setup ## Check style, types, import contracts and dependencies, then run every test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .
	$(BIN)/python -m pytest $(XDIST)

bench: setup ## Measure speed against the budgets
	@$(BIN)/python -m tests.bench

faults: setup ## Break broker, database, mail and processes under load, and count what is lost
	@$(BIN)/python -m tests.faults

mutants: setup ## Spoil the domain a thousand times and list what no test noticed (about an hour)
	@$(PIP) install -qq --require-hashes -r requirements-mutants.txt
	@$(BIN)/mutmut run $(ARGS)
	@$(BIN)/mutmut results

demo-reset: .venv/run.stamp ## Throw the demo's data away and load it anew
	@DEMO=1 $(BIN)/loncatan demo reset

lock: ## Pin the newest allowed versions of all dependencies (needs uv and npm)
	$(LOCK) --upgrade pyproject.toml --group build --output-file requirements.txt
	$(LOCK) --upgrade pyproject.toml --group build --group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(LOCK) --upgrade --group mutants --constraint requirements-dev.txt --output-file requirements-mutants.txt
	$(LOCK) --upgrade --group node --output-file requirements-node.txt
	npm install --package-lock-only

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.x"; exit 1; }
	$(PYTHON) -m venv .venv

# The timestamp of an existing interpreter says nothing: it is an order-only prerequisite.
.venv/%.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing $(filter requirements%,$^) ..."
	@$(PIP) install -qq --require-hashes --use-pep517 $(addprefix -r ,$(filter requirements%,$^))
	@$(PIP) install -qq --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

.venv/run.stamp: requirements.txt
.venv/dev.stamp: requirements-dev.txt

node_modules/.package-lock.json: package.json package-lock.json .npmrc | $(BIN)/python
	@$(NPM) ci --no-progress

web/static/dist/app.css: node_modules/.package-lock.json frontend.mjs $(wildcard web/look/*.* web/look/*/*.*)
	@$(NPM) run --silent build
