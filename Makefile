# Everything runs in .venv, which the first target that needs it makes. Nothing has to be installed before but Python and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
READY := $(VENV)/.ready
TESTS ?= tests
CLIENTS := .venv-conformance
OPENAPI ?= ../shared/reference/attio-openapi.json
SECONDS ?= 300
# UPGRADE=--upgrade takes the newest releases that pyproject.toml allows
LOCK = pyproject.toml --extra sandbox --extra metrics --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	--custom-compile-command 'make lock' $(UPGRADE)

.PHONY: help demo test lint types contracts check package locked lowest record schemas pictures converge faults memory docs site lock conformance schemathesis clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

check: lint types contracts test site  ## Everything that needs no package index

package: $(READY)  ## Build the wheel, install it as users do (pip, pipx, uvx), and run it
	$(BIN)/python -m pytest tests/packaging/installed.py -q

locked: $(READY)  ## Run the install steps of the action, the image and the hooks
	$(BIN)/python -m pytest tests/packaging/locked.py -q

lowest: $(READY)  ## Run the tests on the oldest releases that pyproject.toml allows
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)-lowest
	$(BIN)/uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct \
		--editable '.[sandbox,metrics]' --group dev
	$(VENV)-lowest/bin/python -m pytest $(TESTS) -n 2 --dist loadfile

record: $(READY)  ## Record the cassettes again: the sandbox, or a real workspace when ATTIO_TOKEN is set
	$(BIN)/python -m pytest tests -m vcr --record-mode=rewrite -p no:xdist

faults: $(READY)  ## Kill an apply at every write boundary, and deliveries 200 times; tells what survived (half an hour)
	KILL_EVERY=1 $(BIN)/python -m pytest tests/cli/test_apply_safety.py -n 2 -q
	FAULTS=long $(BIN)/python -m pytest tests/delivery/faults -n 2 -q

memory: $(READY)  ## Deliver ten million events (MEMORY_EVENTS=N), and tell the memory that it takes
	MEMORY_EVENTS=$${MEMORY_EVENTS:-10000000} $(BIN)/python -m pytest tests/delivery/faults/test_memory.py -q

converge: $(READY)  ## Apply 500 generated workspaces, each twice: the plan after an apply must be empty
	WORKSPACES=500 $(BIN)/python -m pytest tests/cli/test_convergence.py -n 2 -q

schemas: $(READY)  ## Generate schemas/ from the models
	$(BIN)/python -m attio_ctl.config.schema_export schemas/

pictures: $(READY)  ## Draw docs/pictures from real output; the comment and the pages need Chromium
	$(BIN)/python docs/pictures/make.py
	$(BIN)/python docs/pictures/review.py
	$(BIN)/python docs/pictures/delivery.py

docs: schemas  ## Generate every page and schema that comes from the code
	$(BIN)/python docs/reference/generate.py
	$(BIN)/python -m attio_ctl.render.rule_pages docs/reference

site: $(READY)  ## Build the documentation as a site, into site/; a broken link is an error
	$(BIN)/mkdocs build --strict --quiet

lock: $(READY)  ## Pin every dependency with its hashes: all tools in dev.txt, what runs attio-ctl in run.txt
	$(BIN)/uv pip compile $(LOCK) --group dev --output-file requirements/dev.txt
	$(BIN)/uv pip compile $(LOCK) --group build --constraints requirements/dev.txt --output-file requirements/run.txt

conformance: $(CLIENTS)/.ready  ## Run clients that others published, from PyPI and npm, against the sandbox
	NODE_CLIENTS=$(CLIENTS)/node $(CLIENTS)/python/bin/python -m pytest tests/sandbox/test_third_party_clients.py -q

schemathesis: $(READY) $(CLIENTS)/.schemathesis  ## Five minutes of generated requests (OPENAPI=FILE SECONDS=300): no 5xx
	PATH="$(CURDIR)/$(BIN):$(CURDIR)/$(CLIENTS)/schemathesis/bin:$$PATH" tests/sandbox/schemathesis.sh $(OPENAPI) $(SECONDS)

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --requirement requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q attio_ctl
	@touch $@

$(CLIENTS)/.ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(CLIENTS)/python
	$(CLIENTS)/python/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/dev.txt
	$(CLIENTS)/python/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@if command -v npm > /dev/null; then npm install --silent --prefix $(CLIENTS)/node attio-ts-sdk@2.3; \
	else echo 'npm is not installed: without attio-ts-sdk'; fi
	@touch $@

$(CLIENTS)/.schemathesis:
	$(PYTHON) -m venv $(CLIENTS)/schemathesis
	$(CLIENTS)/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check 'schemathesis>=4.32,<5'
	@touch $@

clean:  ## Remove what the other targets made
	rm -rf $(VENV) $(VENV)-lowest $(CLIENTS) .attio-ctl .mypy_cache .ruff_cache .pytest_cache .hypothesis dist site
