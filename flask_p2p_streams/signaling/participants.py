"""Finds out who is in a session, from this worker, the host's roster and the store."""

import time
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass

from ..config import Config
from ..protocol.errors import SignalingError
from ..sessions import rosters
from ..sessions.crowd import Crowd, Report
from ..sessions.member import Member
from ..sessions.outcomes import RosterNeeded
from ..sessions.record import Session, Vacated
from ..sessions.rosters import Roster
from ..stores.listing import look_up
from ..stores.session_store import SessionStore
from .members import Rooms
from .places import Places
from .workers import Workers


@dataclass(frozen=True, kw_only=True)
class Participants:
    """Who is in the sessions of one app.

    Each method but :meth:`crowd` asks the store, and raises ``SignalingError``,
    ``unavailable``, if that fails.

    :param now: seconds since 1970.
    """

    config: Config
    store: SessionStore
    rooms: Rooms
    places: Places
    workers: Workers
    now: Callable[[], float] = time.time

    # At a join

    def crowd(self, session_id: str) -> Crowd:
        """Return who is in a session, as far as this worker knows by itself."""
        return self.rooms.crowd(session_id)

    def report(self, member: Member, needed: RosterNeeded) -> Report:
        """Look up what a rule needs to know of who is in a session."""
        roster = self.store.read_report(member.session_id)
        if needed.is_locked:
            # A new host's roster doesn't list the clients yet that have lost the former host.
            return Report(roster, is_known=self._is_known(member))
        return Report(roster, self._dead_worker(needed.session, roster))

    def witnesses(self, session_id: str, lost_epoch: int | None) -> Set[str]:
        """Return the peers that were connected to the host of an epoch: only their word counts."""
        if lost_epoch is None:
            return frozenset()
        return rosters.connected(self.store.read_report(session_id), lost_epoch)

    def roster(self, session_id: str, unreached_epoch: int | None) -> Roster | None:
        """Return what the host has reported, if a peer says that it doesn't reach that host."""
        return None if unreached_epoch is None else self.store.read_report(session_id)

    # What hosts tell

    def reported(self, session_id: str) -> set[str]:
        """Return the peers that take a place by the last roster, whichever host sent it."""
        return rosters.present(self.store.read_report(session_id))

    def listed(self, session_id: str) -> set[str]:
        """Return the peers that take a place by the roster of the present host."""
        session = self.store.read(session_id)
        roster = self.store.read_report(session_id)
        is_kept = self._holds(roster, session) and not self.workers.has_lost(session)
        return rosters.present(roster) if is_kept else set()

    def unlist(self, member: Member) -> None:
        """Mark a client that joins again as not connected, until its host says that it is."""
        # A failure has been logged.
        with suppress(SignalingError):
            roster = self.store.read_report(member.session_id)
            if roster.peers.get(member.peer_id) == "connected":
                peers = {**roster.peers, member.peer_id: "negotiating"}
                term = member.token.expires_in
                self.store.write_roster(member.session_id, peers, term, roster.epoch)

    # For the app

    def shown(self, session_id: str) -> tuple[Session, Mapping[str, str]] | None:
        """Return an open session as it is now, and its peers with their states, or None."""
        grace = self.config.host_grace
        return look_up(self.store, self.workers.has_lost, session_id, self.now(), grace)

    def known_to_be_in(self, session_id: str, vacated: Vacated | None) -> set[str]:
        """Return all known peers of a session, also the host that has just lost its seat."""
        host = set() if vacated is None else {vacated.host}
        here = {member.peer_id for member in self.rooms.members_of(session_id)}
        listed = self.store.read_roster(session_id).keys()
        return host | here | listed | self.rooms.crowd(session_id).detached

    def sids(self, session_id: str, peer_id: str | None, vacated: Vacated | None) -> set[str]:
        """Return the sockets of a peer at any worker, or those of a session at this worker."""
        sids = {member.sid for member in self.rooms.members_of(session_id, peer_id)}
        sids.add("" if vacated is None else vacated.sid or "")
        if peer_id is not None and self.workers.has_queue:
            sids.add(self.store.read_sid(session_id, peer_id) or "")
        return sids - {""}

    def strike(self, session_id: str, peer_id: str) -> bool:
        """Take a peer off all lists; return whether its host had listed it."""
        self.rooms.forget_detached(session_id, peer_id)
        # Otherwise a locked session would let the peer in again until the next roster comes.
        roster = self.store.read_report(session_id)
        if roster.peers.pop(peer_id, None) is None:
            return False
        self._write(session_id, roster.peers, roster.epoch)
        return True

    def strike_all(self, session_id: str) -> None:
        """Take all peers of a session off all lists."""
        self._write(session_id, {})
        self.rooms.forget_detached(session_id)

    # The parts

    def _write(self, session_id: str, peers: dict[str, str], epoch: int = 0) -> None:
        self.store.write_roster(session_id, peers, self.config.session_expires_in, epoch)

    def _holds(self, roster: rosters.Roster, session: Session | None) -> bool:
        return rosters.holds(roster, session, self.now(), self.config.host_grace)

    def _dead_worker(self, session: Session | None, roster: rosters.Roster) -> str | None:
        if session is None or not self._holds(roster, session):
            return None
        return session.host_worker if self.workers.has_lost(session) else None

    def _is_known(self, member: Member) -> bool:
        # If the store fails, the peer counts as not known.
        with suppress(SignalingError):
            place = self.places.read(member.session_id, member.peer_id)
            return place is not None and place.is_taken
        return False
