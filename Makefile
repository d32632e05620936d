PYTHON ?= python3
BIN := .venv/bin
NODE := bash tools/with_node.sh
CLIENT := static/dist/p2p.js

.PHONY: help demo demo-cluster build test hostile explore lint docs bench lock clean
.DELETE_ON_ERROR:

help: ## Say what there is to make.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

demo: .venv/.demo $(CLIENT) ## Start the example app; it prints its address.
	$(BIN)/python -m example_app

demo-cluster: .venv/.demo $(CLIENT) ## Start it as two workers with Redis and nginx, behind one address.
	bash tools/cluster_programs.sh
	$(BIN)/python -m example_app.cluster

build: $(CLIENT) ## Build the browser client into static/dist.

test: lint docs .venv/.dev $(CLIENT) ## Run everything: linters, docs, then the tests of the client, the server and the browsers.
	bash tools/test_programs.sh
	@files=$$(find tests/client -name '*.test.js'); test -n "$$files" || { echo "There are no tests in tests/client." >&2; exit 1; }; \
	$(NODE) node --import ./tests/client/support/examples.js --test --test-concurrency 2 $$files
	CHROMIUM=$$(bash tools/find_chromium.sh) && export CHROMIUM && $(NODE) $(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

hostile: .venv/.dev $(CLIENT) ## Attack servers and pages in every known way for ten minutes, beside five who talk; it prints a table.
	bash tools/test_programs.sh
	CHROMIUM=$$(bash tools/find_chromium.sh) && export CHROMIUM && $(BIN)/python -m tests.hostile

explore: .venv/.dev node_modules/.stamp ## Try the property tests with other examples than `make test` does, and more.
	$(BIN)/python -m pytest --hypothesis-profile explore -q $$(grep -rl "^from hypothesis" tests/unit)
	EXAMPLES=$$(date +%s); echo "EXAMPLES=$$EXAMPLES"; export EXAMPLES; \
	$(NODE) node --import ./tests/client/support/examples.js --test $$(grep -rl '"fast-check"' tests/client --include='*.test.js')

lint: .venv/.dev node_modules/.stamp ## Check the Python and JavaScript code.
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(NODE) npm run --silent lint

docs: .venv/.dev ## Build the documentation into docs/_build.
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build

bench: .venv/.dev $(CLIENT) ## Measure on this machine, and write benchmarks/results.
	$(NODE) $(BIN)/python -m benchmarks

lock: .venv/.dev ## Pin the newest versions that fit in requirements/ and package-lock.json.
	$(BIN)/pip install --quiet uv
	bash tools/lock.sh
	$(NODE) npm update --package-lock-only

clean: ## Remove everything that was built or installed.
	rm -rf .venv node_modules build dist docs/_build static/dist *.egg-info

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

node_modules/.stamp: package.json package-lock.json .npmrc | .venv/bin/pip
	$(NODE) npm ci
	touch $@

$(CLIENT): $(shell find static/js tools -name '*js') tsconfig.json node_modules/.stamp
	$(NODE) node tools/build_client.mjs
