"""Mutexes that fit the async mode of the server."""

import hashlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, cast

MUTEX_COUNT = 64

Mutex = AbstractContextManager[Any]


def mutex_for(async_mode: str) -> Callable[[], Mutex]:
    """Return the class of mutexes that fits an async mode.

    A mutex of threads would stop the whole event loop while its holder waits for the cache.
    """
    if async_mode == "eventlet":
        return cast("Callable[[], Mutex]", import_module("eventlet.semaphore").Semaphore)
    if async_mode.startswith("gevent"):
        return cast("Callable[[], Mutex]", import_module("gevent.lock").BoundedSemaphore)
    return threading.Lock


class Mutexes:
    """A bounded table of mutexes; a key always gets the same one."""

    def __init__(self, mutex: Callable[[], Mutex]) -> None:
        self._table = [mutex() for _ in range(MUTEX_COUNT)]

    def of(self, key: str) -> Mutex:
        """Return the mutex of a key; other keys may share it."""
        return self._table[int(hashlib.sha256(key.encode()).hexdigest(), 16) % MUTEX_COUNT]
