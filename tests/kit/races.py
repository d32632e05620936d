"""Contenders for the same keys of a store, in processes of their own.

    python -m tests.kit.races eventlet|gevent|threading KIND:PORT,… NAME SESSIONS

prints for each store that it is ready, reads when to start, and prints what became of it as
JSON. As the processes start each session's elections at the same moment, they meet in them.
With eventlet and gevent each process sends four greenlets, else one thread.

    python -m tests.kit.races figures SESSIONS

runs all kinds of stores, and prints a table.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

ROUNDS = 4
"""Elections in each session: the first, and those that follow it."""
INCREMENTS = 25
PAUSE = 0.004
"""Seconds from the start of one session to that of the next."""
START_IN = 0.1
"""Seconds from the moment in which all are ready to the first election."""
KINDS = ("redis", "sentinel", "cluster", "memcache", "pymemcache")

Target = tuple[str, int]
Figures = dict[str, int]


def store_on(kind: str, port: int) -> Any:
    """Return a store as an app would get it."""
    from flask import Flask
    from flask_caching import Cache

    from flask_p2p_streams.stores.from_cache import cache_store

    address = f"127.0.0.1:{port}"
    options: dict[str, dict[str, Any]] = {
        "redis": {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": f"redis://{address}"},
        "sentinel": {
            "CACHE_TYPE": "RedisSentinelCache",
            "CACHE_REDIS_SENTINELS": [("127.0.0.1", port)],
        },
        "cluster": {"CACHE_TYPE": "RedisClusterCache", "CACHE_REDIS_CLUSTER": address},
        "memcache": {"CACHE_TYPE": "MemcachedCache", "CACHE_MEMCACHED_SERVERS": [address]},
        "pymemcache": {"CACHE_TYPE": "MemcachedCache"},
    }
    if kind == "pymemcache":
        from pymemcache.client.base import PooledClient

        client = PooledClient(address, timeout=30, connect_timeout=30, default_noreply=False)
        options[kind]["CACHE_MEMCACHED_SERVERS"] = client
    app = Flask(__name__)
    cache = Cache(app, config=options[kind], with_jinja2_ext=False)
    return cache_store(app, cache)


def let_stores_take_their_time() -> None:
    """Let no store be given up on in this process: here it isn't the time that counts."""
    from flask_p2p_streams.stores import memcached_client, redis_client

    redis_client.SENTINEL_TIMEOUT = memcached_client.TIMEOUT = 30.0
    redis_client._settings.__defaults__ = (30.0,)


class Contender:
    """Wants to win each election, and says what it saw."""

    def __init__(self, store: Any, prefix: str, name: str) -> None:
        self._store = store
        self._prefix = prefix
        self._name = name
        self.wins: list[str] = []
        self.seen: dict[str, str] = {}
        self.contested = 0

    def run(self, start: float, sessions: int) -> "Contender":
        for number in range(sessions):
            time.sleep(max(0.0, start + number * PAUSE - time.time()))
            self._elect(f"{self._prefix}:{number}")
        for _ in range(INCREMENTS):
            self._increment()
        return self

    def _elect(self, key: str) -> None:
        for turn in range(ROUNDS):
            before = self._store.read_many([key])[0]
            if before is not None and int(before.partition("/")[0]) >= turn:
                continue
            # Greenlets take no turns where each answer is there at once: on a busy machine
            # none would meet another.
            time.sleep(0)
            if self._store.replace(key, before, f"{turn}/{self._name}", 600):
                self.wins.append(f"{key}/{turn}")
            else:
                self.contested += 1
            self.seen[f"{key}/{turn}"] = self._store.read_many([key])[0]

    def _increment(self) -> None:
        key = f"{self._prefix}:counter"
        while True:
            before = self._store.read_many([key])[0]
            if self._store.replace(key, before, str(int(before or 0) + 1), 600):
                return


