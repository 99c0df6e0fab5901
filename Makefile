# make run | test | lint | fuzz | bench | clean.  Needs Python 3.11 or later with its venv module; sets up .venv by itself, no activation.
# Once that is done, everything works without a network.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet install
JOBS ?= 2
FUZZ_SECONDS ?= 60

# Without a word from you: python3, or else a pythonX.Y that is recent enough.  The pins have wheels for 3.11 to 3.14, so a
# later Python is taken only where there is none of these.
ifeq ($(origin PYTHON),undefined)
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
else
PYTHONS := $(PYTHON)
endif

# A Python that was since removed or replaced leaves a .venv that does not run: it is made again.
ifneq ($(wildcard $(VENV)),)
ifneq ($(shell { $(BIN)/python -c 'import sys; print(sys.version_info >= (3, 11))'; } 2>/dev/null),True)
$(shell rm -rf $(VENV))
endif
endif

.PHONY: help run test lint fuzz bench clean
.DELETE_ON_ERROR:

help:
	@echo 'make run    serve the demo: inside its VPC on 127.0.0.1:1053, outside on 127.0.0.1:1054'
	@echo 'make test   all tests; the rooms of the query path want every branch covered'
	@echo 'make lint   style, format and types'
	@echo 'make fuzz   packets, replies and files that nobody would write, FUZZ_SECONDS (60) of each kind'
	@echo 'make bench  measure vpcdns beside dnsmasq, unbound and named; half an hour on a calm machine'
	@echo 'make clean  remove .venv and everything else that was made here'

run: $(VENV)/run.stamp
	@exec $(BIN)/python -m proxy -c config/demo.yaml serve

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest --numprocesses=$(JOBS) --cov --cov-report=
	@$(BIN)/python -m coverage report --fail-under=100 \
	    --include='proxy/dns/*,proxy/model/*,proxy/settings/*,proxy/compile/*,proxy/resolve/*'

lint: $(VENV)/dev.stamp
	@$(BIN)/python -m ruff check
	@$(BIN)/python -m ruff format --check
	@$(BIN)/python -m mypy

# What is found stays in tests/fuzz/findings, and is told with the command that runs it again.
fuzz: $(VENV)/fuzz.stamp
	@status=0; \
	for target in packets replies texts; do \
	    $(BIN)/python -m tests.fuzz $$target --seconds $(FUZZ_SECONDS) || status=1; \
	done; \
	for file in tests/fuzz/findings/*-*; do \
	    [ ! -f "$$file" ] || echo "found: $(BIN)/python -m tests.fuzz $$(basename "$$file" | cut -d - -f 1) $$file"; \
	done; \
	exit $$status

bench: $(VENV)/run.stamp
	@$(BIN)/python -m bench

clean:
	rm -rf $(VENV) dist build .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	    tests/fuzz/findings
	find . -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/run.stamp: requirements.txt | $(VENV)/venv.stamp
	@echo 'setting up $(VENV): what running needs'
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt | $(VENV)/venv.stamp
	@echo 'setting up $(VENV): what tests and lint need'
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp

$(VENV)/fuzz.stamp: tests/fuzz/requirements.txt $(VENV)/dev.stamp
	@echo 'setting up $(VENV): what fuzzing needs'
	@$(PIP) -r tests/fuzz/requirements.txt
	@touch $@

# The stamp comes last, so that an interrupted set-up is begun anew; a whole .venv of another maker is taken as it is.
$(VENV)/venv.stamp:
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	rm -rf $(VENV); \
	for newest in 14 99; do \
	    for python in $(PYTHONS); do \
	        if "$$python" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $$newest))" 2>/dev/null; then \
	            echo "setting up $(VENV) with `$$python --version`"; \
	            "$$python" -m venv $(VENV) && touch $@ && exit 0; \
	            rm -rf $(VENV); \
	            echo "$$python has no working venv module; on Debian and Ubuntu it is in the package python3-venv" >&2; \
	            exit 1; \
	        fi; \
	    done; \
	done; \
	echo 'vpcdns needs Python 3.11 or later; found none as: $(PYTHONS).' >&2; \
	echo 'Install one, or say where it is: make PYTHON=/path/to/python3.13 run' >&2; \
	exit 1
