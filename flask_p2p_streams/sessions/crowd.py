"""Who is in a session, put together from what a worker, the host and the store know; no I/O."""

from collections.abc import Set
from dataclasses import dataclass

from . import rosters
from .record import Session, at_present
from .rosters import Roster


@dataclass(frozen=True)
class Report:
    """What the store tells of who is in a session.

    ``roster`` is what the host has reported last. ``dead_worker`` is the process that held the
    host's socket, if it has ended. ``is_known`` tells whether the peer that wants to join is in
    the session, or was in it a moment ago.
    """

    roster: Roster
    dead_worker: str | None = None
    is_known: bool = False


@dataclass(frozen=True)
class Crowd:
    """Who is in a session.

    The peers ``here`` have a socket at this worker. Those that are ``detached`` are connected
    peer to peer and have left the server, and the host's roster doesn't list them yet.
    ``report`` is None as long as the store hasn't been asked.
    """

    here: Set[str] = frozenset()
    detached: Set[str] = frozenset()
    report: Report | None = None


def nearby(crowd: Crowd, session: Session | None, now: float, grace: float) -> Set[str]:
    """Return the peers that this worker knows of by itself."""
    if session is None or at_present(session, now, grace).host is None:
        # A peer that was connected to a host that has gone joins again, or has gone as well.
        return crowd.here
    # A peer that detaches is counted as detached before it leaves its room.
    return crowd.here | crowd.detached


def present(
    crowd: Crowd, report: Report, session: Session | None, now: float, grace: float
) -> Set[str]:
    """Return the peers that take a place, without the host."""
    around = nearby(crowd, session, now, grace)
    if session is None or not rosters.holds(report.roster, session, now, grace):
        return around
    if session.host_worker is not None and session.host_worker == report.dead_worker:
        # A host whose worker has ended sends no roster any more.
        return crowd.here
    return around | rosters.present(report.roster)


def known(
    crowd: Crowd, report: Report, session: Session | None, now: float, grace: float
) -> Set[str]:
    """Return the peers that the host or this worker knows, also those that were cut off."""
    return nearby(crowd, session, now, grace) | report.roster.peers.keys()
