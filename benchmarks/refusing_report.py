"""The page on what refusing costs."""

import os
from collections.abc import Iterator

from .machine import description
from .refusing import ROUNDS, SECONDS, SOCKETS, Result, results
from .server import pinning

COLUMNS = (
    "mode",
    "refused for",
    "refused joins a second",
    "offer, quiet",
    "offer, meanwhile",
    "ratio",
    "slowest",
)


def page(quick: bool) -> Iterator[str]:
    """Yield the lines of the page, as they are measured."""
    del quick
    yield from _introduction(os.getloadavg()[0])
    yield ""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    yield from map(_row, results())


def _introduction(load: float) -> list[str]:
    where = "pinned to one core, the load on the others" if pinning() else "not pinned to a core"
    return [
        "# What refusing costs",
        "",
        "`make bench`, or `python -m benchmarks refusing`, on loopback:",
        "",
        *description(),
        f"* the server {where}; a load of {load:.1f} on the machine before the run",
        "",
        f"{SOCKETS} sockets ask to join, each again as soon as it is refused. Meanwhile a healthy",
        "host sends its client an offer of 2 kB ten times a second; its times are medians. Quiet",
        f"and busy stretches of {SECONDS} s alternate on the same server, {ROUNDS} of each. Where",
        "sockets are closed for going on, the joins include opening new ones. The load comes from",
        "Python as well, so that the joins are what the server manages at least.",
        "Where the app says no, its peer's own budget of joins refuses the others, which aren't",
        "counted.",
    ]


def _row(result: Result) -> str:
    return (
        f"| {result.mode} | {result.kind} | {result.per_second:,.0f} | {result.quiet_ms:.2f} ms "
        f"| {result.busy_ms:.2f} ms | {result.ratio:.1f} | {result.worst_ms:.0f} ms |"
    )
