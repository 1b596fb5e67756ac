PYTHON ?= python3
VENV   ?= .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
BIN     = $(VENV)/bin
RUN     = requirements/run.txt
DEV     = requirements/dev.txt
# One more than two cores: many tests wait for a server, a clock or a disk.
WORKERS = -n $(if $(filter 1 2,$(shell nproc 2>/dev/null || echo 2)),3,4) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test check test-live test-deep bench audit docs lock clean

help:       ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

$(VENV)/.run: $(RUN) pyproject.toml
	@echo "[1/3] making a private environment in $(VENV) (nothing outside this folder is touched)"
	@$(PYTHON) -m venv $(VENV)
	@echo "[2/3] installing the pinned, hash-checked libraries of $(RUN)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(RUN)
	@echo "[3/3] linking mentionbridge itself into it"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(DEV) $(VENV)/.run
	@echo "[+] installing the pinned, hash-checked test tools of $(DEV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(DEV)
	@touch $@

demo: $(VENV)/.run       ## the bridge on a built-in social network, with a day of life in it
	@$(BIN)/mentionbridge demo $(ARGS)

test: $(VENV)/.dev       ## unit, contract, store (SQLite and PostgreSQL), API and corridor tests
	@$(BIN)/python -m pytest $(WORKERS) -m "not live and not deep" $(ARGS)

check: $(VENV)/.dev      ## style, types, floors, and that the pinned files match pyproject
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/hadolint Dockerfile
	@echo "check: all green"

test-live: $(VENV)/.dev  ## a real Bluesky network, real helpdesks, a real browser (needs Node 20, gcc, make, request-tracker5, chromium)
	@$(BIN)/python -m pytest -m live $(ARGS)

test-deep: $(VENV)/.dev  ## long counted runs: kill -9, races, bursts, 10,000-mention replay
	@$(BIN)/python -m pytest -m deep $(ARGS)

bench: $(VENV)/.dev      ## every figure the docs quote
	@$(BIN)/python -m bench $(ARGS)

audit: $(VENV)/.dev      ## known vulnerabilities in what we pin
	@$(BIN)/pip-audit --require-hashes -r $(RUN)

docs: $(VENV)/.run       ## write the generated half of docs/feed.md again
	@$(BIN)/python -m mentionbridge.feed.page docs/feed.md

lock:       ## resolve pyproject again into requirements/*.txt (needs uv on PATH)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml requirements/build.in -o $(RUN)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml requirements/build.in --extra dev -c $(RUN) -o $(DEV)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links requirements/accurate.in -c $(RUN) -o requirements/accurate.txt

clean:      ## remove what make made
	@rm -rf .venv .venv-* build dist
