"""Turns the failures of a store into ``unavailable`` errors, and keeps them short."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..protocol.errors import ErrorCode, P2PStreamsError, SignalingError
from ..runtime.mutexes import Mutexes
from .base import AtomicStore, Store
from .breaker import Breaker
from .locked import LockedStore

Result = TypeVar("Result")


RETRY_AFTER_MS = 1000
"""Milliseconds after which to ask again: then the breaker lets a call through."""


class GuardedStore:
    """An :class:`AtomicStore` that raises nothing but ``SignalingError``.

    Each failure becomes ``unavailable``. For a second after a failure, no call is even tried.
    """

    def __init__(self, store: AtomicStore, breaker: Breaker | None = None) -> None:
        self._store = store
        self.backend: object = store
        """The store that is guarded."""
        self._breaker = breaker or Breaker(store.hint)
        self.failures = 0
        """Calls that failed, or weren't tried because one had just failed."""
        self.is_shared: bool = store.is_shared
        self.hint: str = store.hint

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, None for each that is absent.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self._guarded(lambda: self._store.read_many(keys)) if keys else []

    def read(self, key: str) -> str | None:
        """Return the value of a key, or None.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self.read_many([key])[0]

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        self._guarded(lambda: self._store.write(key, value, expires_in))

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is ``before`` (None: absent), and tell whether it was.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self._guarded(lambda: self._store.replace(key, before, after, expires_in))

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        """Set a key, and return what it was.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self._guarded(lambda: self._store.exchange(key, value, expires_in))

    def _guarded(self, call: Callable[[], Result]) -> Result:
        if not self._breaker.admits():
            self.failures += 1
            raise unavailable()
        try:
            result = call()
        except P2PStreamsError:
            raise
        except Exception as error:
            self.failures += 1
            self._breaker.failed(error)
            raise unavailable() from error
        self._breaker.succeeded()
        return result


def unavailable() -> SignalingError:
    """Return the error for a request that needs the store while it fails."""
    return SignalingError(ErrorCode.UNAVAILABLE, retry_after_ms=RETRY_AFTER_MS)


def guarded_store(store: Store | AtomicStore, mutexes: Mutexes) -> GuardedStore:
    """Guard a store; a plain one, without ``replace``, is made atomic by its lock first."""
    return GuardedStore(store if isinstance(store, AtomicStore) else LockedStore(store, mutexes))
