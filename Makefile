# Two commands on a fresh machine: `make demo` and `make test`. Nothing here needs root.
# TORCH_INDEX=URL takes torch from another package index, e.g. the CPU wheels named in the README.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
CROSSENT_DATA ?= $(wildcard data)
export CROSSENT_DATA
NATIVE := CMakeLists.txt $(wildcard src/crossent/kernels/cpu/native/*)

.PHONY: demo test test-all sanitize check format clean

demo: $(VENV)/app
	$(BIN)/crossent train digits

test: $(VENV)/dev
	$(BIN)/python -m pytest -q -rs

test-all: $(VENV)/dev
	$(BIN)/python -m pytest -q -rs -m "slow or not slow"

sanitize:  # SEED=1 CASES=3000: see tests/native/fuzz.cpp
	+$(MAKE) --no-print-directory -k -j2 -f tests/native/sanitize.mk

check: $(VENV)/dev
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(VENV)/dev
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

clean:
	rm -rf $(VENV) build dist
	rm -f src/crossent/kernels/cpu/_native*.so

$(VENV)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "crossent needs Python 3.11 or newer; make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	touch $@

# torch first, by itself: from TORCH_INDEX if one is given, and pinned, so that nothing after it
# asks for a newer one.
$(VENV)/torch: $(VENV)/python constraints.txt
	$(PIP) torch $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	touch $@

# In the venv, not isolated, so that a rebuild compiles only what changed; cmake and ninja from
# PyPI where the machine has none.
$(VENV)/build: $(VENV)/python constraints.txt
	$(PIP) scikit-build-core nanobind
	$(PIP) nanobind $$($(BIN)/python -c 'import scikit_build_core.build as b; print(*b.get_requires_for_build_editable())')
	touch $@

$(VENV)/app: $(VENV)/torch $(VENV)/build pyproject.toml $(NATIVE)
	$(PIP) --no-build-isolation -e '.[app]'
	touch $@

$(VENV)/dev: $(VENV)/torch $(VENV)/build pyproject.toml $(NATIVE)
	$(PIP) --no-build-isolation -e '.[dev]'
	touch $@
