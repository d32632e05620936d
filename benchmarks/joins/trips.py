"""How often a join asks the cache, and what it sends over the message queue.

`rows` has for each step the round trips to the cache, to the queue with host and newcomer on one
worker, and on two: medians. `idle_per_second` is of a worker that has nothing to do.
"""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from benchmarks.exchange import INTERNET
from benchmarks.peer import Peer
from benchmarks.results import Figures
from benchmarks.server import app_command, running

from .redis_trips import Trips, running_redis
from .rooms import CONFIG, tokens

if TYPE_CHECKING:
    from . import Effort

MODE = "gevent"
QUIET = 0.25
"""Seconds after which a server that was asked has said all that it has to say."""
BEATS = 9.0
"""Seconds over which the beat of an idle worker is counted; few where it is only tried."""


def measure(effort: "Effort") -> Figures:
    """Count with host and newcomer on one worker, and on two."""
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis())
        cache, queue = (stack.enter_context(Trips(redis.address)) for _ in range(2))
        config = {
            **CONFIG,
            "CACHE_TYPE": "RedisCache",
            "CACHE_REDIS_URL": f"redis://{cache.address}/0",
            "QUEUE_URL": f"redis://{queue.address}/1",
        }
        command = app_command(MODE, json.dumps(config))
        here, there = (stack.enter_context(running(*command)).address for _ in range(2))
        # With a socket on each, both workers tell the others every few seconds that they live.
        watchers = [Peer(each, _token(each, f"watched-{each}")) for each in (here, there)]
        together, apart = _Steps(cache, queue), _Steps(cache, queue)
        for number in range(effort.trips):
            together.play(here, here, f"together-{number}")
            apart.play(here, there, f"apart-{number}")
            for watcher in watchers:
                watcher.tend()
        idle = _beats(cache, BEATS if effort.trips > 1 else QUIET) / len(watchers)
        for watcher in watchers:
            watcher.wire.drop()
    rows = [
        {
            "step": step,
            "cache": here[0],
            "queue": here[1],
            "queue_elsewhere": apart.medians[step][1],
        }
        for step, here in together.medians.items()
    ]
    return {"mode": MODE, "rows": rows, "idle_per_second": idle}


def _beats(cache: Trips, seconds: float) -> float:
    before = cache.count
    time.sleep(seconds)
    return (cache.count - before) / seconds


def _token(address: str, session_id: str) -> str:
    return tokens(address, session_id, "host", 1)[0]


class _Steps:
    def __init__(self, *ways: Trips) -> None:
        self._ways = ways
        self._counts: dict[str, list[list[int]]] = defaultdict(list)

    @property
    def medians(self) -> dict[str, list[float]]:
        """The round trips of each step: to the cache, and to the queue."""
        counts = self._counts.items()
        return {step: [*map(statistics.median, zip(*each, strict=True))] for step, each in counts}

    def play(self, host_at: str, newcomer_at: str, session_id: str) -> None:
        host_token = _token(host_at, session_id)
        token = tokens(newcomer_at, session_id, "newcomer", 1)[0]
        with self._counted("the first host joins"):
            host = Peer(host_at, host_token)
        with self._counted("a newcomer joins"):
            newcomer = Peer(newcomer_at, token)
            host.wait_for(f'42/p2p,["session_ready",{{"peer_id":"{newcomer.name}"')
        with self._counted("its offer"):
            host.wire.send(host.description("sdp_offer", newcomer.name, "n"))
            newcomer.wait_for('42/p2p,["sdp_offer"')
        with self._counted("its answer"):
            newcomer.wire.send(newcomer.description("sdp_answer", host.name, "n"))
            host.wait_for('42/p2p,["sdp_answer"')
        with self._counted(f"its candidates, {2 * len(INTERNET)} packets"):
            for batch in INTERNET:
                host.wire.send(host.candidates(newcomer.name, "n", batch))
                newcomer.wire.send(newcomer.candidates(host.name, "n", batch))
            for peer in host, newcomer:
                for _ in INTERNET:
                    peer.wait_for('42/p2p,["ice_candidate"')
        with self._counted("it is released and goes"):
            newcomer.leave()
        with self._counted("the host's roster"):
            host.report({host.name: "connected", newcomer.name: "connected"})
        with self._counted("the host's socket drops"):
            host.wire.drop()
        with self._counted("the host comes back to its seat"):
            host = Peer(host_at, host_token, seat=host.ready["seat"])
        host.wire.drop()
        time.sleep(QUIET)

    @contextmanager
    def _counted(self, step: str) -> Iterator[None]:
        before = [way.count for way in self._ways]
        yield
        time.sleep(QUIET)
        counts = [way.count - was for way, was in zip(self._ways, before, strict=True)]
        self._counts[step].append(counts)
