# haymow's tasks. `make help` lists them.
# PYTHON names the Python (3.11 or newer) that the set-up starts from; ARGS is passed on to what a target runs.
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev test faults lint format bench screenshots openapi schemas providers requirements clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# exec: no shell stands between make and haymow, so a signal to make reaches haymow itself.
run: setup  ## Set up, then start haymow and a small language model on loopback; Ctrl-C stops both
	@exec .venv/bin/haymow serve --local-model $(ARGS)

setup:  ## Make .venv with what haymow needs to run, and build the page
	@$(PYTHON) scripts/setup.py run

setup-dev:  ## Make .venv with what the checks and tests need too
	@$(PYTHON) scripts/setup.py dev

test: setup-dev  ## Run every check and test; ARGS go to pytest, as in make test ARGS="-k names"
	@.venv/bin/python scripts/check.py test $(ARGS)

faults: setup-dev  ## Break every promise of reliability on purpose, on SQLite and PostgreSQL, and print what was seen; up to 20 minutes
	@.venv/bin/python -m pytest tests/faults --thorough -v --durations=5 $(ARGS)

lint: setup-dev  ## Run the checks alone: lint, format, types, imports, and the page's
	@.venv/bin/python scripts/check.py lint

format: setup-dev  ## Put the code into its format, and mend what can be mended
	@.venv/bin/ruff check --fix --quiet; .venv/bin/ruff format
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix web run --silent format

bench: setup-dev  ## Measure haymow against its floors and print a table
	@$(PYTHON) scripts/setup.py bench
	@for one in litellm portkey mlflow; do \
	  $(PYTHON) scripts/setup.py $$one || { [ $$? -eq 1 ] && echo "The bench goes on without $$one."; } || exit; \
	done
	@exec .venv/bin/python -m tests.bench $(ARGS)

screenshots: setup-dev  ## Take the documents' pictures of the page anew, in Chromium; ARGS name some of them
	@.venv/bin/python scripts/screenshots.py $(ARGS)

openapi: setup-dev  ## Write docs/openapi.json anew
	@.venv/bin/python scripts/write_openapi.py

schemas: setup-dev  ## Write the generators' schemas anew, from the newest packages; takes minutes
	@.venv/bin/python scripts/generate_schemas.py $(ARGS)

requirements: setup-dev  ## Write the pinned files anew; ARGS=--upgrade takes the newest versions
	@scripts/requirements.sh $(ARGS)

providers: setup-dev  ## Construct every generator, some in environments of their own, and write docs/providers.md anew; takes minutes
	@.venv/bin/python scripts/try_generators.py $(ARGS)

clean:  ## Remove what the targets made, the environments among it; never haymow's data
	@rm -rf .venv .venv-bench .venv-litellm .venv-portkey .venv-mlflow dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -rf web/node_modules web/src/api/schema.d.ts src/haymow/ui
