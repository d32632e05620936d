"""The registry of living workers, and which hosts' sockets each of them holds.

Every worker writes its entry again and again; it expires WORKER_TERM seconds after the last
time. So the clocks of workers are never compared.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Protocol

from .keys import WORKERS, worker_key

WORKER_TERM = 12.0
"""Seconds for which a worker counts as alive after it has written its entry."""
LIST_TERM = 86_400.0
"""Seconds for which the list of workers is kept; each worker renews it after half of that."""
MAX_WORKERS = 256
"""Workers that are listed; if there are more, the last ones aren't listed."""
MAX_LISTED = 1000
"""The most sessions that a worker lists in its entry."""
TRIES = 5
"""How often a worker tries to get into the list; it tries again with its next entry."""


class EntryStore(Protocol):
    """The methods of a store that are used here; they raise ``SignalingError`` if it fails."""

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the values of keys in one round trip; None for each key that is absent."""

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds."""

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        """Set a key if its value is still ``before``, in one atomic step; return whether it was."""


@dataclass(frozen=True)
class WorkerEntry:
    """What a worker tells the others about itself.

    ``name`` is "hostname:pid", and ``started_at`` is in seconds since 1970. ``sockets`` and
    ``session_count`` count what is open at the worker. ``sessions`` are the ids of the sessions
    whose host's socket is there, at most MAX_LISTED of them. ``patching`` is what
    ``patching_problem`` returns there. ``beats`` rises with each entry.
    """

    id: str
    name: str
    started_at: float
    async_mode: str
    has_queue: bool
    version: str
    sockets: int = 0
    session_count: int = 0
    sessions: tuple[str, ...] = ()
    patching: str = ""
    beats: int = 0

    def to_text(self) -> str:
        """Return the entry as JSON text."""
        return json.dumps(asdict(replace(self, sessions=self.sessions[:MAX_LISTED])))

    @classmethod
    def from_text(cls, text: object) -> "WorkerEntry | None":
        """Read an entry back; anything that isn't a valid one counts as missing.

        The entry of a worker of another version may have more fields than this one knows.
        """
        record = _parsed(text)
        if not isinstance(record, dict):
            return None
        record = {"patching": "", "beats": 0, **record}
        known: dict[str, Any] = {each.name: record.get(each.name) for each in fields(cls)}
        if any(type(known[name]) not in types for name, types in _FIELDS.items()):
            return None
        if not _are_texts(known["sessions"]):
            return None
        return cls(**{**known, "sessions": tuple(known["sessions"][:MAX_LISTED])})


class WorkerRegistry:
    """The workers that share a store.

    :param now: a clock, in seconds; only differences of its times are used.
    """

    def __init__(self, store: EntryStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._listed_at: float | None = None

    def write(self, entry: WorkerEntry) -> None:
        """Write a worker's entry, and make sure that it is listed; mostly in two round trips.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        self._store.write(worker_key(entry.id), entry.to_text(), WORKER_TERM)
        for _ in range(TRIES):
            text = self._store.read_many([WORKERS])[0]
            ids = _ids(text)
            if entry.id in ids and not self._renewal_is_due():
                return
            if self._store.replace(WORKERS, text, self._with(entry.id, ids), LIST_TERM):
                self._listed_at = self._now()
                return

    def living(self) -> list[WorkerEntry]:
        """Return the entries of the workers that live, in two round trips.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return self._entries(_ids(self._store.read_many([WORKERS])[0]))

    def is_alive(self, worker_id: str) -> bool:
        """Tell whether a worker has written its entry lately, in one round trip.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        return bool(self._entries([worker_id]))

    def _entries(self, ids: list[str]) -> list[WorkerEntry]:
        texts = self._store.read_many([worker_key(each) for each in ids]) if ids else []
        entries = [WorkerEntry.from_text(text) for text in texts]
        return [entry for entry in entries if entry is not None]

    def _renewal_is_due(self) -> bool:
        return self._listed_at is None or self._now() - self._listed_at > LIST_TERM / 2

    def _with(self, worker_id: str, ids: list[str]) -> str:
        others = [entry.id for entry in self._entries(ids) if entry.id != worker_id]
        return json.dumps([*others, worker_id][:MAX_WORKERS])


_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "name": (str,),
    "started_at": (int, float),
    "async_mode": (str,),
    "has_queue": (bool,),
    "version": (str,),
    "sockets": (int,),
    "session_count": (int,),
    "sessions": (list,),
    "patching": (str,),
    "beats": (int,),
}


def _ids(text: object) -> list[str]:
    ids = _parsed(text)
    return ids[:MAX_WORKERS] if _are_texts(ids) else []


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _parsed(text: object) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
