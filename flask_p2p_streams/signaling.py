"""The order of a peer's life: parse, decide, keep, announce.

This module knows what to do when a peer joins, signals, leaves or is lost. It
hears of that from ``namespace`` and speaks through ``announcements``.
"""

import time
from collections.abc import Callable

from flask import Flask

from . import messages
from .announcements import Announcements, Outbox
from .config import Config
from .errors import ErrorCode, SignalingError
from .fields import Payload
from .messages import JoinRequest, Signal
from .rooms import Member, Room, Rooms, peer_room, session_room
from .sessions import (
    Candidacy,
    Following,
    Hosting,
    Joined,
    Session,
    Stale,
    Vacated,
    Waiting,
    join,
    leave,
    lose,
    lose_if_gone,
    renew,
)
from .store import Locks, SessionStore
from .tokens import Signer


class Signaling:
    """What one app does on each event of a peer's life."""

    def __init__(
        self,
        app: Flask,
        config: Config,
        signer: Signer,
        store: SessionStore,
        outbox: Outbox,
        locks: Locks,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.rooms = Rooms()
        self._announcements = Announcements(app, config.ice_servers, signer, outbox)
        self._config = config
        self._signer = signer
        self._store = store
        self._outbox = outbox
        self._joining = locks
        self._now = now

    # Joining

    def connect(self, sid: str, auth: object) -> None:
        """Let a new socket join the session that its token names.

        :raises SignalingError: if it may not, or has to come again.
        """
        request = messages.parse_auth(auth)
        token = self._signer.read_token(request.token)
        member = Member(sid, token.session_id, token.peer_id, token.expires_in)
        self._join(member, request)

    def session_join(self, sid: str, payload: object) -> Payload:
        """Let an open socket join again, under the token that it came with."""
        request = messages.parse_join(payload)
        member = self.rooms.find(sid)
        if member is None:
            raise SignalingError(ErrorCode.NOT_JOINED)
        return self._join(member, request)

    def _join(self, member: Member, request: JoinRequest) -> Payload:
        # The rooms come first: a notice to a host that is elected this instant must find it.
        rooms = self._rooms_of(member)
        was_in = member.room is not None
        self._outbox.enter(member.sid, *rooms)
        try:
            decision, replaced = self._admit(member, request)
        except SignalingError:
            if not was_in:
                self._outbox.leave(member.sid, *rooms)
            raise
        if replaced is not None:
            self._replace(replaced)
        return self._welcome(member, decision, request)

    def _admit(
        self, member: Member, request: JoinRequest
    ) -> tuple[Hosting | Following, Member | None]:
        candidacy = self._candidacy(member, request)

        def rule(session: Session | None) -> tuple[Session | None, Joined]:
            present = lose_if_gone(session, self._outbox.reaches, candidacy.now)
            return join(present, candidacy)

        # One lock around both, so that of two sockets of one peer the later one stays.
        with self._joining.of(member.session_id):
            decision = self._store.update(member.session_id, rule, member.expires_in)
            if isinstance(decision, Waiting):
                raise _come_again(decision)
            host = decision.host if isinstance(decision, Following) else member.peer_id
            return decision, self.rooms.enter(member, decision.epoch, host)

    def _candidacy(self, member: Member, request: JoinRequest) -> Candidacy:
        seat = request.seat and self._signer.read_seat(
            request.seat, member.session_id, member.peer_id
        )
        return Candidacy(
            session_id=member.session_id,
            peer_id=member.peer_id,
            sid=member.sid,
            now=self._now(),
            grace=self._config.host_grace,
            seat=seat or None,
            lost_epoch=request.lost_epoch,
        )

    def _replace(self, older: Member) -> None:
        self._outbox.leave(older.sid, *self._rooms_of(older))
        self._announcements.replaced(older)
        self._outbox.close(older.sid)

    def _welcome(
        self, member: Member, decision: Hosting | Following, request: JoinRequest
    ) -> Payload:
        if isinstance(decision, Hosting):
            return self._announcements.hosting(member, decision)
        connected = request.connected_epoch == decision.epoch
        return self._announcements.following(member, decision, connected=connected)

    # Negotiating

    def sdp_offer(self, sid: str, payload: object) -> Payload:
        """Pass an offer from the host of the present epoch to one peer."""
        signal = messages.parse_offer(payload, self._config.max_signal_bytes)
        member, room = self._joined(sid)
        self._look_up(member.session_id, room)
        _require_epoch(signal, room)
        if room.host != member.peer_id or signal.to == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        return self._relay("sdp_offer", member, signal)

    def sdp_answer(self, sid: str, payload: object) -> Payload:
        """Pass an answer from a client to its host."""
        signal = messages.parse_answer(payload, self._config.max_signal_bytes)
        member, room = self._joined(sid)
        self._require_current(signal, member, room)
        if signal.to != room.host or room.host == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        return self._relay("sdp_answer", member, signal)

    def ice_candidate(self, sid: str, payload: object) -> Payload:
        """Pass candidates between a client and its host, either way."""
        signal = messages.parse_candidates(payload, self._config.max_signal_bytes)
        member, room = self._joined(sid)
        self._require_current(signal, member, room)
        if room.host not in (signal.to, member.peer_id) or signal.to == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        return self._relay("ice_candidate", member, signal)

    def _require_current(self, signal: Signal, member: Member, room: Room) -> None:
        # The cache is asked only when the signal knows of an election that this worker missed.
        if signal.epoch > room.epoch:
            self._look_up(member.session_id, room)
        _require_epoch(signal, room)

    def _look_up(self, session_id: str, room: Room) -> None:
        session = self._store.read(session_id)
        if session is not None and session.host is not None:
            room.observe(session.epoch, session.host)

    def _relay(self, event: str, member: Member, signal: Signal) -> Payload:
        room = peer_room(member.session_id, signal.to)
        if not self._outbox.reaches(room):
            raise SignalingError(ErrorCode.NO_SUCH_PEER)
        self._outbox.emit(event, messages.relayed(signal, member.peer_id), room)
        return {"ok": True}

    # Leaving

    def session_leave(self, sid: str, payload: object) -> Payload:
        """Release a client that is connected, or let a peer go for good."""
        reason = messages.parse_leave(payload)
        member, room = self._joined(sid)
        if reason == "closed":
            self._depart(member, room, "left")
        elif room.host == member.peer_id:
            raise SignalingError(ErrorCode.BAD_REQUEST, "A host keeps its socket.")
        else:
            self._announcements.released(member)
        self._outbox.leave(sid, *self._rooms_of(member))
        self.rooms.release(member)
        return {"ok": True}

    def disconnect(self, sid: str) -> None:
        """Forget a socket, and tell the others if its peer goes with it."""
        member = self.rooms.forget(sid)
        if member is None or member.room is None:
            return
        room = member.room
        self.rooms.release(member)
        self._depart(member, room, "lost")

    def _depart(self, member: Member, room: Room, reason: messages.HostChange) -> None:
        vacated = self._vacate(member, reason) if room.host == member.peer_id else None
        if vacated is not None:
            self._announcements.host_gone(member, vacated, reason)
        else:
            self._announcements.client_gone(member, room)

    def _vacate(self, member: Member, reason: messages.HostChange) -> Vacated | None:
        def rule(session: Session | None) -> tuple[Session | None, Vacated | None]:
            if reason == "left":
                return leave(session, member.sid)
            return lose(session, member.sid, self._now())

        return self._store.update(member.session_id, rule, member.expires_in)

    # Presence

    def session_roster(self, sid: str, payload: object) -> Payload:
        """Keep the host's list of its peers, and with it the session itself."""
        roster = messages.parse_roster(payload)
        member, room = self._joined(sid)

        def rule(session: Session | None) -> tuple[Session | None, Hosting | Stale]:
            return renew(session, member.session_id, member.peer_id, sid, roster.epoch)

        if room.host != member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        if roster.epoch != room.epoch or isinstance(
            self._store.update(member.session_id, rule, member.expires_in), Stale
        ):
            raise SignalingError(ErrorCode.STALE_EPOCH)
        self._store.write_roster(member.session_id, roster.peers, member.expires_in)
        return {"ok": True}

    # The parts

    def _joined(self, sid: str) -> tuple[Member, Room]:
        member = self.rooms.find(sid)
        if member is None or member.room is None:
            raise SignalingError(ErrorCode.NOT_JOINED)
        return member, member.room

    def _rooms_of(self, member: Member) -> tuple[str, str]:
        session_id = member.session_id
        return session_room(session_id), peer_room(session_id, member.peer_id)


def _come_again(decision: Waiting) -> SignalingError:
    return SignalingError(
        ErrorCode.UNAVAILABLE,
        "The host has just dropped; its seat is reserved for a moment.",
        hint="Wait retry_after_ms and join again; the client does so by itself.",
        retry_after_ms=decision.retry_after_ms,
    )


def _require_epoch(signal: Signal, room: Room) -> None:
    if signal.epoch != room.epoch:
        raise SignalingError(ErrorCode.STALE_EPOCH)