def contend(mode: str, kind: str, port: int, name: str, sessions: int) -> Any:
    let_stores_take_their_time()
    store = store_on(kind, port)
    names = [f"{name}-{number}" for number in range(1 if mode == "threading" else 4)]
    contenders = [Contender(store, mode, each) for each in names]
    print("ready", flush=True)
    start = float(sys.stdin.readline())
    _together(mode, [partial(contender.run, start, sessions) for contender in contenders])
    return {
        "wins": [win for one in contenders for win in one.wins],
        "seen": [(key, value) for one in contenders for key, value in one.seen.items()],
        "contested": sum(one.contested for one in contenders),
        "increments": INCREMENTS * len(contenders),
    }


def _together(mode: str, tasks: list[Callable[[], Any]]) -> None:
    if mode == "eventlet":
        import eventlet

        for green in [eventlet.spawn(task) for task in tasks]:
            green.wait()
    elif mode == "gevent":
        import gevent

        gevent.joinall([gevent.spawn(task) for task in tasks], raise_error=True)
    else:
        for task in tasks:
            task()


def race(mode: str, stores: Sequence[Target], sessions: int) -> list[Figures]:
    """Run the contenders for each store, and return figures of what they did."""
    targets = ",".join(f"{kind}:{port}" for kind, port in stores)
    command = [sys.executable, "-W", "ignore", "-m", "tests.kit.races", mode, targets]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, str(number), str(sessions)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(4 if mode == "threading" else 2)
        ]
        return [
            _figures(_results(running), store_on(*store).read_many([f"{mode}:counter"])[0])
            for store in stores
        ]


def _results(running: "list[subprocess.Popen[str]]") -> list[dict[str, Any]]:
    pipes = [(process.stdin, process.stdout) for process in running]
    for _, output in pipes:
        assert output is not None
        assert output.readline() == "ready\n"
    start = time.time() + START_IN
    for entry, _ in pipes:
        assert entry is not None
        entry.write(f"{start}\n")
        entry.flush()
    return [json.loads(output.readline()) for _, output in pipes if output is not None]


def _figures(results: list[dict[str, Any]], counter: str | None) -> Figures:
    wins = [win for result in results for win in result["wins"]]
    increments = sum(result["increments"] for result in results)
    return {
        "elections": len(set(wins)),
        "won twice": len(wins) - len(set(wins)),
        "contested": sum(result["contested"] for result in results),
        "disagreements": _disagreements(results),
        "lost updates": increments - int(counter or 0),
    }


def _disagreements(results: list[dict[str, Any]]) -> int:
    # One turn of a session has one winner, whoever looks.
    seen: dict[str, set[str]] = {}
    for result in results:
        for key, value in result["seen"]:
            turn, _, _ = value.partition("/")
            seen.setdefault(f"{key.rpartition('/')[0]}/{turn}", set()).add(value)
    return sum(len(values) - 1 for values in seen.values())


@contextmanager
def running_store(kind: str) -> Iterator[Target]:
    """Run what a kind of store needs; yield the kind, and the port to connect to."""
    from tests.kit import stores

    with ExitStack() as stack:
        if kind in ("memcache", "pymemcache"):
            server = stack.enter_context(stores.running_memcached())
        elif kind == "cluster":
            server = stack.enter_context(stores.running_cluster())
        else:
            server = stack.enter_context(stores.running_redis())
        if kind == "sentinel":
            server = stack.enter_context(stores.running_sentinel(server))
        yield kind, server.port


def show_figures(sessions: int) -> None:
    for kind in KINDS:
        for mode in ("threading", "eventlet", "gevent"):
            with running_store(kind) as store:
                (figures,) = race(mode, [store], sessions)
            told = ", ".join(f"{count} {name}" for name, count in figures.items())
            print(f"{kind:10} {mode:9} {told}", flush=True)


def main() -> None:
    if sys.argv[1] == "figures":
        show_figures(int(sys.argv[2]))
        return
    mode, targets, name, sessions = sys.argv[1:]
    if mode == "eventlet":
        import eventlet

        eventlet.monkey_patch()
    elif mode == "gevent":
        from gevent import monkey

        monkey.patch_all()
    for target in targets.split(","):
        kind, _, port = target.partition(":")
        print(json.dumps(contend(mode, kind, int(port), name, int(sessions))), flush=True)


if __name__ == "__main__":
    main()
