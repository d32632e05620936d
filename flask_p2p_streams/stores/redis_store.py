"""Sessions in Redis: a single server, one found by Sentinel, or a cluster.

Redis runs a script as one atomic step, so no process can change a value between the comparison
and the write.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from ..runtime.forks import renew_after_fork
from .redis_client import CONNECTIONS, TIMEOUT, hint_of, own_client

TURN_TIMEOUT = 1.0
"""Seconds for which a call waits while all connections are in use."""
REPLACE = """
if redis.call("GET", KEYS[1]) ~= (ARGV[1] == "1" and ARGV[2]) then return 0 end
redis.call("SET", KEYS[1], ARGV[3], "PX", ARGV[4])
return 1
"""
EXCHANGE = """
local before = redis.call("GET", KEYS[1])
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return before
"""

Result = TypeVar("Result")


class RedisStore:
    """An :class:`AtomicStore` in the Redis of a Flask-Caching cache.

    It uses the cache's server, user and key prefix, but connections of its own with short
    time-outs. If no second client can be made for a cluster, or the client isn't one of
    redis-py's, the cache's own client is used with its time-outs.

    ``cache.clear()`` removes everything: the whole database, or all keys with the cache's prefix
    if it has one.
    """

    is_shared = True

    def __init__(self, backend: Any) -> None:
        import redis

        theirs = backend._write_client
        self._prefix: str | Callable[[], str] = backend.key_prefix or ""
        self._client = own_client(theirs)
        self._is_cluster = isinstance(theirs, redis.RedisCluster)
        self._broken: type[Exception] = redis.ConnectionError
        self._replace = self._client.register_script(REPLACE)
        self._exchange = self._client.register_script(EXCHANGE)
        self.hint = hint_of(theirs)
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Make all turns free: the calls that had them are in the parent process.

        redis-py itself takes care of connections after a fork.
        """
        self._turns = threading.BoundedSemaphore(CONNECTIONS)

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, in one round trip.

        :raises Exception: if Redis fails, here and in all methods.
        """
        names = [self._name(key) for key in keys]
        return [_text(value) for value in self._tried(lambda: self._read(names))]

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds."""
        name, term = self._name(key), _milliseconds(expires_in)
        self._tried(lambda: self._client.set(name, _bytes(value), px=term))

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is ``before``; by a script, in one round trip."""
        compared = ["0", ""] if before is None else ["1", _bytes(before)]
        arguments = [*compared, _bytes(after), _milliseconds(expires_in)]
        return bool(self._tried(lambda: self._replace([self._name(key)], arguments)))

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        """Set a key, and return its former value; by a script, in one round trip."""
        arguments = [_bytes(value), _milliseconds(expires_in)]
        return _text(self._tried(lambda: self._exchange([self._name(key)], arguments)))

    def _read(self, names: list[str]) -> list[Any]:
        if not self._is_cluster:
            return list(self._client.mget(names))
        if len(names) == 1:
            return [self._client.get(names[0])]
        # Each key may be at a different node.
        pipeline = self._client.pipeline()
        for name in names:
            pipeline.get(name)
        return list(pipeline.execute())

    def _tried(self, call: Callable[[], Result]) -> Result:
        with self._turn():
            started_at = time.monotonic()
            try:
                return call()
            except self._broken:
                # A restarted Redis has closed idle connections, which shows at once: then the
                # call is tried again. One that hangs isn't given the time-out twice.
                if time.monotonic() - started_at > TIMEOUT / 2:
                    raise
            return call()

    @property
    def client(self) -> Any:
        """The connections to Redis, for what isn't a session."""
        return self._client

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=TURN_TIMEOUT):
            raise TimeoutError("All connections to Redis have been in use for a second.")
        try:
            yield
        finally:
            self._turns.release()

    def _name(self, key: str) -> str:
        prefix = self._prefix() if callable(self._prefix) else self._prefix
        return prefix + key


def _milliseconds(expires_in: float) -> int:
    return max(1, math.ceil(expires_in * 1000))


def _bytes(value: str) -> bytes:
    return value.encode(errors="surrogateescape")


def _text(value: bytes | str | None) -> str | None:
    # A value that isn't text must still be equal to itself, so that it can be replaced.
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value
