"""`python -m benchmarks.presence CHECKOUT`: measure another client, for the page to show beside."""

import sys
from pathlib import Path

from benchmarks.benchmark import run
from benchmarks.results import FOLDER, commit, write

checkout = Path(sys.argv[1])
result = run("presence", False, checkout=checkout)
command = "python -m benchmarks.presence CHECKOUT"
write(FOLDER, result | {"name": "presence-before", "command": command, "commit": commit(checkout)})
