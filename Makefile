# hermes-discord. Every target sets up what it needs by itself; all you need is python3 (3.11 or
# newer) and make. The first run installs, the next ones start at once: a stamp in .venv is newer
# than the lock file that it was made from.

VENV := .venv
PY := $(VENV)/bin/python
RUN_READY := $(VENV)/.ready-run
DEV_READY := $(VENV)/.ready-dev
TRAIN_READY := .venv-train/.ready
# Training needs torch, which is large. An environment of yours that has the packages of
# training/requirements.in is used as it is: make train TRAIN_PYTHON=/path/to/python
TRAIN_PYTHON ?= .venv-train/bin/python

# More words for the command: make test ARGS="-k budget", make play ARGS="--no-browser"
ARGS ?=

# An environment does not survive that the system's Python goes, nor that it becomes another one.
LOST := $(shell $(PY) -Ic 'import sys; sys.exit(not any(p.endswith("-packages") for p in sys.path))' \
	2>/dev/null || echo lost)

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup play run doctor extras backup restore test lint format bench train eval-tiny lock catalogues reference hooks clean

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; \
		do printf '%-18s %s\n' "$$name" "$$text"; done

setup: $(RUN_READY) ## Lead me from a bot token to a bot that runs
	@$(PY) -m bot setup $(ARGS)

play: $(RUN_READY) ## Talk to the bot in your browser; no account, no GPU
	@$(PY) -m bot play $(ARGS)

run: $(RUN_READY) ## Connect to Discord (DISCORD_TOKEN in the environment or in .env)
	@$(PY) -m bot run $(ARGS)

doctor: $(RUN_READY) ## Say what is wrong with the set-up, and how to mend it
	@$(PY) -m bot doctor $(ARGS)

extras: $(RUN_READY) ## Install what is optional: read_page, stocks, traces
	@sh scripts/bootstrap.sh $(VENV) requirements-extras.lock

backup: ## Copy all conversations: make backup FILE=all.rdb (the bot may run)
	@sh scripts/backup.sh backup "$(FILE)"

restore: ## Put such a copy back: make restore FILE=all.rdb
	@sh scripts/backup.sh restore "$(FILE)"

test: $(DEV_READY) ## Run all tests
	@$(PY) tests/web/find_browser.py --install >/dev/null
	$(PY) -m pytest -n auto --dist loadgroup $(ARGS)

lint: $(DEV_READY) ## Check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/basedpyright
	@sh -n scripts/bootstrap.sh && sh -n scripts/lock.sh && sh -n scripts/backup.sh && bash -n .ci/run

format: $(DEV_READY) ## Format the code and mend what can be mended
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(DEV_READY) ## Measure speed and memory
	$(PY) -m benchmarks $(ARGS)

train: $(if $(filter .venv-train/%,$(TRAIN_PYTHON)),$(TRAIN_READY)) ## Train the bundled tiny model anew
	$(TRAIN_PYTHON) -m training.train $(ARGS)

eval-tiny: $(DEV_READY) ## Measure the bundled tiny model
	$(PY) -m training.evaluate $(ARGS)

lock: $(DEV_READY) ## Write the lock files anew
	sh scripts/lock.sh $(ARGS)

catalogues: $(DEV_READY) ## Bring the translations up to date with the code
	$(PY) -m scripts.catalogues

reference: $(RUN_READY) ## Write docs/reference anew, after a change of settings or commands
	@$(PY) -m bot reference

hooks: $(DEV_READY) ## Check before every commit what CI checks
	$(VENV)/bin/pre-commit install

clean: ## Remove what the targets made (your data stays)
	rm -rf .venv .venv-train .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_READY) $(DEV_READY): $(if $(LOST),.lost)

.PHONY: .lost
.lost:

$(RUN_READY): requirements.lock scripts/bootstrap.sh
	@sh scripts/bootstrap.sh $(VENV) requirements.lock
	@$(PY) -m compileall -q bot cogs
	@touch $@

# The development lock holds everything of the other one, so it makes `play` ready as well.
$(DEV_READY): requirements-dev.lock scripts/bootstrap.sh
	@sh scripts/bootstrap.sh $(VENV) requirements-dev.lock
	@$(PY) -m compileall -q bot cogs
	@touch $(RUN_READY) $@

$(TRAIN_READY): requirements-train.lock scripts/bootstrap.sh
	@sh scripts/bootstrap.sh .venv-train requirements-train.lock
	@touch $@
