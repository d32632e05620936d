PYTHON ?= python3
BIN := .venv/bin
NODE := bash tools/with_node.sh
CLIENT := static/dist/p2p.js
# Those that need neither a server nor a browser of their own.
FAST_TESTS := tests/unit tests/app
NODE_TESTS := --import ./tests/client/support/examples.js --test
PYTEST := -m pytest --dist loadfile --numprocesses
# Parts that don't need each other run two at a time, each of which prints what it has to say at its end.
SIDE_BY_SIDE := $(MAKE) --no-print-directory --jobs 2
IN_ONE_PIECE := bash tools/in_one_piece.sh

.PHONY: help demo demo-cluster build check test hostile explore lint docs bench lock clean
.PHONY: lint-python lint-client test-fast test-client test-lowest test-slow
.DELETE_ON_ERROR:

help: ## Say what there is to make.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

demo: .venv/.demo $(CLIENT) ## Start the example app; it prints its address.
	$(BIN)/python -m example_app

demo-cluster: .venv/.demo $(CLIENT) ## Start it as two workers with Redis and nginx, behind one address.
	bash tools/cluster_programs.sh
	$(BIN)/python -m example_app.cluster

build: $(CLIENT) ## Build the browser client into static/dist.

# The property tests try a fifth of the examples that `make test` tries, and the stories a tenth.
check: .venv/.dev $(CLIENT) ## Before each commit: linters and types, then the tests that need no server and no browser.
	STORIES=200 PROMISES=20 PYTEST_ADDOPTS=--hypothesis-profile=check $(SIDE_BY_SIDE) test-fast lint-python lint-client test-client

test: .venv/.dev .venv-lowest/.stamp $(CLIENT) ## Run everything: linters, docs, then the tests of the client, the server and the browsers.
	bash tools/test_programs.sh
	$(SIDE_BY_SIDE) test-fast lint-python lint-client test-client docs test-lowest
	$(MAKE) --no-print-directory test-slow

hostile: .venv/.dev $(CLIENT) ## Attack servers and pages in every known way for ten minutes, beside five who talk; it prints a table.
	bash tools/test_programs.sh
	CHROMIUM=$$(bash tools/find_chromium.sh) && export CHROMIUM && $(BIN)/python -m tests.hostile

explore: .venv/.dev node_modules/.stamp ## Try the property tests with other examples than `make test` does, and more.
	$(BIN)/python -m pytest --hypothesis-profile explore -q $$(grep -rl "^from hypothesis" tests/unit)
	EXAMPLES=$$(date +%s); echo "EXAMPLES=$$EXAMPLES"; export EXAMPLES; \
	$(NODE) node $(NODE_TESTS) $$(grep -rl '"fast-check"' tests/client --include='*.test.js')

lint: lint-python lint-client ## Check the Python and JavaScript code.

docs: .venv/.dev ## Build the documentation into docs/_build.
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build

# The parts of `check` and `test`.

lint-python: .venv/.dev
	@$(IN_ONE_PIECE) $@ $(BIN)/ruff check
	@$(IN_ONE_PIECE) $@ $(BIN)/lint-imports --no-logo
	@$(IN_ONE_PIECE) $@ $(BIN)/mypy

lint-client: node_modules/.stamp
	@$(IN_ONE_PIECE) $@ $(NODE) npm run --silent lint

test-fast: .venv/.dev $(CLIENT)
	@$(IN_ONE_PIECE) $@ $(BIN)/python $(PYTEST) 2 --quiet $(FAST_TESTS)

test-client: node_modules/.stamp
	@$(IN_ONE_PIECE) $@ $(NODE) node $(NODE_TESTS) --test-concurrency 2 --test-reporter dot \
		$(or $(shell find tests/client -name '*.test.js'),$(error There are no tests in tests/client))

# With the lowest versions that pyproject.toml allows.
test-lowest: .venv-lowest/.stamp $(CLIENT)
	@$(IN_ONE_PIECE) $@ .venv-lowest/bin/python $(PYTEST) 2 --quiet $(FAST_TESTS)

test-slow: .venv/.dev $(CLIENT)
	CHROMIUM=$$(bash tools/find_chromium.sh) && export CHROMIUM && \
	$(NODE) $(BIN)/python $(PYTEST) 4 --no-loadscope-reorder $(FAST_TESTS:%=--ignore %)

bench: .venv/.dev $(CLIENT) ## Measure on this machine, and write benchmarks/results.
	bash tools/test_programs.sh
	CHROMIUM=$$(bash tools/find_chromium.sh) && export CHROMIUM && $(NODE) $(BIN)/python -m benchmarks

lock: .venv/.dev ## Pin the newest versions that fit in requirements/ and package-lock.json.
	$(BIN)/pip install --quiet uv
	bash tools/lock.sh
	$(NODE) npm update --package-lock-only

clean: ## Remove everything that was built or installed.
	rm -rf .venv .venv-lowest node_modules build dist docs/_build static/dist *.egg-info

# Stamp files: a second call has nothing slow to do.

.venv/bin/pip:
	bash tools/python_venv.sh $(PYTHON)

.venv/.demo: requirements/demo.txt pyproject.toml setup.py | .venv/bin/pip $(CLIENT)
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/demo.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: requirements/dev.txt .venv/.demo
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	touch $@

.venv-lowest/bin/pip:
	bash tools/python_venv.sh $(PYTHON) .venv-lowest

.venv-lowest/.stamp: requirements/lowest.txt pyproject.toml setup.py | .venv-lowest/bin/pip $(CLIENT)
	.venv-lowest/bin/pip install --quiet --no-deps --require-hashes -r requirements/lowest.txt
	.venv-lowest/bin/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

node_modules/.stamp: package.json package-lock.json .npmrc | .venv/bin/pip
	$(NODE) npm ci
	touch $@

$(CLIENT): $(shell find static/js tools -name '*js') tsconfig.json node_modules/.stamp
	$(NODE) node tools/build_client.mjs
