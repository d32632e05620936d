"""A peer leaves: it says goodbye, is connected to its host instead, or loses its socket."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..protocol import messages
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..sessions.hosting import leave, lose
from ..sessions.member import Member
from ..sessions.record import Session, Vacated
from ..stores.session_store import SessionStore
from .announcements import Announcements
from .attendance import Attendance
from .detached import DETACHED_TERM
from .members import Room, Rooms, rooms_of
from .ports import Outbox


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Let members leave, and tell all that it concerns.

    :param now: seconds since 1970.
    """

    store: SessionStore
    rooms: Rooms
    outbox: Outbox
    attendance: Attendance
    announcements: Announcements
    now: Callable[[], float] = time.time

    def leave(self, sid: str, payload: object) -> Payload:
        """Detach a client that is connected to its host, or let a peer leave for good.

        :raises SignalingError: ``not_joined``, or ``bad_request`` from a host that wants to detach.
        """
        reason, successor = messages.parse_leave(payload)
        member, room = self.rooms.joined(sid)
        if reason == "closed":
            self._depart(member, room, "left", successor)
        elif room.host == member.peer_id:
            raise SignalingError(ErrorCode.BAD_REQUEST, "A host keeps its socket.")
        else:
            self.rooms.detach(member)
            self.attendance.detach(member, DETACHED_TERM)
        self.rooms.leave(member)
        self.outbox.leave(sid, *rooms_of(member))
        return {"ok": True}

    def disconnect(self, sid: str) -> None:
        """Forget a socket that is lost, and tell the others if its peer has gone with it."""
        member = self.rooms.forget(sid)
        room = None if member is None else self.rooms.room_of(member)
        if member is None or room is None:
            return
        self.rooms.leave(member)
        if not self._is_replaced(member):
            self._depart(member, room, "lost")

    # The parts

    def _depart(
        self, member: Member, room: Room, reason: messages.HostChange, heir: str | None = None
    ) -> None:
        is_host = room.host == member.peer_id
        if is_host and (vacated := self._vacate(member, reason, heir)) is not None:
            self.announcements.host_gone(member, vacated, reason)
        else:
            self.announcements.client_gone(member, room)
        if is_host:
            # Also if another process has freed the seat: it may have ended right after that.
            self.attendance.lose_host(member.session_id, member.idle_timeout)
        self.attendance.leave(member, may_be_connected=not is_host and reason == "lost")

    def _is_replaced(self, member: Member) -> bool:
        # If a newer socket of the peer is at another worker, the peer hasn't gone.
        if self.outbox.is_alone:
            return False
        try:
            newest = self.store.read_sid(member.session_id, member.peer_id)
        except SignalingError:
            return False
        return newest not in (None, member.sid)

    def _vacate(
        self, member: Member, reason: messages.HostChange, heir: str | None
    ) -> Vacated | None:
        def rule(session: Session | None) -> tuple[Session | None, Vacated | None]:
            if reason == "left":
                return leave(session, member.sid, heir, self.now())
            return lose(session, member.sid, self.now())

        return self.store.update(member.session_id, rule, member.token.expires_in)
