"""Sessions in memcached, or in any other cache whose ``add`` is atomic.

A record is a chain of versions. The process that succeeds in adding the key of the next version
owns that version, and the key is never used again. The head of the chain holds a recent version,
not always the newest: it is set after the version was added. So a reader begins at the head,
looks whether a newer version has been added, and goes on from there.
"""

import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .keys import CANARY, session_key

TRIES = 100
"""How often a write is tried while others write the same key."""
MOST_WALKED = 4096
"""Versions that a head may be behind; therefore a writer slower than LATE doesn't set it."""
LATE = 5.0
"""Seconds after which a writer leaves the head to other writers, who were faster."""
MARGIN = 60.0
"""Seconds by which a version's key outlives the record, so that no late writer adds it again."""
LONGEST_STRIDE = 64
MOST_CHANGES = 10**12
"""Changes of one record, which would take centuries; the longest key is made from it."""


@dataclass(frozen=True)
class Version:
    """A record's text at one version; ``life`` tells a record from a later one with the same key.

    ``ends_at`` is when it expires, in seconds since 1970.
    """

    life: str
    number: int
    ends_at: int
    text: str

    def to_text(self) -> str:
        """Return the text that the cache holds."""
        return f"{self.life}:{self.number}:{self.ends_at}:{self.text}"

    @classmethod
    def from_value(cls, value: object) -> "Version | None":
        """Read a version back; some client libraries return bytes.

        :raises ValueError: if the value is something else.
        """
        if value is None:
            return None
        text = value.decode() if isinstance(value, bytes) else str(value)
        life, number, ends_at, rest = text.split(":", 3)
        return cls(life, int(number), int(ends_at), rest)


class MemcachedStore:
    """An :class:`AtomicStore` in a cache that can add, get and set.

    ``cache.clear()`` removes everything. If a record expires in the same moment in which it is
    changed, another process may begin a new record for the key; then the epochs tell which of
    the two sessions is the newer one.
    """

    is_shared = True

    def __init__(self, backend: Any, hint: str, now: Callable[[], float] = time.time) -> None:
        self._backend = backend
        self.hint = hint
        self._now = now

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, in two round trips.

        :raises OSError: if the cache can't be reached, here and in all methods; its client may
            raise other errors as well.
        """
        return [_text(newest) for newest in self._newest(keys)]

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds."""
        self.exchange(key, value, expires_in)

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is ``before``."""
        (newest,) = self._newest([key])
        if _text(newest) != before:
            return False
        return self._follow(key, newest, after, expires_in)

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        """Set a key, and return its former value, or None."""
        for _ in range(TRIES):
            (newest,) = self._newest([key])
            if self._follow(key, newest, value, expires_in):
                return _text(newest)
        raise OSError("Others were faster to write a key every time.")

    # Writing

    def _follow(self, key: str, newest: Version | None, text: str, expires_in: float) -> bool:
        ends_at = math.ceil(self._now() + expires_in)
        if newest is None:
            return self._add(_head(key), Version(secrets.token_hex(8), 0, ends_at, text))
        following = Version(newest.life, newest.number + 1, ends_at, text)
        started_at = time.monotonic()
        if not self._add(_claim(key, newest, 1), following, MARGIN):
            return False
        self._lead(key, following, started_at)
        return True

    def _add(self, name: str, version: Version, margin: float = 0.0) -> bool:
        if self._backend.add(name, version.to_text(), timeout=self._term(version, margin)):
            return True
        # Some client libraries also return False when the server is out of reach.
        if self._backend.get(name) is None:
            raise OSError("The cache has neither taken nor returned a value.")
        return False

    def _lead(self, key: str, version: Version, started_at: float) -> None:
        # A writer that is late could set the head further back than MOST_WALKED versions.
        if time.monotonic() - started_at < LATE:
            self._set(_head(key), version.to_text(), self._term(version))

    def _set(self, name: str, text: str, term: int) -> None:
        if self._backend.set(name, text, timeout=term) is False:
            raise OSError("The cache has not taken a value.")

    def _term(self, version: Version, margin: float = 0.0) -> int:
        # One second more, as most caches count in whole seconds.
        return max(1, math.ceil(version.ends_at - self._now() + margin)) + 1

    # Reading

    def _newest(self, keys: Sequence[str]) -> list[Version | None]:
        heads = self._versions([_head(key) for key in keys])
        found = [(key, head) for key, head in zip(keys, heads, strict=True) if head is not None]
        if len(found) < len(keys):
            # Some client libraries return None when the cache is out of reach; a write shows it.
            self._set(CANARY, "", 60)
        claims = self._versions([_claim(key, head, 1) for key, head in found])
        newest = {
            key: head if claim is None else self._walked(key, claim)
            for (key, head), claim in zip(found, claims, strict=True)
        }
        return [newest.get(key) for key in keys]

    def _walked(self, key: str, version: Version) -> Version:
        walked, stride, started_at = 1, 1, time.monotonic()
        while walked < MOST_WALKED:
            names = [_claim(key, version, ahead + 1) for ahead in range(stride)]
            claims = self._versions(names)
            taken = claims.index(None) if None in claims else stride
            version = next((claim for claim in reversed(claims[:taken]) if claim), version)
            if taken < stride:
                self._lead(key, version, started_at)
                return version
            walked, stride = walked + taken, min(2 * stride, LONGEST_STRIDE)
        raise OSError("The newest version of a key is too far away.")

    def _versions(self, names: Sequence[str]) -> list[Version | None]:
        if not names:
            return []
        return [Version.from_value(value) for value in self._backend.get_many(*names)]


def longest_key() -> str:
    """Return a new key that is as long as the longest key of a session."""
    life = secrets.token_hex(8)
    version = Version(life, MOST_CHANGES, 0, "")
    return _claim(session_key(life), version, 1)


def _text(version: Version | None) -> str | None:
    return None if version is None else version.text


def _head(key: str) -> str:
    return f"{key}:head"


def _claim(key: str, version: Version, ahead: int) -> str:
    return f"{key}:{version.life}:{version.number + ahead}"
