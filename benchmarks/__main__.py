"""Run the benchmarks, and write what comes out into benchmarks/results.

`python -m benchmarks` runs all of them, `python -m benchmarks joins` one; with `--quick` they
only show that they run, and nothing is written.
"""

import argparse
import time
from pathlib import Path

from . import joins_report, migration_report, refusing_report

RESULTS = Path(__file__).parent / "results"
PAGES = {
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
    lines = []
    for line in PAGES[name](quick):
        lines.append(line)
        print(line, flush=True)
    seconds = f"{time.monotonic() - started:.0f} s"
    if quick:
        print(f"\n{name}: a quick run of {seconds}, of which nothing is kept.")
        return
    target = RESULTS / f"{name}.md"
    target.write_text("\n".join([*lines, ""]))
    print(f"\n{target.name} is written, after {seconds}.")


if __name__ == "__main__":
    main()
