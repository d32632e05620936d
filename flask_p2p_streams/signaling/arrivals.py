"""A peer joins: it is let in or refused, takes its place, and all that it concerns are told."""

from dataclasses import dataclass

from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.messages import JoinRequest
from ..sessions.credentials import Seat
from ..sessions.member import Member
from ..sessions.outcomes import Following, Hosting, Hostless, JoinOutcome, Suspected
from ..stores.session_store import SessionStore
from .announcements import Announcements
from .attendance import Attendance
from .join_decisions import JoinDecisions, Probed
from .members import Rooms, rooms_of
from .ports import Outbox
from .refusals import refusal

REMOVED = (ErrorCode.FORBIDDEN, ErrorCode.SESSION_EXPIRED)
"""Codes for a peer that was removed, whose session was closed or whose time is over."""


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Let members into the sessions of an app, or tell them why not."""

    decisions: JoinDecisions
    rooms: Rooms
    store: SessionStore
    outbox: Outbox
    attendance: Attendance
    announcements: Announcements

    def join(self, member: Member, request: JoinRequest, seat: Seat | None) -> Payload:
        """Let a member in and tell all that it concerns; return the answer to its join.

        :raises SignalingError: if it may not join, or has to come again.
        """
        # Before anything is decided, so that nothing of it is out of date when the member is told.
        is_here = self.rooms.room_of(member) is not None
        self.announcements.prepare(member, is_here=is_here)
        outcome, replaced = self._let_in(member, request, seat)
        if replaced is not None:
            self._replace(replaced)
        # This comes before the host's offer, which an older socket of the peer would take.
        self._replace_elsewhere(member)
        answer = self._welcome(member, outcome, request)
        self._settle(member)
        return answer

    # The decision

    def _let_in(
        self, member: Member, request: JoinRequest, seat: Seat | None
    ) -> tuple[Hosting | Following, Member | None]:
        was_in = self.rooms.room_of(member) is not None
        # The socket enters its rooms first: if it is elected, notices to the host must reach it.
        self.outbox.enter(member.sid, *rooms_of(member))
        try:
            return self._admit(member, request, seat)
        except SignalingError as error:
            # A member that may stay no longer is taken out of its rooms. At its next beat, this
            # worker closes the sockets of members that aren't in their rooms.
            if not was_in or error.code in REMOVED:
                self.outbox.leave(member.sid, *rooms_of(member))
            raise

    def _admit(
        self, member: Member, request: JoinRequest, seat: Seat | None
    ) -> tuple[Hosting | Following, Member | None]:
        outcome, replaced = self._attempt(member, request, seat)
        if isinstance(outcome, Suspected):
            probed = self.decisions.ask_host(member.session_id, outcome)
            outcome, replaced = self._attempt(member, request, seat, probed)
        if isinstance(outcome, (Hosting, Following)):
            return outcome, replaced
        if isinstance(outcome, Hostless) and outcome.vacated is not None:
            self.announcements.unseated(member.session_id, outcome.vacated)
            self.attendance.lose_host(member.session_id)
            self._replace_older(member)
        raise refusal(outcome)

    def _attempt(
        self, member: Member, request: JoinRequest, seat: Seat | None, probed: Probed | None = None
    ) -> tuple[JoinOutcome, Member | None]:
        # One mutex around both steps, so that the later one of two sockets of a peer stays, and
        # that no two peers get the last place.
        with self.rooms.one_at_a_time(member.session_id):
            outcome = self.decisions.decide(member, request, seat, probed)
            if not isinstance(outcome, (Hosting, Following)):
                return outcome, None
            host = outcome.host if isinstance(outcome, Following) else member.peer_id
            return outcome, self.rooms.enter(member, outcome.epoch, host)

    # Older sockets of the peer

    def _replace_older(self, member: Member) -> None:
        for each in self.rooms.members_of(member.session_id, member.peer_id):
            if each is not member:
                self._replace(each)

    def _replace(self, older: Member) -> None:
        self.outbox.leave(older.sid, *rooms_of(older))
        self._dismiss(older.sid)

    def _replace_elsewhere(self, member: Member) -> None:
        if self.outbox.is_alone:
            return
        try:
            older = self.store.exchange_sid(member.session_id, member.peer_id, member.sid)
        except SignalingError:
            # The failure has been logged. The peer has joined all the same, and an older socket of
            # it harms nobody else.
            return
        if older is not None:
            self._dismiss(older)

    def _dismiss(self, sid: str) -> None:
        self.announcements.replaced(sid)
        self.outbox.close(sid)

    # The welcome

    def _welcome(
        self, member: Member, outcome: Hosting | Following, request: JoinRequest
    ) -> Payload:
        news = self.attendance.enter(member, hosts=isinstance(outcome, Hosting))
        if isinstance(outcome, Hosting):
            return self.announcements.hosting(member, outcome, news)
        connected = request.connected_epoch == outcome.epoch
        link = request.link if connected else None
        return self.announcements.following(member, outcome, news, connected=connected, link=link)

    def _settle(self, member: Member) -> None:
        """Correct the place if another socket of the peer has come, or this one gone, meanwhile.

        If that happened before the place was taken, nobody else would ever give it up.
        """
        last = member
        while (present := self.rooms.present(member.session_id, member.peer_id)) is not last:
            if present is None:
                self.attendance.leave(last, may_be_connected=False)
                return
            room = self.rooms.room_of(present)
            hosts = room is not None and room.host == present.peer_id
            news = self.attendance.enter(present, hosts=hosts)
            self.announcements.attended(present.session_id, present.peer_id, news)
            last = present
