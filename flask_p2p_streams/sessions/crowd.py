"""Who is in a session, put together from what a worker, the host and the store know; no I/O."""

from collections.abc import Set
from dataclasses import dataclass

from . import rosters
from .record import Session, at_present
from .rosters import Roster


@dataclass(frozen=True)
class Report:
    """What the store tells of who is in a session.

    ``roster`` is what the host has told last. ``dead_worker`` held the host's socket, and lives
    no more. ``is_known`` tells whether the peer that wants to join is in the session, or was
    so a moment ago.
    """

    roster: Roster
    dead_worker: str | None = None
    is_known: bool = False


@dataclass(frozen=True)
class Crowd:
    """Who is in a session.

    The sockets of those ``here`` are at this worker; those who are ``detached`` are connected
    peer to peer, and not in the host's roster yet. ``report`` is None as long as the store
    hasn't been asked.
    """

    here: Set[str] = frozenset()
    detached: Set[str] = frozenset()
    report: Report | None = None


def nearby(crowd: Crowd, session: Session | None, now: float, grace: float) -> Set[str]:
    """Return the peers that this worker knows of by itself."""
    if session is None or at_present(session, now, grace).host is None:
        # Who was connected to a host that has gone comes again, or isn't there.
        return crowd.here
    # Who detaches is counted as such before it leaves its room.
    return crowd.here | crowd.detached


def present(
    crowd: Crowd, report: Report, session: Session | None, now: float, grace: float
) -> Set[str]:
    """Return the peers that take a place, the host aside."""
    around = nearby(crowd, session, now, grace)
    if session is None or not rosters.holds(report.roster, session, now, grace):
        return around
    if session.host_worker is not None and session.host_worker == report.dead_worker:
        # Nobody keeps the roster of a host that went with its worker.
        return crowd.here
    return around | rosters.present(report.roster)


def known(
    crowd: Crowd, report: Report, session: Session | None, now: float, grace: float
) -> Set[str]:
    """Return the peers that the host or this worker know, also those that were cut off."""
    return nearby(crowd, session, now, grace) | report.roster.peers.keys()
