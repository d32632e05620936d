"""The two kinds of stores: a plain one that an app may bring, and an atomic one.

A store holds JSON text only, never pickled objects: reading a pickle can run any code.
"""

from collections.abc import Sequence
from typing import Protocol, cast, runtime_checkable

from ..errors import ConfigurationError


@runtime_checkable
class Store(Protocol):
    """The methods that a store of the app's own has to have; all values are strings.

    A store that several processes share also needs ``lock(key)``. It returns a context manager
    that only one of the processes can be in at a time. Times are in seconds. Whatever a method
    raises counts as a failure of the store.
    """

    def fetch(self, key: str, expires_in: float, default: str) -> str:
        """Return the value of a key; if it has none, write the default and return that."""

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds."""

    def read(self, key: str) -> str | None:
        """Return the value of a key, or None."""


@runtime_checkable
class AtomicStore(Protocol):
    """The store that the extension uses: each call is one atomic step.

    ``is_shared`` tells whether other processes see the same keys. ``hint`` says what to
    look at when the store fails. Whatever a call raises counts as a failure.
    """

    is_shared: bool
    hint: str

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, None for each key that is absent."""

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds."""

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is ``before`` (None: absent), and return whether it was."""

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        """Set a key, and return its former value, or None."""


def checked_store(store: object) -> Store:
    """Return a store of the app's own, or raise an error that names what it lacks.

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
