"""The order of a peer's life: parse, decide, keep, announce.

This module knows what to do when a peer joins, signals, leaves or is lost. It
hears of that from ``namespace`` and speaks through ``announcements``.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from flask import Flask

from ..config import Config
from ..limits.throttle import Throttle
from ..metrics import Metrics
from ..protocol import messages
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.messages import Signal
from ..runtime.identity import Identity
from ..runtime.mutexes import Mutexes
from ..sessions import rosters
from ..sessions.hosting import leave, lose, renew
from ..sessions.outcomes import Hosting, Stale
from ..sessions.record import Session, Vacated
from ..stores.session_store import SessionStore
from ..tokens import Signer
from .admission import Admission
from .announcements import Announcements, Outbox
from .attendance import Attendance
from .authorization import Authorizers
from .detached import RELEASED_TERM, Released
from .heartbeat import Worker
from .host_probe import Probes
from .members import Member, Room, Rooms, peer_room, rooms_of
from .moderation import Moderation


class Signaling:
    """What one app does on each event of a peer's life."""

    def __init__(
        self,
        app: Flask,
        config: Config,
        signer: Signer,
        store: SessionStore,
        outbox: Outbox,
        locks: Mutexes,
        authorizers: Authorizers,
        metrics: Metrics,
        throttle: Throttle,
        server: Any,
        identity: Identity,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.rooms = rooms = Rooms()
        self._released = released = Released()
        self._announcements = news = Announcements(app, config.ice_servers, signer, outbox, now)
        self._worker = worker = Worker(identity, server, store, rooms, outbox, news, now)
        self.has_lost = worker.has_lost
        self._config = config
        self._signer = signer
        self._store = store
        self._outbox = outbox
        self._now = now
        self._authorizers = authorizers
        self._throttle = throttle
        create_event = server.eio.create_event
        self._attendance = attendance = Attendance(
            store, outbox, worker, news, config.host_grace, server, now
        )
        self._admission = Admission(
            config=config,
            signer=signer,
            store=store,
            rooms=rooms,
            released=released,
            authorizers=authorizers,
            announcements=news,
            outbox=outbox,
            probes=Probes(outbox, store, identity, worker.is_alive, create_event, metrics),
            attendance=attendance,
            metrics=metrics,
            locks=locks,
            identity=identity,
            is_out_of_reach=worker.is_out_of_reach,
            has_lost=worker.has_lost,
            now=now,
        )
        self.moderation = Moderation(
            config, store, rooms, released, news, outbox, locks, attendance, now
        )

    # Joining

    @property
    def asks_app(self) -> bool:
        """Whether the app's own functions are asked at a join, which want to see its request."""
        return len(self._authorizers) > 0

    def connect(self, sid: str, auth: object) -> None:
        """Let a new socket join the session that its token names.

        :raises SignalingError: if it may not, or has to come again.
        """
        request = messages.parse_auth(auth)
        token = self._signer.read_token(request.token)
        self._throttle.rejoin(token.session_id, token.peer_id)
        member = Member(
            sid,
            token.session_id,
            token.peer_id,
            token.expires_in,
            issued_at=token.issued_at,
            first_issued_at=token.first_issued_at,
            closing=token.closing,
            role=token.role,
        )
        self._worker.appear()
        self._admission.join(member, request)
        self._worker.wake()

    def session_join(self, sid: str, payload: object) -> Payload:
        """Let an open socket join again, under the token that it came with."""
        request = messages.parse_join(payload)
        member = self.rooms.find(sid)
        if member is None:
            raise SignalingError(ErrorCode.NOT_JOINED)
        self._throttle.rejoin(member.session_id, member.peer_id)
        return self._admission.join(member, request)

    # Negotiating

    def sdp_offer(self, sid: str, payload: object) -> Payload:
        """Pass an offer from the host of the present epoch to one peer."""
        signal = messages.parse_offer(payload, self._config.max_signal_bytes)
        member, room = self._joined(sid)
        self._look_up(member.session_id, room)
        _require_epoch(signal, room)
        if room.host != member.peer_id or signal.to == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        self._require_present(member, signal)
        sent = room.negotiations.offered(signal.to, signal.negotiation)
        self._throttle.described(sent.describe())
        return self._relay("sdp_offer", member, signal)

    def sdp_answer(self, sid: str, payload: object) -> Payload:
        """Pass an answer from a client to its host."""
        signal = messages.parse_answer(payload, self._config.max_signal_bytes)
        member, room = self._joined(sid)
        self._require_current(signal, member, room)
        if signal.to != room.host or room.host == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        self._require_present(member, signal)
        if not _is_awaited(room, member.peer_id, signal):
            return {"ok": True}
        self._throttle.described(room.negotiations.by_client(member.peer_id).describe())
        self._carry(member, signal)
        return self._relay("sdp_answer", member, signal)

    def ice_candidate(self, sid: str, payload: object) -> Payload:
        """Pass candidates between a client and its host, either way."""
        signal = messages.parse_candidates(payload, self._config.max_signal_bytes)
        member, room = self._joined(sid)
        self._require_current(signal, member, room)
        if room.host not in (signal.to, member.peer_id) or signal.to == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        self._require_present(member, signal)
        client = signal.to if room.host == member.peer_id else member.peer_id
        if not _is_awaited(room, client, signal):
            return {"ok": True}
        said = room.negotiations
        sent = said.by_client(client) if client == member.peer_id else said.by_host(client)
        self._throttle.described(sent.trickle(signal.body["candidates"]))
        if client == member.peer_id:
            self._carry(member, signal)
        return self._relay("ice_candidate", member, signal)

    def _carry(self, member: Member, signal: Signal) -> None:
        # As it is written: JSON escapes make up to six characters of one.
        self._throttle.carry(member.session_id, member.peer_id, len(json.dumps(signal.body)))

    def _require_current(self, signal: Signal, member: Member, room: Room) -> None:
        # The cache is asked only when the signal knows of an election that this worker missed.
        if signal.epoch > room.epoch:
            self._look_up(member.session_id, room)
        _require_epoch(signal, room)

    def _look_up(self, session_id: str, room: Room) -> None:
        session = self._store.read(session_id)
        if session is not None and session.host is not None:
            room.observe(session.epoch, session.host)

    def _require_present(self, member: Member, signal: Signal) -> None:
        if not self._outbox.reaches(peer_room(member.session_id, signal.to)):
            raise SignalingError(ErrorCode.NO_SUCH_PEER)

    def _relay(self, event: str, member: Member, signal: Signal) -> Payload:
        room = peer_room(member.session_id, signal.to)
        self._outbox.tell(event, messages.relayed(signal, member.peer_id), room)
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
            self._released.add(member.session_id, member.peer_id)
            self._attendance.release(member, RELEASED_TERM)
        self.rooms.release(member)
        self._outbox.leave(sid, *rooms_of(member))
        return {"ok": True}

    def disconnect(self, sid: str) -> None:
        """Forget a socket, and tell the others if its peer goes with it."""
        member = self.rooms.forget(sid)
        if member is None or member.room is None:
            return
        room = member.room
        self.rooms.release(member)
        if not self._is_replaced(member):
            self._depart(member, room, "lost")

    def _depart(self, member: Member, room: Room, reason: messages.HostChange) -> None:
        is_host = room.host == member.peer_id
        if is_host and (vacated := self._vacate(member, reason)) is not None:
            self._announcements.host_gone(member, vacated, reason)
        else:
            self._announcements.client_gone(member, room)
        if is_host:
            # Also where another process has freed the seat, which may end right after that.
            self._attendance.lose_host(member.session_id, member.idle_timeout)
        self._attendance.leave(member, may_be_connected=not is_host and reason == "lost")

    def _is_replaced(self, member: Member) -> bool:
        # A newer socket of the peer is at another worker: the peer hasn't gone.
        if self._outbox.is_alone:
            return False
        try:
            newest = self._store.read_sid(member.session_id, member.peer_id)
        except SignalingError:
            return False
        return newest not in (None, member.sid)

    def _vacate(self, member: Member, reason: messages.HostChange) -> Vacated | None:
        def rule(session: Session | None) -> tuple[Session | None, Vacated | None]:
            if reason == "left":
                return leave(session, member.sid)
            return lose(session, member.sid, self._now())

        return self._store.update(member.session_id, rule, member.expires_in)

    # Presence

    def session_roster(self, sid: str, payload: object) -> Payload:
        """Keep the host's list of its peers, and with it the session itself."""
        roster = rosters.parse(payload, self._config.max_peers)
        member, room = self._joined(sid)
        if room.host != member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        self._throttle.roster(member.session_id, member.peer_id)
        host = self._worker.incumbent(member, roster.epoch)

        def rule(session: Session | None) -> tuple[Session | None, Hosting | Stale]:
            return renew(session, host, len(rosters.present(roster)))

        if roster.epoch != room.epoch or isinstance(
            self._store.update(member.session_id, rule, member.expires_in), Stale
        ):
            raise SignalingError(ErrorCode.STALE_EPOCH)
        before = self._store.read_report(member.session_id)
        self._store.write_roster(member.session_id, roster.peers, member.expires_in, roster.epoch)
        self._released.forget(member.session_id)
        self._attendance.follow(member.session_id, before, roster)
        return {"ok": True}

    # The parts

    def _joined(self, sid: str) -> tuple[Member, Room]:
        member = self.rooms.find(sid)
        if member is None or member.room is None:
            raise SignalingError(ErrorCode.NOT_JOINED)
        return member, member.room


def _is_awaited(room: Room, peer_id: str, signal: Signal) -> bool:
    awaited = room.awaits(peer_id, signal.negotiation)
    if awaited is None:
        raise SignalingError(ErrorCode.FORBIDDEN, "The host has offered nothing to this peer.")
    # Else the host has begun anew meanwhile, and would drop it too.
    return awaited


def _require_epoch(signal: Signal, room: Room) -> None:
    if signal.epoch != room.epoch:
        raise SignalingError(ErrorCode.STALE_EPOCH)
