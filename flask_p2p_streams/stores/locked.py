"""Makes a plain store atomic with the help of its lock."""

from collections.abc import Callable, Sequence

from ..runtime.mutexes import Mutex, Mutexes
from .base import Store


class LockedStore:
    """An :class:`AtomicStore` made of a :class:`Store` and its lock.

    For a store without a ``lock``, mutexes in this process are used. The first write of a key is
    as atomic as the store's ``fetch``.
    """

    hint = "Look at the store that P2PStreams was given."

    def __init__(self, store: Store, mutexes: Mutexes) -> None:
        self._store = store
        self.is_shared: bool = getattr(store, "is_shared", True)
        self._lock: Callable[[str], Mutex] = getattr(store, "lock", mutexes.of)

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, one after the other."""
        return [self._store.read(key) for key in keys]

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, after any replacement of it that has begun."""
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
        """Set a key, and return its former value, or None."""
        with self._lock(key):
            before = self._store.read(key)
            self._store.write(key, value, expires_in)
            return before
