"""What a store of the sessions does in one step, and how a plain store comes to do it.

A store holds JSON text only, never objects: what reads a pickle runs it.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol, cast, runtime_checkable

from ..errors import ConfigurationError

LOCK_COUNT = 64

Mutex = AbstractContextManager[Any]


@runtime_checkable
class Store(Protocol):
    """What a store of one's own offers; all values are strings.

    A store that several processes share also has ``lock(key)``, a context
    manager that only one of them is in at a time.
    """

    def fetch(self, key: str, expires_in: float, default: str) -> str:
        """Return the value of a key; where there is none, write the default and return it."""

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds."""

    def read(self, key: str) -> str | None:
        """Return the value of a key, or None."""


@runtime_checkable
class AtomicStore(Protocol):
    """What the extension runs on: each call is one step that nobody else comes between.

    ``is_shared`` tells whether other processes see the same keys. ``cure`` says what to
    look at when the store fails. Whatever a call raises counts as a failure.
    """

    is_shared: bool
    cure: str

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, None for each that is absent."""

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds."""

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is ``before`` (None: absent), and tell whether it was."""

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        """Set a key, and return what it was."""


class Locks:
    """A bounded table of mutexes; a key always gets the same one."""

    def __init__(self, mutex: Callable[[], Mutex]) -> None:
        self._table = [mutex() for _ in range(LOCK_COUNT)]

    def of(self, key: str) -> Mutex:
        """Return the mutex of a key; other keys may share it."""
        return self._table[int(hashlib.sha256(key.encode()).hexdigest(), 16) % LOCK_COUNT]


class LockedStore:
    """An :class:`AtomicStore` made of a :class:`Store` and its lock.

    A store without a ``lock`` is locked in this process only; its first write of a key
    is as atomic as its ``fetch``.
    """

    cure = "Look at the store that P2PStreams was given."

    def __init__(self, store: Store, locks: Locks) -> None:
        self._store = store
        self.is_shared: bool = getattr(store, "is_shared", True)
        self._lock: Callable[[str], Mutex] = getattr(store, "lock", locks.of)

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, one after the other."""
        return [self._store.read(key) for key in keys]

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key; a replacement that is under way is waited for."""
        with self._lock(key):
            self._store.write(key, value, expires_in)

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is ``before``."""
        with self._lock(key):
            if self._store.read(key) != before:
                return False
            if before is None:
                return self._store.fetch(key, expires_in, after) == after
            self._store.write(key, after, expires_in)
            return True

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        """Set a key, and return what it was."""
        with self._lock(key):
            before = self._store.read(key)
            self._store.write(key, value, expires_in)
            return before


def mutex_for(async_mode: str) -> Callable[[], Mutex]:
    """Return the mutex that fits an async mode.

    A thread's lock would stop a whole event loop when its holder waits for the cache.
    """
    if async_mode == "eventlet":
        return cast("Callable[[], Mutex]", import_module("eventlet.semaphore").Semaphore)
    if async_mode.startswith("gevent"):
        return cast("Callable[[], Mutex]", import_module("gevent.lock").BoundedSemaphore)
    return threading.Lock


def checked_store(store: object) -> Store:
    """Return a store of the user's own, or say what it lacks.

    :raises ConfigurationError: if one of its methods is missing.
    """
    for method in ("fetch", "write", "read"):
        if not callable(getattr(store, method, None)):
            raise ConfigurationError(
                f"The store has no method {method}. A store needs fetch(key, expires_in, default), "
                "write(key, value, expires_in) and read(key).",
                value=store,
            )
    return cast(Store, store)


def hashed_key(kind: str, *names: str) -> str:
    """Return the key of something named by browsers.

    A hash, so that no name can be too long or too strange for a backend.
    """
    # Each name's length keeps ("a", "b:c") apart from ("a:b", "c"); a single name stands bare.
    text = names[0] if len(names) == 1 else "".join(f"{len(name)}:{name}" for name in names)
    return f"p2p:{kind}:{hashlib.sha256(text.encode()).hexdigest()}"
