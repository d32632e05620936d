"""Makes the client libraries of memcached fit for a store."""

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
"""Seconds for which python-memcached doesn't ask a server that has failed."""
LONGEST_KEY = 250
"""Bytes that a key of memcached may have, with its prefix."""
TURN_TIMEOUT = 1.0
"""Seconds for which a call waits until another thread's call has ended."""


class OneAtATime:
    """A cache's backend whose client can't be used by two threads at once: calls take turns."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Make a new mutex: the thread that held the old one is in the parent process."""
        self._lock = threading.Lock()

    def add(self, key: str, value: str, timeout: int) -> bool:
        """Set a key if it is absent, and return whether it was."""
        return bool(self._alone(lambda: self._backend.add(key, value, timeout=timeout)))

    def set(self, key: str, value: str, timeout: int) -> Any:
        """Set a key; return False if the cache has not accepted it."""
        return self._alone(lambda: self._backend.set(key, value, timeout=timeout))

    def get(self, key: str) -> Any:
        """Return the value of a key, or None."""
        return self._alone(lambda: self._backend.get(key))

    def get_many(self, *keys: str) -> Any:
        """Return the values of keys, None for each key that is absent."""
        return self._alone(lambda: self._backend.get_many(*keys))

    def _alone(self, call: Callable[[], Any]) -> Any:
        if not self._lock.acquire(timeout=TURN_TIMEOUT):
            raise TimeoutError("The cache's client has been in use for a second.")
        try:
            return call()
        finally:
            self._lock.release()


def own_backend(backend: Any) -> Any:
    """Return a backend for the same memcached with a client that suits a store.

    For python-memcached, it has a client of our own with short time-outs. Other libraries keep
    their time-outs. Clients that threads can't share are used by one thread at a time.
    """
    client = getattr(backend, "_client", None)
    if type(client).__module__ == "memcache":
        return _with_client(backend, _early(client))
    if client is None or _can_be_shared(client):
        return backend
    return OneAtATime(backend)


def prefix_problem(prefix: object) -> str | None:
    """Return why memcached can't take keys with a prefix, or None; its clients raise no error."""
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
    """Close all connections, as processes that share one would read each other's answers.

    A client connects again at its next call.
    """
    for backend in backends:
        # Since version 2.5 Flask-Caching lends out clients; before that there is a single one.
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
