# Everything happens in .venv, which is built when it is missing or its lock has changed, and only then.
PYTHON ?= python3
ENV := .venv/.built
BIN := .venv/bin
JOBS ?= 2

.PHONY: report test test-fast pages faults screenshots lab lint goldens rules bench simulate lock clean
.DEFAULT_GOAL := report

# Workers share the cores: threads within each would only wait for each other.
test test-fast pages faults simulate: export OMP_NUM_THREADS = 1
test test-fast pages faults simulate: export OPENBLAS_NUM_THREADS = 1
# The tests start hundreds of processes, each of which would compile the package anew.
test test-fast pages faults simulate: export PYTHONDONTWRITEBYTECODE =
# By file, as files share what they set up; in the order of tests/costs.py, which is by time and not by number of tests.
SHARED := -n $(JOBS) --dist loadfile --no-loadscope-reorder

$(ENV): requirements.lock requirements-build.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("sipnb needs Python 3.11 or newer; pass PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

report: $(ENV)  ## the plans of the simulated organisation for three months
	$(BIN)/sipnb run demo --since 2026-08 --cycle 2026-10 --jobs $(JOBS)

test: $(ENV)  ## all tests
	$(BIN)/python -m pytest $(SHARED)

test-fast: $(ENV)  ## those that need no organisation, process, server or browser, nor seconds each: under a minute on two cores
	$(BIN)/python -m pytest $(SHARED) -m "not slow"

pages: $(ENV)  ## every page of every organisation: in a browser at every width, light and dark, and what it says
	SIPNB_EVERY_PAGE=1 $(BIN)/python -m pytest tests/browser tests/report/test_published.py tests/report/test_agreement.py \
	  tests/report/test_readability.py -n $(JOBS)

faults: $(ENV)  ## exports mangled, runs killed, disks filled, hostile strings, formulas, addresses, files: a table of what came
	SIPNB_FAULTS=2000 $(BIN)/python -m pytest -n $(JOBS) tests/records/test_balance.py tests/records/test_delimited.py \
	  tests/records/test_databases.py tests/test_formulas.py tests/test_yamls.py tests/test_personal_data.py \
	  tests/browser/test_hostile.py tests/chain/test_kills.py tests/chain/test_choosing.py tests/chain/test_random_kills.py \
	  tests/chain/test_full_disks.py tests/chain/test_at_once.py tests/test_register_cycles.py \
	  tests/test_cli.py::test_papermills_own_engine_gives_the_same_bytes \
	  tests/test_notebooks.py::test_it_runs_with_its_own_defaults_by_plain_papermill_from_another_directory

screenshots: report  ## the pictures of the README
	$(BIN)/python docs/screenshots.py

lab: $(ENV)  ## JupyterLab on the notebooks
	$(BIN)/python -m jupyterlab notebooks

lint: $(ENV)  ## format check and lint, notebooks too
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

goldens: $(ENV)  ## rewrite the executed notebooks that the tests compare with
	$(BIN)/python tests/goldens/write.py

rules: $(ENV)  ## RULES.md: the rules of the quality gate, from their source
	$(BIN)/python -c "from sipnb.records import quality; open('RULES.md', 'w', encoding='utf-8').write(quality.catalogue())"

bench: $(ENV)  ## the benchmarks, each against its limit in the same run
	$(BIN)/python benchmarks/records.py
	$(BIN)/python benchmarks/portfolio.py
	$(BIN)/python benchmarks/gaps.py
	$(BIN)/python benchmarks/selection.py
	$(BIN)/python benchmarks/cycles.py --jobs $(JOBS)

simulate: $(ENV)  ## what is said though there is nothing to say, what is found that is there, and what intervals cover
	$(BIN)/python benchmarks/stable.py
	$(BIN)/python benchmarks/changes.py
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/forecasts.py
	$(BIN)/python benchmarks/levers.py --jobs $(JOBS)
	$(BIN)/python -m benchmarks.nulls --jobs $(JOBS)
	$(BIN)/python -m benchmarks.drivers --jobs $(JOBS)
	$(BIN)/python -m benchmarks.honesty --jobs $(JOBS)
	$(BIN)/python -m benchmarks.options --jobs $(JOBS)
	$(BIN)/python -m benchmarks.losses --jobs $(JOBS)
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/equal_mix.py
	$(BIN)/python benchmarks/interventions.py
	$(BIN)/python benchmarks/actions.py --jobs $(JOBS)
	$(BIN)/python benchmarks/clusters.py

LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

lock: $(ENV)  ## compile requirements.lock and requirements-build.lock: hashes, and no index host
	printf 'duckdb<2\n' > .venv/constraints.txt
	$(BIN)/uv pip compile $(LOCKED) --all-extras -c .venv/constraints.txt pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCKED) --group build -c requirements.lock -o requirements-build.lock

clean:  ## everything that can be made again, except .venv
	rm -rf reports/*/ .pytest_cache .ruff_cache dist
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
