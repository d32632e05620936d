"""Sessions in a store. This is the only place that locks.

A store holds JSON text only, never objects: what reads a pickle runs it. Keys
are hashes, so that no session id can be too long or too strange for a backend.
"""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from .errors import ConfigurationError, ErrorCode, P2PStreamsError, SignalingError
from .messages import PEER_STATES
from .sessions import Session

LOCK_COUNT = 64
SHORTEST_TERM = 90
"""Seconds that a session is kept at least: its host renews it every 30 s."""

Decision = TypeVar("Decision")
SessionRule = Callable[[Session | None], tuple[Session | None, Decision]]
Mutex = AbstractContextManager[Any]

logger = logging.getLogger("flask_p2p_streams")


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


class Locks:
    """A bounded table of mutexes; a key always gets the same one."""

    def __init__(self, mutex: Callable[[], Mutex]) -> None:
        self._table = [mutex() for _ in range(LOCK_COUNT)]

    def of(self, key: str) -> Mutex:
        """Return the mutex of a key; other keys may share it."""
        return self._table[int(hashlib.sha256(key.encode()).hexdigest(), 16) % LOCK_COUNT]


class SessionStore:
    """The sessions of an app, in a :class:`Store`.

    ``is_shared`` tells whether other processes see them too; a store says so with an
    attribute of that name, and counts as shared without one.
    """

    def __init__(self, store: Store, locks: Locks, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self.is_shared: bool = getattr(store, "is_shared", True)
        self._now = now
        self._lock: Callable[[str], Mutex] = getattr(store, "lock", locks.of)

    def update(self, session_id: str, rule: "SessionRule[Decision]", expires_in: float) -> Decision:
        """Apply a rule to a session and keep what it returns; the decision is returned.

        The rule must be pure: it may run more than once. ``expires_in`` is in seconds.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        key = _key("session", session_id)
        with _failures_told(), self._lock(key):
            text = self._store.read(key)
            before = Session.from_text(text)
            after, decision = rule(before)
            if after is before or after is None:
                return decision
            if text is not None:
                self._store.write(key, after.to_text(), self._term(after, expires_in))
                return decision
            return self._first(key, after, decision, rule, expires_in)

    def read(self, session_id: str) -> Session | None:
        """Return a session, or None.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        with _failures_told():
            return Session.from_text(self._store.read(_key("session", session_id)))

    def write_roster(self, session_id: str, peers: dict[str, str], expires_in: float) -> None:
        """Keep the states of a session's peers, as its host reports them.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        with _failures_told():
            self._store.write(_key("roster", session_id), json.dumps(peers), _term(expires_in))

    def read_roster(self, session_id: str) -> dict[str, str]:
        """Return the states of a session's peers; empty where the host hasn't reported yet.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        with _failures_told():
            return _roster(self._store.read(_key("roster", session_id)))

    def _first(
        self,
        key: str,
        after: Session,
        decision: Decision,
        rule: "SessionRule[Decision]",
        expires_in: float,
    ) -> Decision:
        # Where the store's fetch is atomic, so is the first election, even without a lock.
        kept = self._store.fetch(key, self._term(after, expires_in), after.to_text())
        if kept == after.to_text():
            return decision
        before = Session.from_text(kept)
        other, decision = rule(before)
        if other is not None and other is not before:
            self._store.write(key, other.to_text(), self._term(other, expires_in))
        return decision

    def _term(self, session: Session, expires_in: float) -> float:
        # A ban or a closing outlasts the session, which a shorter term would forget.
        return max(_term(expires_in), session.gate.keep_until - self._now())


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


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except P2PStreamsError:
        raise
    except Exception as error:
        logger.exception("The store of the sessions has failed; check the cache's address.")
        raise SignalingError(ErrorCode.UNAVAILABLE) from error


def _key(kind: str, session_id: str) -> str:
    return f"p2p:{kind}:{hashlib.sha256(session_id.encode()).hexdigest()}"


def _term(expires_in: float) -> float:
    return max(expires_in, SHORTEST_TERM)


def _roster(text: object) -> dict[str, str]:
    try:
        peers = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    if not isinstance(peers, dict):
        return {}
    return {peer: state for peer, state in peers.items() if state in PEER_STATES}
