"""Offers, answers and candidates, passed on between a host and one of its clients."""

import json
from dataclasses import dataclass

from ..config import Config
from ..limits.throttle import Throttle
from ..protocol import messages
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.messages import Signal
from ..sessions.member import Member
from ..stores.session_store import SessionStore
from .members import Room, Rooms, peer_room
from .ports import Outbox


@dataclass(frozen=True, kw_only=True)
class Negotiation:
    """Pass offers, answers and candidates on, between a host and one of its clients."""

    config: Config
    throttle: Throttle
    store: SessionStore
    rooms: Rooms
    outbox: Outbox

    def offer(self, sid: str, payload: object) -> Payload:
        """Pass an offer from the host of the present epoch to one peer."""
        signal = messages.parse_offer(payload, self.config.max_signal_bytes)
        member, room = self.rooms.joined(sid)
        self._look_up(member.session_id, room)
        _require_epoch(signal, room)
        if room.host != member.peer_id or signal.to == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        self._require_present(member, signal)
        sent = room.negotiations.offered(signal.to, signal.negotiation)
        self.throttle.described(sent.describe())
        return self._relay("sdp_offer", member, signal)

    def answer(self, sid: str, payload: object) -> Payload:
        """Pass an answer from a client to its host."""
        signal = messages.parse_answer(payload, self.config.max_signal_bytes)
        member, room = self.rooms.joined(sid)
        self._require_current(signal, member, room)
        if signal.to != room.host or room.host == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        self._require_present(member, signal)
        if not _is_awaited(room, member.peer_id, signal):
            return {"ok": True}
        self.throttle.described(room.negotiations.by_client(member.peer_id).describe())
        self._carry(member, signal)
        return self._relay("sdp_answer", member, signal)

    def candidates(self, sid: str, payload: object) -> Payload:
        """Pass candidates between a client and its host, either way."""
        signal = messages.parse_candidates(payload, self.config.max_signal_bytes)
        member, room = self.rooms.joined(sid)
        self._require_current(signal, member, room)
        if room.host not in (signal.to, member.peer_id) or signal.to == member.peer_id:
            raise SignalingError(ErrorCode.FORBIDDEN)
        self._require_present(member, signal)
        client = signal.to if room.host == member.peer_id else member.peer_id
        if not _is_awaited(room, client, signal):
            return {"ok": True}
        said = room.negotiations
        sent = said.by_client(client) if client == member.peer_id else said.by_host(client)
        self.throttle.described(sent.trickle(signal.body["candidates"]))
        if client == member.peer_id:
            self._carry(member, signal)
        return self._relay("ice_candidate", member, signal)

    # The parts

    def _carry(self, member: Member, signal: Signal) -> None:
        # The size is measured as JSON, whose escapes turn one character into up to six.
        self.throttle.carry(member.session_id, member.peer_id, len(json.dumps(signal.body)))

    def _require_current(self, signal: Signal, member: Member, room: Room) -> None:
        # The store is asked only if the signal's epoch is newer than the one known here.
        if signal.epoch > room.epoch:
            self._look_up(member.session_id, room)
        _require_epoch(signal, room)

    def _look_up(self, session_id: str, room: Room) -> None:
        session = self.store.read(session_id)
        if session is not None and session.host is not None:
            room.observe(session.epoch, session.host)

    def _require_present(self, member: Member, signal: Signal) -> None:
        if not self.outbox.reaches(peer_room(member.session_id, signal.to)):
            raise SignalingError(ErrorCode.NO_SUCH_PEER)

    def _relay(self, event: str, member: Member, signal: Signal) -> Payload:
        room = peer_room(member.session_id, signal.to)
        self.outbox.tell(event, messages.relayed(signal, member.peer_id), room)
        return {"ok": True}


def _is_awaited(room: Room, peer_id: str, signal: Signal) -> bool:
    awaited = room.awaits(peer_id, signal.negotiation)
    if awaited is None:
        raise SignalingError(ErrorCode.FORBIDDEN, "The host has offered nothing to this peer.")
    # False if the host has begun a new negotiation meanwhile: it would drop the signal, too.
    return awaited


def _require_epoch(signal: Signal, room: Room) -> None:
    if signal.epoch != room.epoch:
        raise SignalingError(ErrorCode.STALE_EPOCH)
