# Homenode: `make run` starts everything, `make test` checks everything; both begin with `make setup`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: help setup setup-run setup-test run test shifted lint format types deploy-check bench goldens lock audit tabler torture docker-test typescript clean
# Bytecode is kept, whatever the environment says: tests start a hundred processes, and each would compile everything.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough; `make PYTHON=/path/to/python3 run` names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
# One process a core and one more, for browsers and consoles keep their tests waiting half of the time; three at least,
# so that tests of several processes stay honest, and eight at most, for each has a database.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((n < 2 ? 3 : n > 7 ? 8 : n + 1)))
# How long the storm of `make torture` lasts.
MINUTES ?= 5
# One line per package, so that a slow network is seen to move; the rest of pip's words only when it fails.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --progress-bar off
# What each use installs, pinned by hash. Compiled from the short .in files beside them by `make lock`.
REQUIRED_TO_RUN := requirements/product.txt requirements/local.txt
REQUIRED_TO_TEST := $(REQUIRED_TO_RUN) requirements/dev.txt
AS_REQUIRED = --require-hashes $(addprefix -r ,$(1))
UV := $(BIN)/uv
BRIEF := 2>&1 | sed -un -e 's/^Collecting \([^ ]*\).*/  \1/p' -e 's/^Installing collected packages.*/  installing/p' \
	-e '/^ *ERROR/p' -e '/^error/p'

help:
	@echo "make run    start the console on http://127.0.0.1:8000 (PORT, HOMENODE_DATA, DATABASE_URL, REDIS_URL)"
	@echo "make test   lint, types and the tests, of those that take long one in five (TURN=all for all,"
	@echo "            NO_BROWSER=1 without a browser, PYTEST='...' for options)"
	@echo "make shifted  the tests without a browser under other clocks (faketime)"
	@echo "make torture  the same tests whole, for hours, and a storm of faults under load (MINUTES=5 of it)"
	@echo "make lint | format | types | bench | goldens | lock | audit | clean"

setup: setup-test
setup-run: $(VENV)/.run
setup-test: $(VENV)/.test

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Homenode needs Python 3.11 or newer; this machine has: $$(python3 --version 2>&1)." \
		"Install a newer one, or name it: make PYTHON=/path/to/python3 run" >&2; exit 1; }
	@echo "Making a virtual environment with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian: apt install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.run: $(REQUIRED_TO_RUN) $(VENV)/.made
	@echo "Installing the requirements (once; some 30 MB)"
	@$(PIP) $(call AS_REQUIRED,$(REQUIRED_TO_RUN)) $(BRIEF)
	@touch $@

$(VENV)/.test: $(REQUIRED_TO_TEST) $(VENV)/.made
	@echo "Installing the requirements of the tests (once; some 200 MB)"
	@$(PIP) $(call AS_REQUIRED,$(REQUIRED_TO_TEST)) $(BRIEF)
	@touch $(VENV)/.run $@

run: setup-run
	@exec $(BIN)/python manage.py up

# A file stays in one process: its tests share a browser, or a console that they start, hurt and stop in order.
# The long files come first (tests/conftest.py), so that no process is left alone with one of them in the end.
# (The marks of --dist loadgroup are ignored in silence with pytest 9.2: pytest-xdist issue 1386.)
# The types are checked beside the tests, half a minute of a core that would be idle; what is wrong with them is said last.
test: setup-test lint
	@$(BIN)/python -m tests.tools
	@said=$$(mktemp); $(TYPES) >"$$said" 2>&1 & types=$$!; \
	trap 'kill $$types 2>/dev/null || true; rm -f "$$said"' EXIT; tests=0; \
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST) || tests=$$?; \
	wait $$types || { echo "The types are wrong (make types):"; cat "$$said"; exit 1; }; \
	exit $$tests

# The same tests whole: every cut of a run, ten times the examples, what is marked slow (tests/support/torture.py). Then the whole
# product in a storm, alone: as long as MINUTES says, another one with SEED=, its table kept with STORM_PAGE=1 (tests/storm).
torture: setup-test
	@$(BIN)/python -m tests.tools
	@TORTURE=1 MINUTES=$(MINUTES) $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
		-o faulthandler_timeout=7200 --ignore tests/storm $(PYTEST)
	@TORTURE=1 MINUTES=$(MINUTES) $(BIN)/python -m pytest -q -s -p no:xdist -o faulthandler_timeout=36000 tests/storm

