"""Run the benchmarks, and write what comes out into benchmarks/results.

`python -m benchmarks` runs all of them, `python -m benchmarks joins` one. Each writes its raw
results as NAME.json, and out of that the page NAME.md with its plots; `render` writes the pages
anew without measuring.
"""

import argparse
import time
from pathlib import Path
from tempfile import mkdtemp

from . import rendering, results
from .benchmark import BENCHMARKS, run

RENDER = "render"


def main() -> None:
    chosen = _arguments()
    folder = chosen.into or (
        Path(mkdtemp(prefix="benchmarks-")) if chosen.quick else results.FOLDER
    )
    folder.mkdir(exist_ok=True)
    names = [name for name in chosen.names if name != RENDER] or list(BENCHMARKS)
    for name in names:
        if RENDER not in chosen.names:
            _measure(name, chosen, folder)
        if result := results.read(folder, name):
            rendering.page(folder, result, BENCHMARKS[name].plots)
            print(f"{folder / name}.md is written.", flush=True)


def _measure(name: str, chosen: argparse.Namespace, folder: Path) -> None:
    started = time.monotonic()
    result = run(name, chosen.quick)
    target = results.write(folder, result)
    print(f"{target} is written, after {time.monotonic() - started:.0f} s.", flush=True)


def _arguments() -> argparse.Namespace:
    listed = "\n".join(f"  {name:10} {each.compares}" for name, each in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"benchmarks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [*BENCHMARKS, RENDER]
    parser.add_argument("names", nargs="*", metavar="NAME", help="a benchmark, or render")
    parser.add_argument(
        "--quick", action="store_true", help="see that it runs; results go to a temporary folder"
    )
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="where the results go")
    chosen = parser.parse_args()
    for name in chosen.names:
        if name not in names:
            parser.error(f"there is no {name}; there are {', '.join(names)}")
    return chosen


if __name__ == "__main__":
    main()
