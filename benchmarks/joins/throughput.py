"""How many joins a second one worker and two can bear, and what each costs.

A row for each mode and set-up: summaries of joins `per_second`, and of the CPU of all workers
(`worker_ms`) and of Redis (`redis_ms`) for one join.
"""

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.results import Figures, summary
from benchmarks.server import Server, app_command, running

from .crowd import Host, arrive_for
from .redis_trips import running_redis
from .rooms import CONFIG, tokens

if TYPE_CHECKING:
    from . import Effort

SESSIONS = 8
IN_FLIGHT = 16
MOST_JOINS_PER_SECOND = 500
WARM_UP_SECONDS = 0.5


def measure(effort: "Effort") -> Figures:
    with running_redis() as redis:
        setups = itertools.product(effort.modes, effort.setups)
        rows = [_row(redis, mode, *setup, effort) for mode, setup in setups]
    return {"sessions": SESSIONS, "in_flight": IN_FLIGHT, "rows": rows}


def _row(redis: Server, mode: str, workers: int, shared: bool, effort: "Effort") -> Figures:
    url = f"redis://{redis.address}"
    cache = {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": f"{url}/0", "QUEUE_URL": url}
    command = app_command(mode, json.dumps(CONFIG | (cache if shared else {})))
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running(*command, pinned=workers == 1)) for _ in range(workers)
        ]
        sessions = [_Session(servers, number, effort) for number in range(SESSIONS)]
        for session in sessions:
            stack.callback(session.host.leave)
        newcomers = itertools.chain.from_iterable(
            zip(*(session.newcomers for session in sessions), strict=False)
        )
        arrive_for(WARM_UP_SECONDS, IN_FLIGHT, newcomers)
        rounds = [
            _round([redis, *servers], newcomers, effort.stretch_seconds)
            for _ in range(effort.stretches)
        ]
    names = ("per_second", "redis_ms", "worker_ms")
    figures = {
        name: summary(each) for name, each in zip(names, zip(*rounds, strict=True), strict=True)
    }
    return {"mode": mode, "workers": workers, "shared": shared, **figures}


class _Session:
    # Its host is on one worker, and every other newcomer on another one where there are two.

    def __init__(self, workers: list[Server], number: int, effort: "Effort") -> None:
        address = workers[number % len(workers)].address
        session_id = f"session-{number}"
        self.host = Host(address, tokens(address, session_id, "host", 1)[0])
        seconds = effort.stretches * effort.stretch_seconds + 4 * WARM_UP_SECONDS
        count = round(MOST_JOINS_PER_SECOND / SESSIONS * seconds)
        some = tokens(address, session_id, "newcomer", count)
        addresses = itertools.cycle([worker.address for worker in workers])
        self.newcomers = ((next(addresses), token, self.host.peer.name) for token in some)


def _round(
    servers: list[Server], newcomers: Iterator[tuple[str, str, str]], seconds: float
) -> tuple[float, float, float]:
    before = [each.cpu_ms() for each in servers]
    started = time.perf_counter()
    count = arrive_for(seconds, IN_FLIGHT, newcomers)
    taken = time.perf_counter() - started
    redis, *workers = (each.cpu_ms() - was for each, was in zip(servers, before, strict=True))
    return count / taken, redis / count, sum(workers) / count