# All that needs no browser, under other clocks (tests/support/shifted.py; Debian's faketime).
shifted: setup-test
	@TIME_ZONE=UTC $(BIN)/python -m tests.support.shifted "+400 days" -n $(WORKERS) --dist loadfile $(PYTEST)
	@TIME_ZONE=UTC $(BIN)/python -m tests.support.shifted "2026-12-31 23:59" -n $(WORKERS) --dist loadfile $(PYTEST)
	@TIME_ZONE=Europe/Berlin $(BIN)/python -m tests.support.shifted dst -n $(WORKERS) --dist loadfile $(PYTEST)

# The image built and compose.yml run without a daemon, through a restart, a backup and a restore. Root on Debian; a
# quarter of an hour the first time. What it needs is installed by tests/containers/engine.py.
docker-test: setup-test
	@$(BIN)/python -m tests.tools
	@$(BIN)/python -m pytest -q -x -p no:xdist -o faulthandler_timeout=1800 tests/containers

# Types of a TypeScript client from the schema of the API, and a program that is checked against them and used. Needs npm
# and the network, so that no other test waits for them.
typescript: setup-test
	@$(BIN)/python -m pytest -q -x -p no:xdist tests/typescript

lint: setup-test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/oxlint --quiet --deny-warnings static/js
	@$(BIN)/djangofmt --quiet --check templates || { echo "Templates: run make format"; exit 1; }
	@report=$$($(BIN)/lint-imports --no-cache) || { echo "$$report"; exit 1; }

format: setup-test
	@$(BIN)/djangofmt --quiet templates

TYPES := $(BIN)/mypy --no-error-summary .
types: setup-test
	@$(TYPES)

# What production would run with must be free of warnings, and every model change has its migration.
deploy-check: setup-test
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@DATABASE_URL=postgresql://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 ALLOWED_HOSTS=console.example.org \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

# Ratios inside one run, written into docs/benchmarks.md; it ends red when one of them did not hold.
USERS ?= 1000000
bench: setup-test
	@BENCH_PAGE=1 USERS=$(USERS) $(BIN)/python -m pytest -q -s -p no:xdist tests/bench

goldens: setup-test
	@UPDATE_GOLDENS=1 $(BIN)/python -m pytest -q -k golden_log tests/recovery/rules/test_recovery_goldens.py
	@git --no-pager diff --stat -- tests/scenarios

# Compile requirements/*.in: all platforms, with hashes, nothing that was released within the last week. Pins that
# the .in files leave open stay as they are; `make lock UPGRADE=--upgrade` takes the newest that are old enough.
lock: $(UV)
	@for name in product local dev audit containers; do \
		$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --exclude-newer "1 week" \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE) \
			requirements/$$name.in -o requirements/$$name.txt; done

$(UV): $(VENV)/.made
	@$(PIP) --quiet uv==0.13.6

# Known vulnerabilities of what is installed; asks a database on the network, so no test does it. What could not be
# looked up fails too: silence is no clean bill.
audit: $(VENV)/.audit/.made
	@$(VENV)/.audit/bin/pip-audit --strict --disable-pip --require-hashes $(addprefix -r ,$(REQUIRED_TO_TEST))

$(VENV)/.audit/.made: requirements/audit.txt $(VENV)/.made
	@$(PYTHON) -m venv $(VENV)/.audit
	@$(VENV)/.audit/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/audit.txt
	@touch $@

# Tabler's stylesheet without what no template, script or view names. Needs node and the network, so that only who takes
# a new class of Tabler's, or a new version, runs it; tests/house/test_tabler.py says when that is needed.
TABLER := @tabler/core@1.6.1
PURGECSS := purgecss@8.0.0
# What no file names as it stands: scripts and the browser set it on elements that are there.
MADE_AT_RUN_TIME := data-bs-theme light dark aria-describedby aria-disabled aria-expanded true
tabler:
	@made=$$(mktemp -d) && trap 'rm -rf "$$made"' EXIT && root=$$PWD && cd "$$made" && \
	npm install --silent --no-audit --no-fund --ignore-scripts $(TABLER) $(PURGECSS) && \
	css=node_modules/@tabler/core/dist/css/tabler.min.css && \
	sed '/^[/][*]# sourceMappingURL/d' $$css | grep -oE '\.-?[_a-zA-Z]([\]?[-_a-zA-Z0-9]|[\].)*' | tr -d '.\\' | \
		LC_ALL=C sort -u > "$$root/tests/vendor/tabler/classes.txt" && \
	node_modules/.bin/purgecss --css $$css --output out.css --content "$$root/templates/**/*.html" "$$root/static/js/**/*.js" \
		"$$root/topology/**/*.py" "$$root/assignments/**/*.py" --safelist $(MADE_AT_RUN_TIME) && \
	sed '/^[/][*]# sourceMappingURL/d' out.css > "$$root/static/vendor/tabler/tabler.min.css" && \
	wc -c "$$root/static/vendor/tabler/tabler.min.css"

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Kept: .data, which holds the database."
