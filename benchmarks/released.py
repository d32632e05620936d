"""500 joins within one second: until all are in, and what the server holds of them afterwards."""

import gc
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import gevent

from .crowd import Host, arrive_within
from .joins import MODES
from .rooms import CONFIG, tokens
from .server import Server, app_command, leave_the_core_to_the_server, running

SETTLED_WITHIN = 15.0


@dataclass(frozen=True)
class Size:
    """How many come at once, and how often."""

    crowd: int
    crowds: int


THOROUGH = Size(500, 4)
QUICK = Size(50, 2)


@dataclass(frozen=True)
class Holdings:
    """What a server's process holds: sockets, threads, and kilobytes of memory."""

    sockets: int
    threads: int
    rss_kb: int


@dataclass(frozen=True)
class Result:
    """One row; times in seconds, ``load`` is the load's share of its core."""

    mode: str
    all_in: float
    all_released: float
    median_join: float
    slowest_join: float
    cpu_ms: float
    load: float
    before: Holdings
    after_first: Holdings
    after_last: Holdings


def results(size: Size) -> Iterator[Result]:
    """Yield a row for each mode: medians over the crowds, and the slowest join of all."""
    leave_the_core_to_the_server()
    for mode in MODES:
        with running(*app_command(mode, json.dumps(CONFIG))) as server:
            yield _measure(mode, server, size)


def _measure(mode: str, server: Server, size: Size) -> Result:
    address = server.address
    host = Host(address, tokens(address, "crowd", "host", 1)[0])
    waves = [tokens(address, "crowd", f"wave-{each}", size.crowd) for each in range(size.crowds)]
    # The threads of the requests for tokens end a moment later.
    gevent.sleep(1)
    before = _holdings(server)
    held, all_in, all_released, joins = [before], [], [], []
    cpu, wall, own_cpu = server.cpu_ms(), 0.0, 0.0
    for wave in waves:
        started, own = time.perf_counter(), time.process_time()
        last, arrivals = arrive_within(1.0, address, wave, host.peer.name)
        all_released.append(time.perf_counter() - started)
        wall += all_released[-1]
        own_cpu += time.process_time() - own
        all_in.append(last)
        joins += [each.joined for each in arrivals]
        host.report()
        held.append(_settled(server, before))
    cpu = (server.cpu_ms() - cpu) / (size.crowd * size.crowds)
    host.leave()
    return Result(
        mode,
        statistics.median(all_in),
        statistics.median(all_released),
        statistics.median(joins),
        max(joins),
        cpu,
        own_cpu / wall,
        before,
        held[1],
        held[-1],
    )


def _holdings(server: Server) -> Holdings:
    return Holdings(server.sockets(), server.threads(), server.rss_kb())


def _settled(server: Server, before: Holdings) -> Holdings:
    # The server hears of the last goodbyes a moment later, and its timers end later still.
    gc.collect()
    deadline = time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < deadline:
        now = _holdings(server)
        if now.sockets <= before.sockets and now.threads <= before.threads:
            break
        gevent.sleep(0.1)
    return _holdings(server)
