"""Tells peers on all workers that the app has removed them, and closes their sockets."""

from dataclasses import dataclass

from ..sessions.record import Vacated
from .announcements import Announcements
from .attendance import Attendance
from .members import peer_room, session_room
from .participants import Participants
from .ports import Outbox


@dataclass(frozen=True, kw_only=True)
class Expulsion:
    """Carry out what the app has decided about who is in a session.

    The message queue carries events to the sockets of all workers. A socket of another worker is
    taken out of its rooms; that worker sees this at its next beat, and closes the socket.
    """

    participants: Participants
    outbox: Outbox
    attendance: Attendance
    announcements: Announcements

    def of_peer(
        self,
        session_id: str,
        peer_id: str,
        host: str | None,
        vacated: Vacated | None,
        ban_for: float,
    ) -> bool:
        """Remove a peer; return whether it had a socket.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        self.announcements.kicked(session_id, peer_id, host, ban_for)
        self._unseat(session_id, vacated)
        sids = self.participants.sids(session_id, peer_id, vacated)
        self._close(peer_room(session_id, peer_id), sids)
        self.attendance.remove(session_id, {peer_id})
        return bool(sids)

    def of_all(self, session_id: str, peers: set[str], vacated: Vacated | None) -> None:
        """Remove everybody from a session that is over.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        self.announcements.closed(session_id)
        self._unseat(session_id, vacated)
        self._close(session_room(session_id), self.participants.sids(session_id, None, vacated))
        self.attendance.remove(session_id, peers)

    def _unseat(self, session_id: str, vacated: Vacated | None) -> None:
        if vacated is not None:
            self.announcements.unseated(session_id, vacated)
            self.attendance.lose_host(session_id)

    def _close(self, room: str, sids: set[str]) -> None:
        self.outbox.empty(room)
        for sid in sids:
            self.outbox.close(sid)
