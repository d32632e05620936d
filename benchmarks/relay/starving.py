"""How long joins take while others relay as much as they may, or more.

Newcomers join a session of their own, one after the other, from the WebSocket to
`session_ready`. Quiet and busy stretches alternate on the same server, with the limits as they
are but for that of an address, from which everybody comes here.

For each mode and flood `quiet_ms` and `busy_ms` with `median` and `p95`, and their `ratio`; how
many batches were sent and passed on (`sent_per_second`, `passed_per_second`), and `share`, the part
of a core that the server used meanwhile.
"""

import itertools
import json
import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.data.rounds import percentile
from benchmarks.joins.rooms import tokens
from benchmarks.peer import Peer
from benchmarks.results import Figures
from benchmarks.server import Server, app_command, running

from .flood import FLOODS, Flood, Flooding

if TYPE_CHECKING:
    from . import Effort

CONFIG = {"P2P_JOIN_RATE": 1e6, "P2P_SOCKETIO_OPTIONS": {"ping_timeout": 120}}
PAUSE = 0.03
SETTLING = 1.0
"""Seconds after a flood until it is quiet."""
SPARE = 30
"""Tokens for clients that are closed and come again."""


def measure(effort: "Effort") -> list[Figures]:
    return [*rows(effort)]


def rows(effort: "Effort") -> Iterator[Figures]:
    for mode in effort.modes:
        with running(*app_command(mode, json.dumps(CONFIG))) as server:
            newcomers = _Newcomers(server)
            newcomers.join_for(effort.join_seconds / 2)
            for name, flood in FLOODS.items():
                yield {"mode": mode, "flood": name, **_row(newcomers, flood, effort)}
            newcomers.close()


def _row(newcomers: "_Newcomers", flood: Flood, effort: "Effort") -> Figures:
    server = newcomers.server
    quiet: list[float] = []
    busy: list[float] = []
    used, sent, passed, seconds = [], 0, 0, 0.0
    for number in range(effort.join_rounds):
        time.sleep(SETTLING)
        quiet += newcomers.join_for(effort.join_seconds)
        session = f"flood-{flood.clients}-{flood.per_second}-{number}"
        named = tokens(server.address, session, "peer", flood.clients + 1 + SPARE)
        with Flooding(server.address, named, flood) as flooding:
            before, started, were = server.cpu_ms(), time.monotonic(), flooding.counts
            busy += newcomers.join_for(effort.join_seconds)
            taken = time.monotonic() - started
            used.append((server.cpu_ms() - before) / taken / 1_000)
            now = flooding.counts
            sent, passed = sent + now[0] - were[0], passed + now[1] - were[1]
            seconds += taken
    calm, loaded = _spread(quiet), _spread(busy)
    return {
        "quiet_ms": calm,
        "busy_ms": loaded,
        "ratio": {each: loaded[each] / calm[each] for each in ("median", "p95")},
        "sent_per_second": sent / seconds,
        "passed_per_second": passed / seconds,
        "share": statistics.median(used),
    }


def _spread(times: list[float]) -> Figures:
    spread = {"median": statistics.median(times), "p95": percentile(times, 0.95)}
    return {**spread, "samples": times}


class _Newcomers:
    """A host that waits, and newcomers that come and go."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._host = Peer(server.address, tokens(server.address, "calm", "host", 1)[0])
        self._tokens = self._given_out()

    def join_for(self, seconds: float) -> list[float]:
        """Join one after the other; return the milliseconds that each join took."""
        times: list[float] = []
        over = time.monotonic() + seconds
        while time.monotonic() < over:
            token = next(self._tokens)
            started = time.perf_counter()
            newcomer = Peer(self.server.address, token)
            times.append((time.perf_counter() - started) * 1_000)
            newcomer.leave()
            self._host.report({self._host.name: "connected"})
            time.sleep(PAUSE)
        return times

    def close(self) -> None:
        self._host.wire.drop()

    def _given_out(self) -> Iterator[str]:
        for number in itertools.count():
            yield from tokens(self.server.address, "calm", f"newcomer-{number}", 500)
