"""Everything that is known to harm, one after the other: `make hostile`.

It ends with a table, and with a status other than 0 where somebody was cut off, lost a
message, could not join, or the server's memory grew. Times depend on the machine, and are
only reported. `--mode` and `--attack` choose some, several times.
"""

import argparse
import sys
import time

from tests.hostile import on_pages, wire_attacks
from tests.hostile.on_the_wire import CALM, MODES, OF_THE_CLUSTER, attacked, serving
from tests.hostile.rows import HEADINGS, MAX_GROWTH, Row, table
from tests.support.servers import Server

TIMES = 1000
PAGES = "pages"
ALL_MODES = (*MODES, "cluster", PAGES)


def main() -> int:
    options = _options()
    begun = time.monotonic()
    rows: list[Row] = []
    for mode in options.mode or ALL_MODES:
        rows += between_pages(options) if mode == PAGES else on_the_wire(mode, options)
    failed = [row for row in rows if row.failures]
    print(f"\n{table(rows)}\n")
    print(f"{len(failed)} of {len(rows)} attacks do harm, in {time.monotonic() - begun:.0f} s.")
    return 1 if failed else 0


def on_the_wire(mode: str, options: argparse.Namespace) -> "list[Row]":
    """Attack one server until it has been harmed, and then another."""
    known = OF_THE_CLUSTER if mode == "cluster" else wire_attacks.ATTACKS
    waiting = [CALM, *(name for name in known if wanted(name, options))]
    rows: list[Row] = []
    while waiting:
        with serving(mode) as servers:
            # What a server takes when it is used for the first time is no growth.
            attacked(mode, servers, CALM, 0)
            while waiting:
                rows.append(measured(mode, servers, waiting.pop(0), options.times))
                print(" | ".join(rows[-1].cells()), flush=True)
                if rows[-1].failures:
                    break
    return rows


def between_pages(options: argparse.Namespace) -> "list[Row]":
    """Attack pages by a page, each time in a session of its own."""
    rows = []
    waiting = [CALM, *(name for name in on_pages.names() if wanted(name, options))]
    with serving("threading") as servers, on_pages.browsing() as browser:
        for name in waiting:
            rows.append(on_pages.attacked(browser, servers[0], name))
            print(" | ".join(rows[-1].cells()), flush=True)
    return rows


def measured(mode: str, servers: "list[Server]", name: str, times: int) -> Row:
    """Attack once, and where the memory has grown once more: then it is no warming up."""
    row = attacked(mode, servers, name, times)
    if row.growth > MAX_GROWTH and not row.measured["disconnects"]:
        return attacked(mode, servers, name, times)
    return row


def wanted(name: str, options: argparse.Namespace) -> bool:
    return not options.attack or name in options.attack


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--mode", action="append", choices=ALL_MODES)
    parser.add_argument(
        "--attack", action="append", choices=[*wire_attacks.ATTACKS, *on_pages.names()]
    )
    parser.add_argument("--times", type=int, default=TIMES, help="how often each is repeated")
    print(" | ".join(HEADINGS), flush=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
