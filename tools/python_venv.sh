#!/usr/bin/env bash
# python_venv.sh [PYTHON [FOLDER]]: creates .venv, or another folder, with Python; Debian and Ubuntu keep what that needs in a package of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/apt.sh
python=${1:-python3}
folder=${2:-.venv}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
  echo "Flask-P2P-Streams needs Python 3.10 or newer: make PYTHON=/path/to/python3" >&2
  exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  apt_install "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" ||
    apt_missing python3-venv
fi
"$python" -m venv "$folder"
