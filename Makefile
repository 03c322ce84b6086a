# GNU make 3.81 (macOS) is enough. Every path is relative, so the folder's own name may hold spaces.
SHELL := /bin/sh
PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input -qq
BASE := .venv/base.stamp
DEV := .venv/dev.stamp
UV_VERSION := 0.13.9
INSYNC := .venv-ib-insync
MT5_CLIENTS := .venv-mt5-clients
SCREEN := frontend
SCREEN_SOURCES := $(shell find $(SCREEN)/src $(SCREEN)/index.html $(SCREEN)/vite.config.ts -type f 2>/dev/null)
STOQEY := backend/tests/conformance/ibkr/stoqey
TEST_WORKERS ?= auto

.PHONY: help setup run screen test check conformance drills fuzz image e2e bench bench-peers docs lock clean moved

help:
	@echo "make run          start Edgerunner with simulated brokers on 127.0.0.1:8000"
	@echo "make test         run the tests"
	@echo "make check        format, lint, types, import rules, secrets, file sizes"
	@echo "make conformance  run unmodified clients of Bybit, TWS and MetaTrader 5 against the simulators and the MT5 bridge"
	@echo "make drills       break everything on purpose, some 2,000 times; DRILLS=\"--rows F3a --share 0.1\" selects"
	@echo "make fuzz         hostile input for every decoder, a minute each; FUZZ=\"--minutes 2 --only tws_frames\" selects"
	@echo "make e2e          tell stories on the screen in a real Chromium; E2E=\"sign-in market\" selects"
	@echo "make bench        measure idle cost, journal, backtester; bench-peers adds other backtesters"
	@echo "make setup | image | drills | docs | lock | clean"

# A virtual environment remembers where it was made: a copied folder gets a new one.
ifneq ($(wildcard .venv/home),)
ifneq ($(shell cat .venv/home),$(CURDIR))
$(PYTHON): moved
endif
endif

$(PYTHON):
	@python=$$(sh tools/find_python.sh) && echo "Making .venv with $$python" && "$$python" -m venv --clear .venv
	@pwd -P > .venv/home

$(BASE): requirements/base.txt pyproject.toml $(PYTHON)
	@echo "Installing the locked dependencies (a minute or two, once)"
	@$(PIP) install --require-hashes --requirement requirements/base.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV): requirements/dev.txt $(BASE)
	@echo "Installing the locked development tools"
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@

setup: $(DEV)

run: $(BASE) screen
	@.venv/bin/edgerunner up

# The screen needs Node.js 20; without it everything else runs, and /app/ says so.
screen:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(SCREEN)/dist/index.html; \
	else echo "Node.js is not installed: the screen is not built"; fi

$(SCREEN)/dist/index.html: $(SCREEN)/node_modules/installed.stamp $(SCREEN_SOURCES)
	@echo "Building the screen"
	@cd $(SCREEN) && npm run --silent build -- --logLevel warn

$(SCREEN)/node_modules/installed.stamp: $(SCREEN)/package-lock.json
	@echo "Installing what the screen is built with"
	@cd $(SCREEN) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

test: $(DEV) $(SCREEN)/node_modules/installed.stamp
	$(PYTHON) -m pytest --numprocesses $(TEST_WORKERS) -m "not alone"
	$(PYTHON) -m pytest -m alone
	cd $(SCREEN) && npm run --silent test

conformance: $(DEV) $(INSYNC)/installed.stamp $(MT5_CLIENTS)/installed.stamp $(STOQEY)/node_modules/installed.stamp
	$(PYTHON) -m pytest backend/tests/conformance

# ib_insync and ib_async both bring a package named eventkit: ib_insync has an environment of its own.
$(INSYNC)/installed.stamp: requirements/conformance-ib-insync.txt | $(PYTHON)
	@echo "Installing ib_insync, in an environment of its own"
	@$(PYTHON) -m venv --clear $(INSYNC)
	@$(INSYNC)/bin/python -m pip --disable-pip-version-check --no-input -qq install \
		--require-hashes --requirement requirements/conformance-ib-insync.txt
	@touch $@

# The last two insist on the Windows-only MetaTrader5, which is what they are run without.
$(MT5_CLIENTS)/installed.stamp: requirements/conformance-mt5-clients.txt requirements/conformance-mt5-no-deps.txt | $(PYTHON)
	@echo "Installing pdmt5, mt5cli, metatrader-mcp-server and pymt5adapter, in an environment of their own"
	@$(PYTHON) -m venv --clear $(MT5_CLIENTS)
	@$(MT5_CLIENTS)/bin/python -m pip --disable-pip-version-check --no-input -qq install \
		--require-hashes --requirement requirements/conformance-mt5-clients.txt
	@$(MT5_CLIENTS)/bin/python -m pip --disable-pip-version-check --no-input -qq install \
		--no-deps --require-hashes --requirement requirements/conformance-mt5-no-deps.txt
	@touch $@

$(STOQEY)/node_modules/installed.stamp: $(STOQEY)/package-lock.json
	@command -v npm >/dev/null || { echo "make conformance needs Node.js 18 or later with npm (https://nodejs.org)"; exit 1; }
	@echo "Installing @stoqey/ib"
	@cd $(STOQEY) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

check: $(DEV) $(SCREEN)/node_modules/installed.stamp
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	.venv/bin/bandit --quiet --configfile pyproject.toml --recursive backend/edgerunner tools
	$(PYTHON) tools/house_rules.py
	$(PYTHON) tools/check_tree.py
	sh deploy/check.sh
	cd $(SCREEN) && npm run --silent check

bench: $(DEV)
	$(PYTHON) backend/benchmarks/run.py

# Other backtesters, in an environment of their own: none of them is a dependency.
PEERS := .venv-peers
bench-peers: $(DEV)
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check --no-input -qq install backtesting backtrader vectorbt
	$(PYTHON) backend/benchmarks/run.py backtest
	@$(PEERS)/bin/python backend/benchmarks/peers.py $(PEERS)/bars.npz \
		"$$($(PYTHON) backend/benchmarks/peers_bars.py $(PEERS)/bars.npz)"

docs: $(DEV)
	$(PYTHON) -m pytest --quiet backend/tests/unit/test_docs.py
	@echo "docs: the pages are plain Markdown under docs/; there is no site to build yet."

# With Docker, or with buildah and mmdebstrap where no engine and no registry is: builds, runs and drains the image.
image: $(DEV) $(SCREEN)/dist/index.html
	sh deploy/image.sh

drills: $(DEV)
	PYTHONPATH=backend $(PYTHON) -m tests.drills $(DRILLS)

# Each target in a process of its own; what fails is kept below .hypothesis/fuzz.
fuzz: $(DEV)
	PYTHONPATH=backend $(PYTHON) -m tests.fuzz $(FUZZ)

# Needs Chromium; E2E="sign-in market" selects stories. The size of what a page loads is checked on the way.
e2e: $(DEV) $(SCREEN)/dist/index.html
	cd $(SCREEN) && node tools/bundle-budget.mjs && node e2e/run.mjs $(E2E)

lock: $(PYTHON)
	@$(PIP) install uv==$(UV_VERSION)
	sh tools/lock.sh

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find backend tools -name __pycache__ -type d -prune -exec rm -rf {} +
