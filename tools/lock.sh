#!/usr/bin/env bash
# Pins the newest versions that fit, for every platform and every Python since 3.10, with hashes and without an index's name.
set -euo pipefail
cd "$(dirname "$0")/.."

pin() {
  UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.10 \
    --generate-hashes --no-emit-index-url --no-emit-find-links "$@"
}

pin pyproject.toml --group dev --all-extras -o requirements/dev.txt
pin pyproject.toml --group demo --extra eventlet --extra redis -c requirements/dev.txt -o requirements/demo.txt
pin requirements/node.in -o requirements/node.txt
