"""How many joins a second one worker and two can bear, and what each costs."""

import itertools
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from .crowd import Host, arrive_for
from .joins import MODES
from .redis_trips import running_redis
from .rooms import CONFIG, tokens
from .server import Server, app_command, leave_the_core_to_the_server, running

SESSIONS = 8
IN_FLIGHT = 16
MOST_JOINS_PER_SECOND = 500


@dataclass(frozen=True)
class Setup:
    """How many workers, and whether they share a cache and a queue."""

    workers: int
    shared: bool


SETUPS = (Setup(1, False), Setup(1, True), Setup(2, True))


@dataclass(frozen=True)
class Effort:
    """How often each mode is measured, and for how many seconds."""

    rounds: int
    seconds: float


THOROUGH = Effort(3, 3.0)
QUICK = Effort(1, 1.0)


@dataclass(frozen=True)
class Result:
    """One row; the CPU is that of all workers, and of Redis, for one join."""

    mode: str
    setup: Setup
    per_second: float
    worker_ms: float
    redis_ms: float


def results(effort: Effort) -> Iterator[Result]:
    """Yield a row for each mode and set-up; medians over the rounds."""
    leave_the_core_to_the_server()
    with running_redis() as redis:
        for mode, setup in itertools.product(MODES, SETUPS):
            yield _measure(redis, mode, setup, effort)


def _measure(redis: Server, mode: str, setup: Setup, effort: Effort) -> Result:
    config: dict[str, object] = dict(CONFIG)
    if setup.shared:
        url = f"redis://{redis.address}"
        config |= {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": f"{url}/0", "QUEUE_URL": url}
    command = app_command(mode, json.dumps(config))
    with ExitStack() as stack:
        alone = setup.workers == 1
        workers = [
            stack.enter_context(running(*command, pinned=alone)) for _ in range(setup.workers)
        ]
        sessions = [_Session(workers, number, effort) for number in range(SESSIONS)]
        for session in sessions:
            stack.callback(session.host.leave)
        newcomers = itertools.chain.from_iterable(
            zip(*(session.newcomers for session in sessions), strict=False)
        )
        arrive_for(0.5, IN_FLIGHT, newcomers)
        rounds = [_round(redis, workers, newcomers, effort) for _ in range(effort.rounds)]
    medians = (statistics.median(each) for each in zip(*rounds, strict=True))
    return Result(mode, setup, *medians)


class _Session:
    # Its host is on one worker, and every other newcomer on another one where there are two.

    def __init__(self, workers: list[Server], number: int, effort: Effort) -> None:
        address = workers[number % len(workers)].address
        session_id = f"session-{number}"
        self.host = Host(address, tokens(address, session_id, "host", 1)[0])
        count = round(MOST_JOINS_PER_SECOND / SESSIONS * (effort.rounds * effort.seconds + 2))
        some = tokens(address, session_id, "newcomer", count)
        addresses = itertools.cycle([worker.address for worker in workers])
        name = self.host.peer.name
        self.newcomers = ((next(addresses), token, name) for token in some)


def _round(
    redis: Server, workers: list[Server], newcomers: Iterator[tuple[str, str, str]], effort: Effort
) -> tuple[float, float, float]:
    before = [each.cpu_ms() for each in (redis, *workers)]
    started = time.perf_counter()
    count = arrive_for(effort.seconds, IN_FLIGHT, newcomers)
    seconds = time.perf_counter() - started
    after = [each.cpu_ms() for each in (redis, *workers)]
    used = [one - other for one, other in zip(after, before, strict=True)]
    return count / seconds, sum(used[1:]) / count, used[0] / count
