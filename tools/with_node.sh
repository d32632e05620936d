#!/usr/bin/env bash
# Runs a command with Node.js 20.19 or newer on its PATH: the system's, or else one that pip puts into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

is_good() {
  command -v npm >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

if ! is_good; then
  [ -x .venv/bin/node ] || .venv/bin/pip install --quiet --no-deps --require-hashes -r requirements/node.txt
  PATH="$PWD/.venv/bin:$PATH"
fi
exec "$@"
