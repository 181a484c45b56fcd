# Everything a new machine needs is Python 3.11-3.13 and make; each target sets up .venv itself.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
# The demo lets `dagster dev` open it by `.env`, which Dagster reads here whatever it is asked for: without
# the demo it names a folder that is gone.
FORGET_DEMO := $(PYTHON) -c "import pathlib as p; e = p.Path('.env'); e.is_file() and not p.Path('demo').exists() and 'demo/gosales.yaml' in e.read_text('utf-8').replace(chr(92), '/') and e.unlink()"
SOURCES := gosales gosales_assets gosales_checks gosales_resources tests benchmarks docs

.PHONY: demo test test-all check types definitions documents imports lint format ui pages bench docs clean

demo: $(VENV)/.ready  ## the sample company through the whole graph
	$(BIN)/gosales demo

ui: $(VENV)/.ready  ## the Dagster UI on the demo's result, on this machine only
	$(BIN)/gosales ui --config demo/gosales.yaml

pages: $(VENV)/.ready-dev  ## the list in a browser, on the demo's result, on this machine only
	$(BIN)/gosales pages --config demo/gosales.yaml

test: check  ## everything CI runs, under ten minutes
	$(BIN)/pytest -n 2 --dist worksteal

test-all: check  ## also what takes minutes: the daemon, larger worlds
	$(BIN)/pytest -n 2 --dist worksteal -m ""

check: $(VENV)/.ready-dev  ## format, lint, types, import direction, generated documents
	$(MAKE) --no-print-directory -j 2 types definitions documents imports lint

types: $(VENV)/.ready-dev
	$(BIN)/pyright --pythonpath $(BIN)/python

definitions: $(VENV)/.ready-dev
	$(FORGET_DEMO)
	GOSALES_CONFIG=gosales/sample/gosales.yaml DAGSTER_DISABLE_TELEMETRY=yes $(BIN)/dg check defs

documents: $(VENV)/.ready-dev
	$(BIN)/python docs/generate.py --check

imports: $(VENV)/.ready-dev
	$(BIN)/lint-imports

lint: $(VENV)/.ready-dev
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

format: $(VENV)/.ready-dev
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

docs: $(VENV)/.ready-dev  ## write the data dictionary and the settings reference anew
	$(BIN)/python docs/generate.py

bench: $(VENV)/.ready-dev  ## speed, memory and quality, with the size of the work
	$(BIN)/python benchmarks/run.py

clean:  ## remove the environment, the demo and caches; nothing else
	$(PYTHON) -c "import shutil; [shutil.rmtree(p, ignore_errors=True) for p in ('.venv', 'demo', 'build', '.pytest_cache', '.ruff_cache', '.import_linter_cache', '.hypothesis')]"
	$(FORGET_DEMO)

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else 'GoSales needs Python 3.11, 3.12 or 3.13; run make PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	$(BIN)/python -c "open('$(VENV)/.ready', 'w').close()"

$(VENV)/.ready-dev: requirements-dev.lock pyproject.toml $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -c "open('$(VENV)/.ready-dev', 'w').close()"
