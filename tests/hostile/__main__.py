"""Everything that is known to harm, one after the other: `make hostile`.

It ends with a table, and with a status other than 0 where somebody was cut off, lost a
message, could not join, or the server's memory grew. Times depend on the machine, and are
only reported. `--mode` and `--attack` choose some, several times.
"""

import argparse
import sys
import time
from textwrap import indent

try:
    import pytest

    from tests.hostile import on_pages, wire_attacks
    from tests.hostile.on_the_wire import CALM, MODES, OF_THE_CLUSTER, attacked, serving
    from tests.hostile.rows import HEADINGS, MAX_GROWTH, Row, table
    from tests.kit.servers import Server
except ModuleNotFoundError as error:
    raise SystemExit(
        f"There is no {error.name}. `make hostile` installs what is needed; after that it is"
        " `.venv/bin/python -m tests.hostile`."
    ) from None

TIMES = 1000
PAGES = "pages"
ALL_MODES = (*MODES, "cluster", PAGES)
COLUMNS = """\
In each mode five talk to each other, by numbered signals over the server or, between pages, by
messages over the host, first without an attack (calm) and then beside each. The columns:

  sent, lost, twice  what the five have sent, and what of it never came, or came twice
  p50, p95           how many milliseconds it took: half of it, and 95 of 100
  gap                the longest time in which one of them heard nothing of another, in ms
  join               how long who came meanwhile took to be in, at most, in ms
  MiB                by how much the server's memory has grown
  remarks            ok; FAILED: harm was done; missed: it was slow, which may be the machine
"""


def main() -> int:
    options = chosen()
    print(" | ".join(HEADINGS), flush=True)
    begun = time.monotonic()
    rows: list[Row] = []
    try:
        for mode, names in options.wanted.items():
            is_wire = mode != PAGES
            rows += on_the_wire(mode, names, options.times) if is_wire else between_pages(names)
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        # The programs that tests need are looked for in the tests' own way.
        raise SystemExit(str(error)) from None
    failed = [row for row in rows if row.failures]
    harmful = [row for row in failed if row.attack != CALM]
    attacks = sum(row.attack != CALM for row in rows)
    print(f"\n{table(rows)}\n")
    print(f"{len(harmful)} of {attacks} attacks do harm, in {time.monotonic() - begun:.0f} s.")
    if len(failed) > len(harmful):
        print("Something is amiss without any attack: see the rows that are called calm.")
    return 1 if failed else 0


def on_the_wire(mode: str, names: "list[str]", times: int) -> "list[Row]":
    """Attack one server until it has been harmed, and then another."""
    waiting = [CALM, *names]
    rows: list[Row] = []
    while waiting:
        with serving(mode) as servers:
            # What a server takes when it is used for the first time is no growth.
            attacked(mode, servers, CALM, 0)
            while waiting:
                rows.append(measured(mode, servers, waiting.pop(0), times))
                print(" | ".join(rows[-1].cells()), flush=True)
                if rows[-1].failures:
                    break
    return rows


def between_pages(names: "list[str]") -> "list[Row]":
    """Attack pages by a page, each time in a session of its own."""
    rows = []
    with serving("threading") as servers, on_pages.browsing() as browser:
        for name in (CALM, *names):
            rows.append(on_pages.attacked(browser, servers[0], name))
            print(" | ".join(rows[-1].cells()), flush=True)
    return rows


def measured(mode: str, servers: "list[Server]", name: str, times: int) -> Row:
    """Attack once, and where the memory has grown once more: then it is no warming up."""
    row = attacked(mode, servers, name, times)
    if row.growth > MAX_GROWTH and not row.measured["disconnects"]:
        return attacked(mode, servers, name, times)
    return row


def known(mode: str) -> "list[str]":
    """Return the attacks of a mode."""
    if mode == PAGES:
        return on_pages.names()
    return [*(OF_THE_CLUSTER if mode == "cluster" else wire_attacks.ATTACKS)]


def chosen(words: "list[str] | None" = None) -> argparse.Namespace:
    """Return what was asked for on the command line; what is `wanted`, by mode."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.hostile",
        description=__doc__,
        epilog="\n".join([COLUMNS, *map(_listed, ("threading", PAGES))]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mode", action="append", choices=ALL_MODES)
    parser.add_argument(
        "--attack", action="append", metavar="NAME", help="one of those below, in quotes"
    )
    parser.add_argument("--times", type=int, default=TIMES, help="how often each is repeated")
    options = parser.parse_args(words)
    modes = options.mode or ALL_MODES
    for name in options.attack or ():
        if not any(name in known(mode) for mode in modes):
            parser.error(f"There is no attack {name!r} in {' or '.join(modes)}; see --help.")
    wanted = {
        mode: [name for name in known(mode) if not options.attack or name in options.attack]
        for mode in modes
    }
    options.wanted = {mode: names for mode, names in wanted.items() if names}
    return options


def _listed(mode: str) -> str:
    title = "Attacks between pages" if mode == PAGES else "Attacks on a server"
    names = "\n".join(known(mode))
    return f"{title}:\n\n{indent(names, '  ')}\n"


if __name__ == "__main__":
    sys.exit(main())
