"""What the client does in sessions of many: frames, calls, changes of file, and CPU.

Whole sessions of the client's own code run in one Node, over the fake network of its tests.
`measure.mjs` does one session size: what is counted in one process, for that slows all down, and
what takes time in another one.

`figures` has for each number of clients, by what was done: `frames` by type, `states` (how many
frames of states each receiver has got: least, median, most), `calls`, `changes_of_file`, `files`;
and under `cpu_ms` summaries of milliseconds.

`python -m benchmarks.presence CHECKOUT` measures the client of another checkout, into
`presence-before.json`, which the page shows beside.
"""

import json
import statistics
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.results import CHECKOUT, Figures, summary

STATE = "Data.Connection.State"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Effort:
    """For how many clients, in how many rounds, and how many messages make one sample."""

    clients: tuple[int, ...]
    rounds: int
    messages: int


THOROUGH = Effort((10, 25, 50, 100, 200), 5, 10)
QUICK = Effort((3,), 1, 1)


def measure(effort: Effort, checkout: Path = CHECKOUT) -> Figures:
    return {str(clients): _of(checkout, clients, effort) for clients in effort.clients}


def _of(checkout: Path, clients: int, effort: Effort) -> Figures:
    counts = _run(checkout, clients, "count")
    for each in counts.values():
        received = each.pop("received", {})
        each |= {"states": _spread(received[STATE])} if STATE in received else {}
    times = _run(checkout, clients, "time", effort.rounds, effort.messages)
    return {**counts, "cpu_ms": {name: summary(samples) for name, samples in times.items()}}


def _spread(values: list[int]) -> Mapping[str, float]:
    return {"least": min(values), "median": statistics.median(values), "most": max(values)}


def _run(checkout: Path, *arguments: object) -> Any:
    command = ["node", str(HERE / "measure.mjs"), str(checkout.resolve()), *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
