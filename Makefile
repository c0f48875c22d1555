# Each target is one line over a Python command line. `make` alone lists them.
PYTHON ?= python3
RUN := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help serve demo train tune evaluate test check bench

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.venv/ready: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	.venv/bin/pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	touch $@

models/CURRENT: | .venv/ready
	$(RUN) -m training train --data data/corpus --out models

serve: models/CURRENT ## start the service on 127.0.0.1:8000 (TRIAGE_PORT); the first start prints a key
	$(RUN) -m service serve

demo: models/CURRENT ## fill the case queue with CASES (2000) demo cases of the last 30 days
	$(RUN) -m service demo --cases $(or $(CASES),2000)

train: .venv/ready ## train a model from DATA (data/corpus); the last line printed is its folder
	$(RUN) -m training train --data $(or $(DATA),data/corpus) --out models

tune: .venv/ready ## search settings on DATA (data/corpus) for BUDGET (10) minutes; the last line is a train.toml
	$(RUN) -m training tune --data $(or $(DATA),data/corpus) --budget-minutes $(or $(BUDGET),10) --output $(or $(OUTPUT),var/tune)

evaluate: models/CURRENT ## measure MODEL (the current one) on DATA, labelled text it has not seen
	$(RUN) -m training evaluate --data $(DATA) $(if $(MODEL),--model $(MODEL))

test: models/CURRENT ## run the whole test suite, on all cores
	$(RUN) -m pytest -n auto --dist worksteal

check: .venv/ready ## lint, types, import directions, declared dependencies
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports && .venv/bin/deptry .

bench: models/CURRENT ## measure speed as ratios against references in the same run
	$(RUN) -m tests.bench
