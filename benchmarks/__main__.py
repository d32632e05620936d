"""Run the benchmarks, and write what comes out into benchmarks/results.

`python -m benchmarks` runs all of them, `python -m benchmarks joins` one; with `--quick` they
only show that they run, and nothing is written.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from . import data_report, joins_report, migration_report, refusing_report
from .bars import Plot

RESULTS = Path(__file__).parent / "results"
PAGES: Mapping[str, Callable[[bool], Iterator[str | Plot]]] = {
    "data": data_report.page,
    "joins": joins_report.page,
    "migration": migration_report.page,
    "refusing": refusing_report.page,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" or ".join(PAGES))
    parser.add_argument("--quick", action="store_true", help="see that it runs; write nothing")
    chosen = parser.parse_args()
    for name in chosen.names or PAGES:
        if name not in PAGES:
            parser.error(f"there is no {name}; there are {' and '.join(PAGES)}")
        _run(name, chosen.quick)


def _run(name: str, quick: bool) -> None:
    started = time.monotonic()
    lines: list[str] = []
    plots: list[Plot] = []
    for part in PAGES[name](quick):
        line = part.line if isinstance(part, Plot) else part
        if isinstance(part, Plot):
            plots.append(part)
        lines.append(line)
        print(line, flush=True)
    seconds = f"{time.monotonic() - started:.0f} s"
    if quick:
        print(f"\n{name}: a quick run of {seconds}, of which nothing is kept.")
        return
    target = RESULTS / f"{name}.md"
    target.write_text("\n".join([*lines, ""]))
    for plot in plots:
        (RESULTS / f"{plot.name}.svg").write_text(plot.svg())
    print(f"\n{target.name} is written, after {seconds}.")


if __name__ == "__main__":
    main()
