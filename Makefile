# The shop's commands. `make demo` and `make test` need Python 3.11 or newer and nothing else.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: demo test faults bench dev check migration assets setup setup-dev lock clean

demo: $(VENV)/.installed static/built/manifest.json  ## the whole shop on this machine
	exec $(BIN)/flask demo --port $(PORT)

test: $(VENV)/.installed-dev static/built/manifest.json  ## every test that this machine can run
	$(BIN)/python -m tests.run

faults: $(VENV)/.installed-dev static/built/manifest.json  ## kill, stop, flush and lie for an hour: make faults ARGS="-k kills"
	$(BIN)/python -m tests.faults.run $(ARGS)

check: $(VENV)/.installed-dev static/built/manifest.json  ## lint, types, layers, templates, migrations
	$(BIN)/ruff check .
	$(BIN)/mypy & types=$$!
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m pytest -q tests/architecture
	export STOREFRONT_VAR="$$(mktemp -d)"
	$(BIN)/flask db upgrade 2>/dev/null
	$(BIN)/flask db check
	rm -rf "$$STOREFRONT_VAR"
	wait $$types

bench: $(VENV)/.installed-dev static/built/manifest.json  ## the shop beside the bare thing; results in bench/results/; python -m bench GROUP for one
	$(BIN)/python -m bench

dev: $(VENV)/.installed-dev static/built/manifest.json  ## the demo, restarted when a file changes
	exec $(BIN)/flask demo --port $(PORT) --reload

migration:  ## write a migration for what changed in the models: make migration NAME="add a column"
	$(BIN)/flask db migrate -m "$(NAME)"

assets: static/built/manifest.json
setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@echo "== virtualenv"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "== packages (locked, hashes checked)"
	SECONDS=0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@
	echo "packages ready in $${SECONDS} s"

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "== developer packages (locked, hashes checked)"
	SECONDS=0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@
	echo "developer packages ready in $${SECONDS} s"

# What the pages load: CSS, JavaScript and a font, by content hash. npm comes from PyPI where the machine has none.
static/built/manifest.json: $(VENV)/.installed-build package-lock.json static/build.py static/catalog.speculationrules $(wildcard static/css/*.css static/js/*.js static/icons/* static/images/*)
	@echo "== assets"
	SECONDS=0
	if ! command -v npm >/dev/null; then
	  [ -x $(BIN)/npm ] || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.txt
	  export PATH="$(abspath $(BIN)):$$PATH"
	fi
	npm ci --omit=dev --no-audit --no-fund --loglevel=error
	$(BIN)/python static/build.py
	touch $@
	echo "assets ready in $${SECONDS} s"

$(VENV)/.installed-build: requirements-build.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.txt
	touch $@

lock:  ## resolve the locked requirements anew, leaving out releases younger than two weeks
	before=$$(date -u -d '14 days ago' +%Y-%m-%d)
	lock() { $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --exclude-newer $$before --generate-hashes --no-emit-index-url --no-header --no-strip-extras pyproject.toml "$$@"; }
	lock -o requirements.txt
	lock --extra dev -c requirements.txt -o requirements-dev.txt
	lock --extra build -c requirements.txt -o requirements-build.txt
	lock --extra node -c requirements.txt -o requirements-node.txt

clean:
	rm -rf $(VENV) node_modules static/built
