#!/usr/bin/env bash
# Pins versions in requirements/, for every platform and every Python since 3.10, with hashes and without an index's name.
set -euo pipefail
cd "$(dirname "$0")/.."

resolve() {
  UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.10 \
    --no-emit-index-url --no-emit-find-links "$@"
}
pin() { resolve --generate-hashes "$@"; }

# The newest versions that fit.
pin pyproject.toml --group dev --all-extras -o requirements/dev.txt
pin pyproject.toml --group demo --extra eventlet --extra redis -c requirements/dev.txt -o requirements/demo.txt
pin requirements/node.in -o requirements/node.txt

# The lowest versions that pyproject.toml allows to users; only what tests them is new.
lowest=$(mktemp)
trap 'rm -f "$lowest"' EXIT
resolve pyproject.toml --all-extras --resolution lowest-direct -o "$lowest"
pin pyproject.toml --group test --all-extras -c "$lowest" --no-annotate -o requirements/lowest.txt
