"""A host reports its peers: its roster is kept, and the session's term is renewed with it."""

from dataclasses import dataclass

from ..config import Config
from ..limits.throttle import Throttle
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..sessions import rosters
from ..sessions.hosting import renew
from ..sessions.member import Member
from ..sessions.outcomes import Hosting, Stale
from ..sessions.record import Session
from ..stores.session_store import SessionStore
from .attendance import Attendance
from .members import Rooms
from .workers import Workers


@dataclass(frozen=True, kw_only=True)
class RosterKeeping:
    """Keep the rosters that hosts send of their peers."""

    config: Config
    throttle: Throttle
    store: SessionStore
    rooms: Rooms
    workers: Workers
    attendance: Attendance

    def keep(self, sid: str, payload: object) -> Payload:
        """Keep the roster of a host.

        :raises SignalingError: ``forbidden`` to others, ``stale_epoch`` to a former host.
        """
        roster = rosters.parse(payload, self.config.max_peers)
        member, room = self.rooms.joined(sid)
        if room.host != member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        self.throttle.roster(member.session_id, member.peer_id)
        if roster.epoch != room.epoch or not self._renew(member, roster):
            raise SignalingError(ErrorCode.STALE_EPOCH)
        self._write(member, roster)
        return {"ok": True}

    def _renew(self, member: Member, roster: rosters.Roster) -> bool:
        host = self.workers.incumbent(member, roster.epoch)

        def rule(session: Session | None) -> tuple[Session | None, Hosting | Stale]:
            return renew(session, host, len(rosters.present(roster)))

        return isinstance(
            self.store.update(member.session_id, rule, member.token.expires_in), Hosting
        )

    def _write(self, member: Member, roster: rosters.Roster) -> None:
        session_id, term = member.session_id, member.token.expires_in
        before = self.store.read_report(session_id)
        self.store.write_roster(session_id, roster.peers, term, roster.epoch)
        self.rooms.forget_detached(session_id)
        self.attendance.follow(session_id, before, roster)
