"""Everything that is known to harm, one after the other: `make hostile`.

It ends with a table, and with a status other than 0 where somebody was cut off, lost a
message, could not join, or the server's memory grew. Times depend on the machine, and are
only reported. `--mode` and `--attack` choose some, several times.
"""

import argparse
import sys
import time

from tests.hostile import wire_attacks
from tests.hostile.on_the_wire import CALM, MODES, attacked, serving
from tests.hostile.rows import HEADINGS, MAX_GROWTH, Row, table
from tests.support.servers import Server

TIMES = 1000
ALL_MODES = (*MODES, "cluster")


def main() -> int:
    options = _options()
    begun = time.monotonic()
    rows = [row for mode in options.mode or ALL_MODES for row in on_the_wire(mode, options)]
    failed = [row for row in rows if row.failures]
    print(f"\n{table(rows)}\n")
    print(f"{len(failed)} of {len(rows)} attacks do harm, in {time.monotonic() - begun:.0f} s.")
    return 1 if failed else 0


def on_the_wire(mode: str, options: argparse.Namespace) -> "list[Row]":
    """Attack one server until it has been harmed, and then another."""
    waiting = [CALM, *(name for name in wire_attacks.ATTACKS if wanted(name, options))]
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
    parser.add_argument("--attack", action="append", choices=[*wire_attacks.ATTACKS])
    parser.add_argument("--times", type=int, default=TIMES, help="how often each is repeated")
    print(" | ".join(HEADINGS), flush=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
