"""The two kinds of stores: a plain one of the user's own, and an atomic one.

A store holds JSON text only, never objects: what reads a pickle runs it.
"""

from collections.abc import Sequence
from typing import Protocol, cast, runtime_checkable

from ..errors import ConfigurationError


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

    ``is_shared`` tells whether other processes see the same keys. ``hint`` says what to
    look at when the store fails. Whatever a call raises counts as a failure.
    """

    is_shared: bool
    hint: str

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, None for each that is absent."""

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds."""

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is ``before`` (None: absent), and tell whether it was."""

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        """Set a key, and return what it was."""


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
