# make run [DATA=file] [ARGS="--cases 32"]   three methods on the twin, or on ERA-Interim from a file: a table
# make test                                  style, types, documentation and tests
# make lint | docs | check | speed | clean

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
DATA ?=
ARGS ?=
# a sixth of the twin's test cases: all in well under a minute
WORLD := $(if $(DATA),--world era-interim-euroatlantic --data "$(DATA)",--cases 31)
BIN := .venv/bin
# mkdocs-material prints an advertisement without it
export NO_MKDOCS_2_WARNING := 1
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check

.PHONY: help run test lint docs check speed clean

help:
	@sed -n '1,3s/^# *//p' Makefile

$(BIN)/python:
	@command -v "$(PYTHON)" > /dev/null || { \
	  echo "There is no command '$(PYTHON)'; name a Python of 3.11 or later: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; \
	  exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "assimbench needs Python 3.11 or later, and '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1);" \
	    "name another one: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; \
	  exit 1; }
	@"$(PYTHON)" -m venv .venv || { \
	  rm -f $(BIN)/python; \
	  echo "'$(PYTHON) -m venv .venv' failed; on Debian and Ubuntu install the package python3-venv." >&2; \
	  exit 1; }

# The stamps make a second call install nothing, until pyproject.toml changes.
.venv/.run: pyproject.toml | $(BIN)/python
	@echo "Installing assimbench into .venv ..."
	@$(PIP) -e .
	@touch $@

.venv/.test: pyproject.toml | $(BIN)/python
	@echo "Installing assimbench and its test tools into .venv ..."
	@$(PIP) -e ".[test]"
	@touch .venv/.run $@

run: .venv/.run
	@$(BIN)/bench run --method background --method 3dvar --method lo-sda --obs-frac 0.01 $(WORLD) $(ARGS)

# A worker a core, of one thread each: what is trained for a file of tests is trained by one of them.
test: .venv/.test
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@site=$$(mktemp -d); trap 'rm -rf "$$site"' EXIT; $(BIN)/mkdocs build --strict --quiet --site-dir "$$site"
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/.test
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

docs: .venv/.test
	@$(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in site/index.html"

check: .venv/.run
	@$(BIN)/bench check

# The speed tests are left out of the default options, which would hide them here too.
speed: .venv/.test
	@$(BIN)/python -m pytest -o addopts="-q --strict-markers --import-mode=importlib" tests/speed

clean:
	@rm -rf build dist site .benchmarks .pytest_cache .mypy_cache .ruff_cache
	@find benchmark methods metrics leaderboards tests -name __pycache__ -type d -prune -exec rm -rf {} +
