"""Measure the client of another checkout, for the page to show beside: `… -m benchmarks.presence CHECKOUT`."""

import sys
from pathlib import Path

from benchmarks.benchmark import run
from benchmarks.results import FOLDER, commit, write

checkout = Path(sys.argv[1])
result = run("presence", False, checkout=checkout)
command = "python -m benchmarks.presence CHECKOUT"
write(FOLDER, result | {"name": "presence-before", "command": command, "commit": commit(checkout)})
