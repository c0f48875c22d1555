# Each target is one line over a Python command line. `make` alone lists them.
PYTHON ?= python3
RUN := .venv/bin/python
LOOPS := classifier/kernels/.compiled
.DEFAULT_GOAL := help
.PHONY: help serve demo data-check train tune evaluate report compare promote rollback shadow drift retrain feedback next-labels label-audit insight weekly test check bench bench-check audit licences sbom dist

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.venv/ready: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	.venv/bin/pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	touch $@

$(LOOPS): .venv/ready hatch_build.py $(wildcard classifier/kernels/*.pyx classifier/kernels/*.pxd)
	$(RUN) hatch_build.py
	touch $@

models/CURRENT: | $(LOOPS)
	$(RUN) -m training train --data data/corpus --out models

serve: models/CURRENT ## start the service on 127.0.0.1:8000 (TRIAGE_PORT); the first start prints a key
	$(RUN) -m service serve

demo: models/CURRENT ## fill the case queue with CASES (2000) demo cases of the last 30 days
	$(RUN) -m service demo --cases $(or $(CASES),2000)

data-check: $(LOOPS) ## check DATA (data/corpus) before training, against HOLDOUT; writes the rows with problems to ROWS
	$(RUN) -m training data-check --data $(or $(DATA),data/corpus) $(if $(HOLDOUT),--holdout $(HOLDOUT)) $(if $(ROWS),--rows $(ROWS))

train: $(LOOPS) ## train a model from DATA (data/corpus); the last line printed is its folder
	$(RUN) -m training train --data $(or $(DATA),data/corpus) --out models

tune: $(LOOPS) ## search settings on DATA (data/corpus) for BUDGET (10) minutes; the last line is a train.toml
	$(RUN) -m training tune --data $(or $(DATA),data/corpus) --budget-minutes $(or $(BUDGET),10) --output $(or $(OUTPUT),var/tune)

evaluate: models/CURRENT ## measure MODEL (the current one) on DATA, labelled text it has not seen
	$(RUN) -m training evaluate --data $(DATA) $(if $(MODEL),--model $(MODEL))

report: models/CURRENT ## the figures of MODEL (the current one), and where its report lies
	$(RUN) -m training report $(MODEL)

compare: models/CURRENT ## set versions A (the current one) and B side by side on DATA; PAGE=FILE.html writes a page
	$(RUN) -m training compare $(or $(A),CURRENT) $(B) --data $(DATA) $(if $(PAGE),--html $(PAGE))

promote: models/CURRENT ## make VERSION current if the gates pass on HOLDOUT (and FEEDBACK), or by FORCE=1; WHY="reason"
	$(RUN) -m training promote $(VERSION) $(if $(HOLDOUT),--holdout $(HOLDOUT)) $(if $(FEEDBACK),--feedback $(FEEDBACK)) $(if $(FORCE),--force) $(if $(WHY),--why "$(WHY)")

rollback: models/CURRENT ## go back to the version that was current before; WHY="reason"
	$(RUN) -m training rollback $(if $(WHY),--why "$(WHY)")

drift: models/CURRENT ## compare DATA, texts of today, with those of the training; FEEDBACK adds verdicts, PAGE=FILE.html a page
	$(RUN) -m training drift --data $(DATA) $(if $(MODEL),--model $(MODEL)) $(if $(FEEDBACK),--feedback $(FEEDBACK)) $(if $(PAGE),--output $(PAGE))

shadow: models/CURRENT ## try MODEL on live traffic without touching decisions; without MODEL show what a trial found
	$(RUN) -m service shadow $(if $(MODEL),start $(MODEL),report)

retrain: models/CURRENT ## feedback, training with it, gates on HOLDOUT: a candidate, nothing is promoted; VERDICTS (data/feedback)
	$(RUN) -m training retrain $(if $(HOLDOUT),--holdout $(HOLDOUT)) $(if $(DATA),--data $(DATA)) $(if $(VERDICTS),--verdicts $(VERDICTS))

feedback: $(LOOPS) ## turn exported verdicts (data/feedback) into tables in OUT (var/feedback), and say what they tell
	$(RUN) -m training feedback $(if $(DATA),--data $(DATA)) $(if $(OUT),--out $(OUT))

next-labels: models/CURRENT ## choose NUMBER (200) texts of DATA to label next, for FORMAT (label-studio, doccano or csv), into OUT
	$(RUN) -m training next-labels --data $(DATA) --number $(or $(NUMBER),200) --format $(or $(FORMAT),csv) --output $(OUT)

label-audit: $(LOOPS) ## find doubtful labels in DATA (data/corpus), write the page OUT (var/label-audit.html) to mend them
	$(RUN) -m training label-audit --data $(or $(DATA),data/corpus) --output $(or $(OUT),var/label-audit.html)

insight: $(LOOPS) ## find frequent issues and emerging words in the cases of the last 90 days anew, and list the issues
	$(RUN) -m service insight --rebuild

weekly: $(LOOPS) ## the report of WEEK (the last whole one, such as 2026-W46) for a director, into OUTPUT (var/weekly.html)
	$(RUN) -m service weekly-report $(if $(WEEK),--week $(WEEK)) --output $(or $(OUTPUT),var/weekly.html)

test: models/CURRENT ## run the whole test suite, on all cores
	$(RUN) -m pytest -n auto --dist worksteal

check: $(LOOPS) ## lint, types, import directions, declared dependencies
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports && .venv/bin/deptry .

bench: models/CURRENT ## measure speed as ratios against references in the same run, into var/bench.json; SAVE=1: docs/bench.json too
	$(RUN) -m tests.bench $(if $(SAVE),--save)

bench-check: models/CURRENT ## fail if a steady ratio has fallen by a fifth against docs/bench.json
	$(RUN) -m tests.bench.steady

audit: $(LOOPS) ## ask SERVICE (pypi, or osv) for known vulnerabilities of all locked packages
	$(RUN) -m tests.supply.audit --service $(or $(SERVICE),pypi)

licences: $(LOOPS) ## check the licences of all packages, and list them in docs/
	$(RUN) -m tests.supply.licences --write

sbom: $(LOOPS) ## write what the service is made of into OUTPUT (var/sbom.json), as CycloneDX
	$(RUN) -m tests.supply.sbom --output $(or $(OUTPUT),var/sbom.json)

dist: $(LOOPS) ## build sdist and wheel of the last commit into dist/, the same bytes each time
	$(RUN) -m tests.supply.build
