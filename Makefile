# Everything runs in .venv, which the first target that needs it makes. Nothing has to be installed before but Python and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTS ?= tests

.PHONY: help demo test lint types contracts check record schemas pictures converge faults clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY)  ## Tell the whole story on the sandbox: validate, plan, apply, deliver
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash workspaces/demo/demo.sh

test: $(READY)  ## Run the full test suite, with the network blocked
	$(BIN)/python -m pytest $(TESTS) -n 2 --dist loadfile

lint: $(READY)  ## Style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## Strict types
	$(BIN)/python -m mypy

contracts: $(READY)  ## Floors: who may import whom
	$(BIN)/lint-imports

check: lint types contracts test  ## All that CI runs

record: $(READY)  ## Record the cassettes again: the sandbox, or a real workspace when ATTIO_TOKEN is set
	$(BIN)/python -m pytest tests -m vcr --record-mode=rewrite -p no:xdist

faults: $(READY)  ## Kill an apply at every write boundary, before and after Attio has done the write
	KILL_EVERY=1 $(BIN)/python -m pytest tests/cli/test_apply_safety.py -n 2 -q

converge: $(READY)  ## Apply 500 generated workspaces, each twice: the plan after an apply must be empty
	WORKSPACES=500 $(BIN)/python -m pytest tests/cli/test_convergence.py -n 2 -q

schemas: $(READY)  ## Generate schemas/ from the models
	$(BIN)/python -m attio_ctl.config.schema_export schemas/

pictures: $(READY)  ## Draw docs/pictures from real output
	$(BIN)/python docs/pictures/make.py

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q attio_ctl
	@touch $@

clean:  ## Remove what the other targets made
	rm -rf $(VENV) .attio-ctl .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
