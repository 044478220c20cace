# `make demo` shows what hpc-ls does; `make test` checks everything. Nothing else is needed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The Node of the client tests stands in where the system has none, or one too old for the tools.
NODE_PATH_FIRST := PATH="$(CURDIR)/tests/clients/.cache/node/bin:$$PATH"
# Random loop nests of the property test: many in CI, fewer for a person who waits.
export HPC_LS_PROPERTY_CASES ?= $(if $(filter true,$(CI)),20000,2000)

HPC_LS_STRESS_PROGRAMS ?= 2000

.PHONY: help demo setup setup-dev setup-system clients test lint test-python test-property stress confirm extension bundle bench

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## races and parallel loops in examples/, with reasons and fixes
	@echo '$$ hpc-ls check examples'; echo
	@$(BIN)/hpc-ls check examples || test $$? -eq 1
	@echo; echo '$$ hpc-ls suggest examples'; echo
	@$(BIN)/hpc-ls suggest examples

setup: $(VENV)/.ready ## install hpc-ls into .venv

$(VENV)/.ready: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "hpc-ls needs Python 3.10 or newer; $(PYTHON) is not on PATH. PYTHON=/path/to/python3 names another one."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit("hpc-ls needs Python 3.10 or newer, this is " + sys.version.split()[0] + ". PYTHON=/path/to/python3 names another one." if sys.version_info < (3, 10) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: on Debian and Ubuntu, \`sudo apt install python3-venv\` adds what is missing."; exit 1; }
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

setup-dev: $(VENV)/.dev

# What runs the model is compiled, once for a machine: pip keeps the result. Not tuned to this processor, as that result
# may reach others; without what looks at pictures.
LLAMA := -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAVA_BUILD=OFF

$(VENV)/.dev: $(VENV)/.ready
	@$(BIN)/python -c 'import llama_cpp' 2>/dev/null || echo "setting up llama.cpp, which is compiled: about ten minutes on two cores, once"
	CMAKE_ARGS='$(LLAMA)' $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,model]'
	touch $@

setup-system: ## install what the tests need of the system, where this user may
	@PYTHON=$(PYTHON) .ci/setup-system.sh

clients: setup-system ## bring the editors that the tests drive
	@tests/clients/prepare.sh

test: setup-system setup-dev clients lint test-python test-property ## set up and run every test
	@echo "make test: everything passed"

lint: setup-dev ## style and types of the Python code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@echo "lint: clean"

extension: setup-dev clients ## check, build and pack the VS Code extension
	cd vscode-extension && export $(NODE_PATH_FIRST) && \
	{ cmp -s package-lock.json node_modules/.lock-of-install || { npm ci --no-audit --no-fund --silent && cp package-lock.json node_modules/.lock-of-install; }; } && \
	npm run --silent lint && npm run --silent test && npm run --silent build && \
	rm -rf server ../build && mkdir server && ../$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir server .. && \
	npm run --silent package
	@echo "extension: vscode-extension/hpc-ls.vsix"

bundle: extension ## the extension for this platform with all that it needs: installs without network and compiler
	@export $(NODE_PATH_FIRST) && .ci/bundle.sh

test-python: setup-dev clients extension ## every other test of pytest, editors included
	$(NODE_PATH_FIRST) $(BIN)/python -m pytest --ignore=tests/property
	@echo "pytest: passed"

test-property: setup-dev ## random loop nests against brute force; HPC_LS_PROPERTY_CASES says how many
	@echo "property: $(HPC_LS_PROPERTY_CASES) loop nests"
	@.ci/property.sh
	@echo "property: passed"

stress: setup-dev setup-system ## generated programs with their pragmas under ThreadSanitizer; HPC_LS_STRESS_PROGRAMS
	$(BIN)/python -m tests.stress --programs $(HPC_LS_STRESS_PROGRAMS) --kernels 4

confirm: setup-dev setup-system ## which mistakes of tests/mutation race, and that repairs do not, by ThreadSanitizer
	$(BIN)/python -m tests.mutation
	$(BIN)/python -m tests.repairs

bench: setup-dev ## latency and memory, clangd beside them where it is installed
	$(BIN)/python tests/bench/latency.py
	$(BIN)/python tests/bench/proposals.py
