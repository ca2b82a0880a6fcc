# Two commands on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
DATA ?= demo-data
PORT ?= 8001
SERVE ?= yes
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint lock clean

demo: $(INSTALLED)
	$(BIN)/nianbao demo --data "$(DATA)" --port $(PORT) $(if $(filter no,$(SERVE)),--no-serve)

test: $(INSTALLED) lint
	$(BIN)/pytest

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The versions and hashes of everything that is installed; run after changing pyproject.toml.
lock: $(INSTALLED)
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--output-file requirements.lock pyproject.toml

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv "$(VENV)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch "$(INSTALLED)"

clean:
	rm -rf "$(VENV)" build *.egg-info demo-data
