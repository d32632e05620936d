"""Crowds within one second: until all are in, and what the server holds of them afterwards.

A row for each mode: `all_in_s` and `all_released_s` are medians over the crowds, `median_join_ms`
and `slowest_join_ms` of all joins; `load_share` is the load's share of its core; `held` has what
the server held before, after the first crowd, and after each one that followed.
"""

import gc
import json
import statistics
import time
from typing import TYPE_CHECKING

import gevent

from benchmarks.results import Figures, summary
from benchmarks.server import Server, app_command, running

from .crowd import Host, arrive_within
from .rooms import CONFIG, tokens

if TYPE_CHECKING:
    from . import Effort

SETTLED_WITHIN = 15.0


def measure(effort: "Effort") -> list[Figures]:
    rows = []
    for mode in effort.modes:
        with running(*app_command(mode, json.dumps(CONFIG))) as server:
            rows.append({"mode": mode, **_of_server(server, effort)})
    return rows


def _of_server(server: Server, effort: "Effort") -> Figures:
    address = server.address
    host = Host(address, tokens(address, "crowd", "host", 1)[0])
    waves = [
        tokens(address, "crowd", f"wave-{each}", effort.crowd) for each in range(effort.crowds)
    ]
    # The threads of the requests for tokens end a moment later.
    gevent.sleep(1)
    held = [server.held()]
    all_in, all_released, joins_ms = [], [], []
    cpu, own_cpu = server.cpu_ms(), 0.0
    for wave in waves:
        started, own = time.perf_counter(), time.process_time()
        last, arrivals = arrive_within(1.0, address, wave, host.peer.name)
        all_released.append(time.perf_counter() - started)
        own_cpu += time.process_time() - own
        all_in.append(last)
        joins_ms += [each.joined * 1000 for each in arrivals]
        host.report()
        held.append(_settled(server, held[0]))
    cpu = (server.cpu_ms() - cpu) / (effort.crowd * effort.crowds)
    host.leave()
    return {
        "all_in_s": summary(all_in),
        "all_released_s": summary(all_released),
        "median_join_ms": statistics.median(joins_ms),
        "slowest_join_ms": max(joins_ms),
        "cpu_ms": cpu,
        "load_share": own_cpu / sum(all_released),
        "held": held,
    }


def _settled(server: Server, before: dict[str, int]) -> dict[str, int]:
    # The server hears of the last goodbyes a moment later, and its timers end later still.
    gc.collect()
    deadline = time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < deadline:
        held = server.held()
        if held["sockets"] <= before["sockets"] and held["threads"] <= before["threads"]:
            break
        gevent.sleep(0.1)
    return server.held()
