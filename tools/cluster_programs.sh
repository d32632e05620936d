#!/usr/bin/env bash
# Sees to the programs of `make demo-cluster`: redis-server and nginx. It starts its own; no service of Debian's is needed.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/apt.sh

need redis-server redis-server
need nginx nginx-light
