"""Run every benchmark, and write what comes out into benchmarks/results."""

import os
import time
from pathlib import Path

from .machine import description
from .refusing import ROUNDS, SECONDS, SOCKETS, Result, results
from .server import pinning

TARGET = Path(__file__).parent / "results" / "refusing.md"
COLUMNS = (
    "mode",
    "refused for",
    "refused joins a second",
    "offer, quiet",
    "offer, meanwhile",
    "ratio",
    "slowest",
)


def main() -> None:
    load, started = os.getloadavg()[0], time.monotonic()
    rows = []
    for result in results():
        rows.append(_row(result))
        print(rows[-1], flush=True)
    lines = [*_introduction(load), "", *_head(), *rows, ""]
    TARGET.write_text("\n".join(lines))
    print(f"{TARGET.name} is written, after {time.monotonic() - started:.0f} s.")


def _introduction(load: float) -> list[str]:
    where = "pinned to one core, the load on the others" if pinning() else "not pinned to a core"
    return [
        "# What refusing costs",
        "",
        "`make bench`, or `python -m benchmarks`, on loopback:",
        "",
        *description(),
        f"* the server {where}; a load of {load:.1f} on the machine before the run",
        "",
        f"{SOCKETS} sockets ask to join, each again as soon as it is refused. Meanwhile a healthy",
        "host sends its client an offer of 2 kB ten times a second; its times are medians. Quiet",
        f"and busy stretches of {SECONDS} s alternate on the same server, {ROUNDS} of each. Where",
        "sockets are closed for going on, the joins include opening new ones. The load comes from",
        "Python as well, so that the joins are what the server manages at least.",
    ]


def _head() -> list[str]:
    return [f"| {' | '.join(COLUMNS)} |", "|---|---|--:|--:|--:|--:|--:|"]


def _row(result: Result) -> str:
    return (
        f"| {result.mode} | {result.kind} | {result.per_second:,.0f} | {result.quiet_ms:.2f} ms "
        f"| {result.busy_ms:.2f} ms | {result.ratio:.1f} | {result.worst_ms:.0f} ms |"
    )


if __name__ == "__main__":
    main()
