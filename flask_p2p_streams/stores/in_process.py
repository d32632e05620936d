"""Sessions in this process, with a limit: beyond it new ones are refused, and none is dropped.

A cache makes room by dropping entries. If it dropped a session that is in use, the session would
elect a second host.
"""

import heapq
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..limits.budgets import MAX_PLACES, MAX_SESSIONS, OTHER_KEYS, STORE_BYTES
from ..protocol.errors import ErrorCode, SignalingError
from .keys import Kind, kind_of

REFUSED_RETRY_MS = 60_000
"""Milliseconds after which a peer that found no room asks again."""
REPEAT = 3600.0
"""Seconds after which it is logged again that there is no room."""
FORGOTTEN_AT_ONCE = 100
"""Expired keys that one write removes; more would make that write slow."""
NO_ROOM = (
    "This process remembers %d sessions (%d MB), and refuses new ones until some have expired; "
    "those that live go on. Set CACHE_TYPE to RedisCache, or give sessions a shorter expires_in."
)
NO_PLACE = (
    "This process remembers %d peers (all in all %d MB), and sends no peer_joined, peer_connected "
    "and peer_left for others until some have gone for ten minutes; they join all the same. Set "
    "CACHE_TYPE to RedisCache."
)

logger = logging.getLogger("flask_p2p_streams")


@dataclass
class Entry:
    """A value and the time of its end; ``due`` is when the queue looks at it, then or before."""

    value: str
    expires_at: float
    due: float


def nothing() -> None:
    """Do nothing."""


class MemoryStore:
    """An :class:`~flask_p2p_streams.stores.base.AtomicStore` in this process, for a single worker.

    Each write takes O(log n) time. Sessions, places of peers and other keys have limits of their
    own, so that none takes the room of the others. A session that is here can always be changed.

    :param refused: called for each write of a session, or of its roster, that found no room.
    :param clock: a monotonic clock, in seconds.
    """

    is_shared = False
    hint = "It is in this process; restart it."

    def __init__(
        self,
        refused: Callable[[], object] = nothing,
        clock: Callable[[], float] = time.monotonic,
        max_sessions: int = MAX_SESSIONS,
        max_others: int = OTHER_KEYS,
        max_bytes: int = STORE_BYTES,
        max_places: int = MAX_PLACES,
    ) -> None:
        self._refused = refused
        self._clock = clock
        self._bounds: dict[Kind, int] = {
            "session": max_sessions,
            "place": max_places,
            "other": max_others,
        }
        self._max_bytes = max_bytes
        self._counts = dict.fromkeys(self._bounds, 0)
        self._bytes = 0
        self._entries: dict[str, Entry] = {}
        self._queue: list[tuple[float, str]] = []
        self._said_at: dict[bool, float] = {}
        # Nothing waits while it is held, so a mutex of threads suits all async modes.
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys, None for each that is absent."""
        with self._mutex:
            now = self._clock()
            return [self._value(key, now) for key in keys]

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds.

        :raises SignalingError: ``unavailable`` if there is no room for it.
        """
        with self._mutex:
            is_kept = self._put(key, value, expires_in)
        self._require(is_kept, key)

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is ``before`` (None: absent), and tell whether it was.

        :raises SignalingError: ``unavailable`` if there is no room for it.
        """
        with self._mutex:
            if self._value(key, self._clock()) != before:
                return False
            is_kept = self._put(key, after, expires_in)
        self._require(is_kept, key)
        return True

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        """Set a key, and return what it was.

        :raises SignalingError: ``unavailable`` if there is no room for it.
        """
        with self._mutex:
            before = self._value(key, self._clock())
            is_kept = self._put(key, value, expires_in)
        self._require(is_kept, key)
        return before

    def clear(self) -> None:
        """Forget everything."""
        with self._mutex:
            self._entries.clear()
            self._queue.clear()
            self._counts = dict.fromkeys(self._bounds, 0)
            self._bytes = 0

    # The parts

    def _value(self, key: str, now: float) -> str | None:
        entry = self._entries.get(key)
        return None if entry is None or entry.expires_at <= now else entry.value

    def _put(self, key: str, value: str, expires_in: float) -> bool:
        now = self._clock()
        self._forget_expired(now, FORGOTTEN_AT_ONCE)
        entry = self._entries.get(key)
        if not self._has_room(key, value, entry):
            # There may be room once the expired keys are removed.
            self._forget_expired(now, len(self._queue))
            entry = self._entries.get(key)
            if not self._has_room(key, value, entry):
                return False
        self._bytes += _room(value) + _room(key)
        if entry is not None:
            self._bytes -= _room(entry.value) + _room(key)
        self._keep(key, value, now + expires_in, entry)
        return True

    def _has_room(self, key: str, value: str, entry: Entry | None) -> bool:
        kind = kind_of(key)
        if entry is not None:
            grows = _room(value) > _room(entry.value)
            return kind == "session" or not grows or self._bytes < self._max_bytes
        count, bound = self._counts[kind], self._bounds[kind]
        return count < bound and self._bytes < self._max_bytes

    def _keep(self, key: str, value: str, expires_at: float, entry: Entry | None) -> None:
        if entry is None:
            self._counts[kind_of(key)] += 1
            self._entries[key] = Entry(value, expires_at, expires_at)
            heapq.heappush(self._queue, (expires_at, key))
            return
        entry.value, entry.expires_at = value, expires_at
        if expires_at < entry.due:
            entry.due = expires_at
            heapq.heappush(self._queue, (expires_at, key))
            self._tidy()

    def _forget_expired(self, now: float, most: int) -> None:
        while most > 0 and self._queue and self._queue[0][0] <= now:
            most -= 1
            due, key = heapq.heappop(self._queue)
            entry = self._entries.get(key)
            if entry is None or entry.due != due:
                continue
            if entry.expires_at > now:
                entry.due = entry.expires_at
                heapq.heappush(self._queue, (entry.due, key))
                continue
            del self._entries[key]
            self._counts[kind_of(key)] -= 1
            self._bytes -= _room(key) + _room(entry.value)

    def _tidy(self) -> None:
        # When the term of a key is shortened, its former end stays in the queue.
        if len(self._queue) > 2 * len(self._entries) + FORGOTTEN_AT_ONCE:
            self._queue = [(entry.due, key) for key, entry in self._entries.items()]
            heapq.heapify(self._queue)

    def _require(self, is_kept: bool, key: str) -> None:
        if is_kept:
            return
        is_place = kind_of(key) == "place"
        if not is_place:
            self._refused()
        self._tell(is_place)
        raise SignalingError(
            ErrorCode.UNAVAILABLE,
            "The server has no room for another session.",
            hint="Try again in a minute. Whoever runs the server sets CACHE_TYPE to RedisCache.",
            retry_after_ms=REFUSED_RETRY_MS,
        )

    def _tell(self, is_place: bool) -> None:
        now = self._clock()
        if now - self._said_at.get(is_place, -REPEAT) < REPEAT:
            return
        self._said_at[is_place] = now
        logger.error(
            NO_PLACE if is_place else NO_ROOM,
            self._counts["place" if is_place else "session"],
            self._bytes // 1_000_000,
        )


def _room(text: str) -> int:
    # In Python, one wide character in a text makes all its characters wide.
    return len(text) * (1 if text.isascii() else 4)
