"""Which clients of memcached a store can use, and how."""

import copy
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

from ..runtime.forks import renew_after_fork
from .memcached_store import longest_key

TIMEOUT = 1.0
"""Seconds that python-memcached may wait for an answer."""
DEAD_RETRY = 0.9
"""Seconds for which python-memcached leaves a server alone that has failed."""
LONGEST_KEY = 250
"""Bytes that a key of memcached may have, the prefix among them."""
TURN_TIMEOUT = 1.0
"""Seconds that a call waits for another thread's to end."""


class OneAtATime:
    """A cache's backend whose client can't be used by two threads at once."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Open the lock: who held it is in the other process."""
        self._lock = threading.Lock()

    def add(self, key: str, value: str, timeout: int) -> bool:
        """Set a key that is absent, and tell whether it was."""
        return bool(self._alone(lambda: self._backend.add(key, value, timeout=timeout)))

    def set(self, key: str, value: str, timeout: int) -> Any:
        """Set a key; False says that the cache has not taken it."""
        return self._alone(lambda: self._backend.set(key, value, timeout=timeout))

    def get(self, key: str) -> Any:
        """Return the value of a key, or None."""
        return self._alone(lambda: self._backend.get(key))

    def get_many(self, *keys: str) -> Any:
        """Return the values of keys, None for each that is absent."""
        return self._alone(lambda: self._backend.get_many(*keys))

    def _alone(self, call: Callable[[], Any]) -> Any:
        if not self._lock.acquire(timeout=TURN_TIMEOUT):
            raise TimeoutError("The cache's client has been in use for a second.")
        try:
            return call()
        finally:
            self._lock.release()


def own_backend(backend: Any) -> Any:
    """Return a backend for the same memcached whose client suits a store.

    Of python-memcached, that is a client of our own which gives up early. Others keep
    their time-outs, and those that threads can't share are used by one at a time.
    """
    client = getattr(backend, "_client", None)
    if type(client).__module__ == "memcache":
        return _with_client(backend, _early(client))
    if client is None or _can_be_shared(client):
        return backend
    return OneAtATime(backend)


def prefix_problem(prefix: object) -> str | None:
    """Return why keys with a prefix are none for memcached, or None; its clients keep silent."""
    if not prefix:
        return None
    if not isinstance(prefix, str):
        return "must be a text for memcached"
    if not prefix.isascii() or not prefix.isprintable() or " " in prefix:
        return "must be printable ASCII without spaces for memcached"
    most = LONGEST_KEY - len(longest_key())
    if len(prefix) > most:
        return f"must have at most {most} characters for memcached"
    return None


def let_go(*backends: Any) -> None:
    """Close what was connected so far, as forks that share a connection read each other's answers.

    A client connects again when it is asked.
    """
    for backend in backends:
        # Flask-Caching lends its client since 2.5; before that, everybody uses the one.
        lend = getattr(backend, "_client_context", None)
        lent = lend() if lend else nullcontext(getattr(backend, "_client", None))
        with suppress(Exception), lent as client:
            close = getattr(client, "disconnect_all", None) or getattr(client, "close", None)
            if close is not None:
                close()


def _can_be_shared(client: Any) -> bool:
    return "Pool" in type(client).__name__ or bool(getattr(client, "use_pooling", False))


def _with_client(backend: Any, client: Any) -> Any:
    own = copy.copy(backend)
    own._client = client
    own._client_context = partial(nullcontext, client)
    return own


def _early(client: Any) -> Any:
    servers = [(_address(host), host.weight) for host in client.servers]
    return type(client)(servers, dead_retry=DEAD_RETRY, socket_timeout=TIMEOUT)


def _address(host: Any) -> str:
    if isinstance(host.address, str):
        return f"unix:{host.address}"
    if ":" in host.ip:
        return f"inet6:[{host.ip}]:{host.port}"
    return f"inet:{host.ip}:{host.port}"
