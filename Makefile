# The verbs of the book. `make` alone prints them; README.md gives the same as plain commands for Windows.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help book test test-site chapters run serve experiments bench clean

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

book: $(READY) ## install what is missing, build the site, say where it is
	@$(BIN)/python book/tools/assets.py install
	@$(BIN)/jupyter-book build . -n -W --all --keep-going --quiet
	@echo "The book: $(CURDIR)/_build/html/index.html"

test: $(READY) ## check style and types, run the unit tests and every notebook
	@$(BIN)/python book/tools/assets.py install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy book/tools
	$(BIN)/pytest --nbval

test-site: book ## open every page of the site in Chromium: a phone and a desk, light and dark
	$(BIN)/pytest tests/site

chapters: $(READY) ## write the notebooks again from chapters/src, keeping outputs of unchanged cells
	$(BIN)/python book/tools/chapters.py build

run: $(READY) ## write the notebooks again, execute them and store their outputs
	$(BIN)/python book/tools/chapters.py build
	$(BIN)/python book/tools/chapters.py run

serve: book ## build the site and show it at http://localhost:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

experiments: $(READY) ## run the long sweeps again and write their results (hours)
	@set -e; for script in experiments/[0-9]*.py; do echo "$$script"; $(BIN)/python "$$script"; done

bench: $(READY) ## measure against the libraries that a user would pick instead
	@set -e; for script in benchmarks/[a-z]*.py; do [ -e "$$script" ] || continue; echo "$$script"; $(BIN)/python "$$script"; done

clean: ## remove what was built; the environment and the downloads stay
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The book needs Python 3.11 or newer; this is $$($(PYTHON) --version 2>&1). Name another: make book PYTHON=python3.12" >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)

$(READY): requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
