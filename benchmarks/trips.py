"""How often a join asks the cache, and what it sends over the message queue."""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from .exchange import INTERNET
from .ours import Peer
from .redis_trips import Trips, running_redis
from .rooms import CONFIG, tokens
from .server import app_command, leave_the_core_to_the_server, running

MODE = "gevent"
STEPS = (
    "a newcomer joins",
    "its offer",
    "its answer",
    "its candidates, 6 packets",
    "it is released and goes",
    "the host's roster",
    "the first host joins",
    "the host's socket drops",
    "the host comes back to its seat",
)
QUIET = 0.25
"""Seconds after which a server that was asked has said all that it has to say."""
BEATS = 9.0
"""Seconds over which the beat of an idle worker is counted."""


@dataclass(frozen=True)
class Row:
    """Round trips to the cache, and to the message queue, of one step; medians."""

    step: str
    cache: float
    queue: float
    queue_elsewhere: float


@dataclass(frozen=True)
class Result:
    """All steps, and the round trips of a worker that has nothing to do, in a second."""

    rows: list[Row]
    idle_per_second: float


def results(rounds: int) -> Result:
    """Count with host and newcomer on one worker, and on two."""
    leave_the_core_to_the_server()
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis())
        cache, queue = Trips(redis.address), Trips(redis.address)
        for each in cache, queue:
            stack.callback(each.close)
        config = {
            **CONFIG,
            "CACHE_TYPE": "RedisCache",
            "CACHE_REDIS_URL": f"redis://{cache.address}/0",
            "QUEUE_URL": f"redis://{queue.address}/1",
        }
        command = app_command(MODE, json.dumps(config))
        here, there = (stack.enter_context(running(*command)) for _ in range(2))
        # With a socket on each, both workers tell the others every few seconds that they live.
        watchers = [
            Peer(each.address, _token(each.address, f"watched-{each.address}"))
            for each in (here, there)
        ]
        together = _Steps(cache, queue)
        apart = _Steps(cache, queue)
        for number in range(rounds):
            together.play(here.address, here.address, f"together-{number}")
            apart.play(here.address, there.address, f"apart-{number}")
            for watcher in watchers:
                watcher.tend()
        before = cache.count
        time.sleep(BEATS)
        idle = (cache.count - before) / BEATS / len(watchers)
        for watcher in watchers:
            watcher.wire.drop()
    rows = [
        Row(step, together.cache(step), together.queue(step), apart.queue(step)) for step in STEPS
    ]
    return Result(rows, idle)


def _token(address: str, session_id: str) -> str:
    return tokens(address, session_id, "host", 1)[0]


class _Steps:
    def __init__(self, cache: Trips, queue: Trips) -> None:
        self._ways = cache, queue
        self._counts: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def cache(self, step: str) -> float:
        return statistics.median(cache for cache, _ in self._counts[step])

    def queue(self, step: str) -> float:
        return statistics.median(queue for _, queue in self._counts[step])

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
        with self._counted("its candidates, 6 packets"):
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
        before = self._ways[0].count, self._ways[1].count
        yield
        time.sleep(QUIET)
        after = self._ways[0].count, self._ways[1].count
        self._counts[step].append((after[0] - before[0], after[1] - before[1]))
