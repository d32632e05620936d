"""What a benchmark has measured, as JSON: `benchmarks/results/NAME.json`.

Each file is one object:

* `name`, `command`: the benchmark, and what has run it; `commit`: what was measured
* `quick`: whether it was a run that only shows that it runs
* `machine`: `cores`, `processor`, `system`, `python`, and `load`, the load average before the run
* `versions`: of the packages and programs that take part, by their names
* `effort`: how much was done, and in how many rounds; its fields are those of `Effort` there
* `figures`: what came out; each benchmark's own, as its module says. Times are in the unit that
  their name ends with
* `published`: only in files whose raw samples are gone; says where the figures come from

A figure that was measured in several rounds is an object as `summary` returns it.
"""

import json
import re
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
FOLDER = CHECKOUT / "benchmarks/results"
Figures = dict[str, Any]
DIGITS = 6
"""So many digits of a sample are kept: more than any clock here is good for."""


def summary(samples: Sequence[float], **bases: Sequence[float]) -> Figures:
    """Return the `median`, the `least` and the `most` of all rounds, and the `samples` themselves.

    :param bases: the samples of others in the same rounds. `to` has for each the median of the
        ratios of one round each, as a machine's speed drifts.
    """
    ratios = {
        name: statistics.median(one / other for one, other in zip(samples, base, strict=True))
        for name, base in bases.items()
    }
    spread = {"median": statistics.median(samples), "least": min(samples), "most": max(samples)}
    return spread | ({"to": ratios} if ratios else {}) | {"samples": list(samples)}


def write(folder: Path, result: Figures) -> Path:
    target = folder / f"{result['name']}.json"
    # A list of figures is one line.
    text = json.dumps(_plain(result), indent=1, ensure_ascii=False)
    lists = re.compile(r"\[\s+([^][{}]*?)\s+]")
    target.write_text(lists.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n")
    return target


def read(folder: Path, name: str) -> Figures | None:
    """Return a result, or None where there is none."""
    path = folder / f"{name}.json"
    return dict(json.loads(path.read_text())) if path.exists() else None


def commit(checkout: Path) -> str:
    """Return the commit that is checked out, and whether files differ from it."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _plain(value: Any) -> Any:
    """Return what JSON can hold, with no more digits than mean something."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
