# Two commands on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
DATA ?= demo-data
PORT ?= 8001
SERVE ?= yes
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEVELOPED := $(VENV)/.developed
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: demo test proof lint bench bench-scale lock clean

demo: $(INSTALLED)
	$(BIN)/nianbao demo --data "$(DATA)" --port $(PORT) $(if $(filter no,$(SERVE)),--no-serve)

test: $(DEVELOPED) lint
	$(BIN)/pytest

# Simulated nights, kills, faults and a hostile site: minutes long, so not in the test of each change.
proof: $(DEVELOPED)
	$(BIN)/pytest -m proof

lint: $(DEVELOPED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Our time as a multiple of the floor of each format, and other extractors' beside it.
bench: $(DEVELOPED)
	$(BIN)/python -m tests.bench

# What a report costs at 1,000, 10,000 and 100,000 of them, of an invented country; hours.
bench-scale: $(DEVELOPED)
	$(BIN)/python -m tests.bench_scale

# The versions and hashes of everything that is installed; run after changing pyproject.toml. What
# developing needs is settled first, as an extra may want an older version of what all need.
lock: $(DEVELOPED)
	$(COMPILE) --build-deps-for editable --extra cluster --extra data --extra ocr --extra wacz \
		--extra dev --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --build-deps-for editable --constraint requirements-dev.lock \
		--output-file requirements.lock pyproject.toml
	$(COMPILE) --build-deps-for editable --constraint requirements-dev.lock --extra cluster \
		--output-file requirements-cluster.lock pyproject.toml

# What running needs, and what developing needs on top: the archive installs no browser driver.
$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv "$(VENV)"
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	touch "$(INSTALLED)"

$(DEVELOPED): $(INSTALLED) requirements-dev.lock
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	touch "$(DEVELOPED)"

clean:
	rm -rf "$(VENV)" build *.egg-info demo-data
