# Understudy. `make help` lists what there is.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup rehearse test check format bench docs lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Set everything up in .venv

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed; set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python has no venv module; on Debian: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

rehearse: setup ## Deploy the example, drive traffic at it at 60x, see it scale, read the report
	$(BIN)/understudy rehearse examples/digits-endpoint/template.yaml \
		--traffic examples/traffic/lunch-rush.csv --speed 60 --report rehearsal/

test: setup ## Run the tests
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not alone"
	$(BIN)/python -m pytest -m alone

check: setup ## Lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

format: setup ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Measure speed and memory against peers (writes nothing; copy to benchmarks/RESULTS.md)
	$(BIN)/python benchmarks/run.py

docs: setup ## Regenerate the generated pages
	$(BIN)/python docs/generate.py

lock: ## Pin every dependency (needs uv)
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --python-version 3.11 \
		--generate-hashes pyproject.toml --extra dev --output-file requirements.lock

clean: ## Remove what the other targets made
	rm -rf $(VENV) .bench-venv .pytest_cache .ruff_cache .hypothesis rehearsal dist
