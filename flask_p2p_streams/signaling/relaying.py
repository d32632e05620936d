"""The server's path: batches of packets, passed on between a host and one of its clients.

It is for peers that have no other path to each other. Nothing of what they say is stored or
logged, and the store is asked only when a batch names an epoch that isn't known here.
"""

from dataclasses import dataclass

from ..limits.throttle import Throttle
from ..metrics import Metrics
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.relay import Batch, parse_relay, relay
from ..sessions.member import Member
from ..stores.session_store import SessionStore
from .members import Room, Rooms, peer_room
from .ports import Outbox


@dataclass(frozen=True, kw_only=True)
class Relaying:
    """Pass batches on, between a host and one of its clients.

    :param mode: ``P2P_RELAY``.
    """

    mode: str
    throttle: Throttle
    store: SessionStore
    rooms: Rooms
    outbox: Outbox
    metrics: Metrics

    def relay(self, sid: str, payload: object) -> Payload:
        """Pass a batch on, either way.

        :raises SignalingError: ``relay_off``, ``bad_request``, ``too_large``, ``not_joined``,
            ``stale_epoch``, ``forbidden``, ``no_such_peer`` or ``relay_full``.
        """
        if self.mode == "off":
            raise SignalingError(ErrorCode.RELAY_OFF)
        batch = parse_relay(payload)
        member, room = self.rooms.joined(sid)
        self._require_current(batch, member, room)
        client = _client(batch, member, room)
        receiver = peer_room(member.session_id, batch.to)
        if not self.outbox.reaches(receiver):
            raise SignalingError(ErrorCode.NO_SUCH_PEER)
        # What finds no room is charged to nobody, as its sender can't help it.
        if self.outbox.is_crowded(receiver):
            raise self.throttle.unread_relay()
        is_host = client != member.peer_id
        self.throttle.relay(member.session_id, client, batch.size, is_host=is_host)
        self.outbox.tell("relay", relay(batch, member.peer_id), receiver)
        self.metrics.relayed_batch(batch.size, opens=not is_host and _opens(room, client, batch))
        return {"ok": True}

    def _require_current(self, batch: Batch, member: Member, room: Room) -> None:
        if batch.epoch > room.epoch:
            session = self.store.read(member.session_id)
            if session is not None and session.host is not None:
                room.observe(session.epoch, session.host)
        if batch.epoch != room.epoch:
            raise SignalingError(ErrorCode.STALE_EPOCH)


def _client(batch: Batch, member: Member, room: Room) -> str:
    """Return the client whose link it is."""
    if room.host not in (batch.to, member.peer_id) or batch.to == member.peer_id:
        raise SignalingError(ErrorCode.FORBIDDEN)
    return batch.to if room.host == member.peer_id else member.peer_id


def _opens(room: Room, client: str, batch: Batch) -> bool:
    known = room.relayed.get(client)
    room.relayed[client] = batch.link
    return known != batch.link
