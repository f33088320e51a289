# Everything runs in a virtual environment of its own, made on first use and remade when what it holds changes.
# PYTHON chooses the interpreter that makes it; VENV where it lies; PINS which versions it holds.
VENV := .venv
PINS := constraints.txt
BIN := $(VENV)/bin
DATA :=
GTZAN :=
FMA :=
OUT := demo
ARGS :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'
	@echo "Variables: PYTHON=python3.12, DATA=folder, OUT=folder, ARGS='-k audio'"

.PHONY: demo
demo: $(VENV)/.installed ## train, evaluate and recommend; on synthetic music, or on DATA=folder; pages in OUT=folder
	$(BIN)/skgenre demo $(if $(DATA),--data "$(DATA)") --out "$(OUT)"

.PHONY: test
test: $(VENV)/.installed ## run all tests (ARGS go to pytest)
	$(BIN)/python -m pytest $(ARGS)
ifeq ($(ARGS)$(PINS),constraints.txt)
	SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -k "scikit_learns_checks and array_api" # skipped without it, and not in old scikit-learn
endif

.PHONY: lint
lint: $(VENV)/.installed ## check style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: docs
docs: $(VENV)/.docs ## build the site into docs/_build/html; a warning is an error
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -b html $(ARGS) docs docs/_build/html

.PHONY: bench
bench: $(VENV)/.bench ## measure speed and memory, side by side with others (ARGS="--quick" for a short run)
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: accuracy
accuracy: $(VENV)/.installed ## score the models on real music: what is there, and DATA=, GTZAN= or FMA=folder
	$(BIN)/python -m accuracy $(if $(DATA),--data "$(DATA)") $(if $(GTZAN),--gtzan "$(GTZAN)") \
	  $(if $(FMA),--fma "$(FMA)") $(ARGS)

.PHONY: clean
clean: ## remove what was made, but for the virtual environment
	rm -rf build dist demo docs/_build docs/auto_examples docs/generated docs/sg_execution_times.rst
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find skgenre tests examples docs benchmarks accuracy -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml $(PINS) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet -c $(PINS) annoy || { \
	  echo >&2; \
	  echo "annoy could not be installed (see above). It is built from source, which takes a C++ compiler and" >&2; \
	  echo "the headers of Python. Debian, Ubuntu: apt-get install g++ python3-dev. Fedora: dnf install" >&2; \
	  echo "gcc-c++ python3-devel. macOS: xcode-select --install." >&2; \
	  exit 1; }
	$(BIN)/python -m pip install --quiet -c $(PINS) -e ".[plot,dask,voyager,milvus,hybrid,explain,dev]"
	@touch $@

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c $(PINS) -e ".[docs]"
	@touch $@

$(VENV)/.bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c $(PINS) -e ".[bench]"
	@touch $@

$(BIN)/python:
	@for python in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11 python); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "making $(VENV) with $$($$python --version)"; \
	    "$$python" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "$$python cannot make a virtual environment (Debian, Ubuntu: apt-get install python3-venv)" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer is needed$(if $(PYTHON),: $(PYTHON) is not,, and none was found; name one with PYTHON=...)" >&2; \
	exit 1
