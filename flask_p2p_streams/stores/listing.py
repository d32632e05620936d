"""Lists sessions for ``p2p.session()`` and ``flask p2p sessions``, in few round trips."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from ..sessions import rosters
from ..sessions.access import bans_left
from ..sessions.record import Session, at_present, without_host
from ..sessions.rosters import Roster
from .guarded import GuardedStore
from .keys import roster_key, session_key
from .session_store import SessionStore
from .worker_registry import MAX_LISTED, WorkerEntry

SESSIONS_PER_TRIP = 500
"""Sessions that are read in one round trip."""

State = Literal["hosted", "dropped", "orphaned", "empty", "closed", "unknown"]


@dataclass(frozen=True)
class SessionRow:
    """What ``flask p2p sessions`` shows of a session.

    ``peers`` counts the host and the peers that take a place beside it. It is 0 without a host, or
    if the host's worker has ended.
    ``age`` is the seconds since its first host came, and ``worker`` the name of the worker that
    holds the host's socket. The state "dropped" means that the host's socket is lost and its
    seat still reserved; "orphaned", that the host's worker has ended; "empty", that there is no
    host and no reserved seat; "unknown", that the store has no such session. ``banned`` maps
    peers to the seconds for which they are still banned.
    """

    session: str
    host: str | None
    epoch: int
    peers: int
    age: float | None
    state: State
    locked: bool
    worker: str | None
    banned: Mapping[str, float] = field(default_factory=dict)


def list_sessions(
    store: GuardedStore,
    workers: Sequence[WorkerEntry],
    now: float,
    grace: float,
    named: Sequence[str] = (),
) -> list[SessionRow]:
    """Return the named sessions, or all that have a host at a worker, sorted by id.

    ``grace`` is for how many seconds the seat of a host whose socket is lost stays reserved.

    :raises SignalingError: ``unavailable`` if the store fails.
    """
    at = {session_id: entry.name for entry in workers for session_id in entry.sessions}
    names = {entry.id: entry.name for entry in workers}
    return [
        _row(session, roster, _worker(session, names, at.get(session_id)), now, grace)
        if session is not None
        else SessionRow(session_id, None, 0, 0, None, "unknown", False, None)
        for session_id, session, roster in _read(store, sorted(set(named or at)))
    ]


def look_up(
    store: SessionStore,
    has_lost: Callable[[Session | None], bool],
    session_id: str,
    now: float,
    grace: float,
) -> tuple[Session, Mapping[str, str]] | None:
    """Return an open session as it is now, and its peers with their states; or None.

    ``has_lost`` tells whether a session's host was at a worker that has ended.

    :raises SignalingError: ``unavailable`` if the store fails.
    """
    session = store.read(session_id)
    if session is None or not session.opened:
        return None
    if has_lost(session):
        return without_host(session), {}
    roster = store.read_report(session_id)
    return at_present(session, now, grace), rosters.shown(roster, session, now, grace)


def incomplete(workers: Iterable[WorkerEntry]) -> list[str]:
    """Return the names of the workers that may have more sessions than their entries list."""
    return [entry.name for entry in workers if len(entry.sessions) == MAX_LISTED]


def _read(store: GuardedStore, ids: Sequence[str]) -> Iterator[tuple[str, Session | None, Roster]]:
    rest = iter(ids)
    while some := list(islice(rest, SESSIONS_PER_TRIP)):
        texts = store.read_many([*map(session_key, some), *map(roster_key, some)])
        for session_id, session, roster in zip(
            some, texts[: len(some)], texts[len(some) :], strict=True
        ):
            yield session_id, Session.from_text(session), rosters.from_text(roster)


def _worker(session: Session | None, names: dict[str, str], listed_at: str | None) -> str | None:
    if session is None or session.host_sid is None:
        return None
    return names.get(session.host_worker or "", listed_at)


def _row(
    session: Session, roster: Roster, worker: str | None, now: float, grace: float
) -> SessionRow:
    session = at_present(session, now, grace)
    state = _state(session, worker)
    # A host whose worker has ended sends no roster any more.
    peers = {} if state == "orphaned" else rosters.shown(roster, session, now, grace)
    return SessionRow(
        session=session.id,
        host=session.host,
        epoch=session.epoch,
        peers=sum(1 for each in peers.values() if each not in rosters.GONE),
        age=round(max(0.0, now - session.born), 3) if session.born else None,
        state=state,
        locked=session.access.locked,
        worker=worker,
        banned={peer: round(left, 3) for peer, left in bans_left(session.access, now).items()},
    )


def _state(session: Session, worker: str | None) -> State:
    if session.host is None:
        return "closed" if not session.opened and session.access.closing else "empty"
    if session.host_sid is None:
        return "dropped"
    return "orphaned" if worker is None else "hosted"
