"""Tells browsers of each change by events, and the app by blinker signals."""

import logging
import math
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from blinker import NamedSignal

from .. import signals
from ..metrics import Metrics
from ..protocol import messages
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.messages import HostChange
from ..sessions.member import Member
from ..sessions.outcomes import Following, Hosting
from ..sessions.presence import News
from ..sessions.record import Vacated
from ..tokens import Signer
from .ice_servers import IceServers
from .members import Room, peer_room, session_room
from .ports import Outbox
from .receivers import Message, Receivers

logger = logging.getLogger("flask_p2p_streams")

REMOVED = SignalingError(
    ErrorCode.FORBIDDEN,
    "This peer has been removed from the session.",
    hint="Ask whoever runs the session.",
)
CLOSED = SignalingError(ErrorCode.SESSION_EXPIRED, "The session has been closed.")


@dataclass(frozen=True, kw_only=True)
class Announcements:
    """Tell the browsers and the app what happens in the app's sessions.

    :param relay: ``P2P_RELAY``.
    :param now: seconds since 1970.
    """

    receivers: Receivers
    ice_servers: IceServers
    signer: Signer
    outbox: Outbox
    metrics: Metrics
    relay: str
    now: Callable[[], float] = time.time

    # Somebody has joined

    def prepare(self, member: Member, *, is_here: bool) -> None:
        """Get ready to tell a member of its ICE servers, which may take a while.

        :param is_here: whether it has joined by this socket before.
        """
        self.ice_servers.prepare(member.session_id, member.peer_id, is_here=is_here)

    def following(
        self,
        member: Member,
        decision: Following,
        news: Collection[News],
        *,
        connected: bool,
        link: str | None = None,
    ) -> Payload:
        """Tell a client and its host of each other; return the answer to its join.

        ``news`` is what the app has to be told of the client's coming. If the client is still
        ``connected`` to the host, the host needn't be told, as it makes no offer; but it is asked
        to repair the ``link`` that the client names.
        """
        host, epoch = decision.host, decision.epoch
        known: Payload = {"peer_id": member.peer_id, "host_peer_id": host, "epoch": epoch}
        ready = messages.session_ready(**known, **self._common(member, member.peer_id))
        self.outbox.tell("session_ready", ready, member.sid)
        if link is not None or not connected:
            if self.ice_servers.differ:
                ready = messages.session_ready(**known, **self._common(member, host))
            asked = ready if link is None else {**ready, "link": link}
            self.outbox.tell("session_ready", asked, peer_room(member.session_id, host))
        self.attended(member.session_id, member.peer_id, news)
        return messages.joined(peer_id=member.peer_id, host_peer_id=host, epoch=epoch, seat=None)

    def hosting(self, member: Member, decision: Hosting, news: Collection[News]) -> Payload:
        """Give a host the proof of its seat and tell everybody; return the answer to its join.

        A host joins again to see whether its connection is alive, which is no news.
        """
        host, epoch = member.peer_id, decision.epoch
        seat = self.signer.seat(member.session_id, host, epoch)
        ready = messages.session_ready(
            peer_id=host,
            host_peer_id=host,
            epoch=epoch,
            seat=seat,
            **self._common(member, host),
        )
        self.outbox.tell("session_ready", ready, member.sid)
        if not decision.resumed:
            self.metrics.elected()
        reason: HostChange = "resumed" if decision.resumed else "elected"
        if not decision.repeated:
            self._host_changed(member.session_id, host, epoch, reason)
        opened, elected = signals.session_opened, signals.host_elected
        session_id = member.session_id
        self.receivers.send(
            *([_of(opened, session_id)] if decision.opened else []),
            *_attended(session_id, host, news, host=True),
            *([] if decision.resumed else [_of(elected, session_id, host, epoch=epoch)]),
        )
        return messages.joined(peer_id=host, host_peer_id=host, epoch=epoch, seat=seat)

    def replaced(self, older_sid: str) -> None:
        """Tell an older socket that its peer has joined by another one."""
        error = SignalingError(ErrorCode.PEER_REPLACED)
        self.outbox.tell("session_error", error.to_payload(), older_sid)

    def superseded(self, member: Member, host: str | None, epoch: int) -> None:
        """Tell a host that the session goes on under another one."""
        notice = messages.host_changed(host, epoch, "elected")
        self.outbox.tell("host_changed", notice, member.sid)

    def attended(self, session_id: str, peer_id: str, news: Collection[News]) -> None:
        """Tell the app that a peer has come, is connected, or has gone."""
        self.receivers.send(*_attended(session_id, peer_id, news))

    # Somebody has gone

    def host_gone(self, member: Member, vacated: Vacated, reason: HostChange) -> None:
        """Tell everybody that the seat is empty."""
        self._host_changed(member.session_id, None, vacated.epoch, reason)
        self._lost(member.session_id, member.peer_id, vacated.epoch, reason)

    def client_gone(self, member: Member, room: Room) -> None:
        """Tell the host that a client has gone."""
        if room.host != member.peer_id:
            notice = messages.peer_left(member.peer_id, room.epoch)
            self.outbox.tell("peer_left", notice, peer_room(member.session_id, room.host))

    # The app has decided

    def kicked(self, session_id: str, peer_id: str, host: str | None, ban_for: float) -> None:
        """Tell a peer that it is removed, and also its host, which may still be connected to it."""
        error = REMOVED.to_payload()
        self.outbox.emit("session_error", error, peer_room(session_id, peer_id))
        if host is not None and host != peer_id:
            notice = messages.peer_expelled(peer_id, error)
            self.outbox.tell("peer_expelled", notice, peer_room(session_id, host))
        self.receivers.send(_of(signals.peer_kicked, session_id, peer_id, ban_for=ban_for))

    def closed(self, session_id: str) -> None:
        """Tell everybody that the session is over."""
        self.outbox.emit("session_error", CLOSED.to_payload(), session_room(session_id))
        self.receivers.send(_of(signals.session_closed, session_id))

    def unseated(self, session_id: str, vacated: Vacated) -> None:
        """Tell everybody that the app has freed the seat."""
        self._host_changed(session_id, None, vacated.epoch, "left")
        self._lost(session_id, vacated.host, vacated.epoch, "left")

    # The parts

    def _common(self, member: Member, told: str) -> Payload:
        servers = self.ice_servers.of(member.session_id, told)
        role = member.token.role
        left_ms = None if role.ends_at is None else math.ceil((role.ends_at - self.now()) * 1000)
        return {
            "ice_servers": servers.servers,
            "ice_expires_in_ms": servers.expires_in_ms,
            "can_send": role.can_send,
            "can_host": role.can_host,
            "relay": self.relay,
            "ends_in_ms": None if left_ms is None else max(0, left_ms),
        }

    def _host_changed(
        self, session_id: str, host: str | None, epoch: int, reason: HostChange
    ) -> None:
        logger.info("Session %r, epoch %d: host %r (%s).", session_id, epoch, host, reason)
        notice = messages.host_changed(host, epoch, reason)
        self.outbox.emit("host_changed", notice, session_room(session_id))

    def _lost(self, session_id: str, peer_id: str, epoch: int, reason: HostChange) -> None:
        lost = _of(signals.host_lost, session_id, peer_id, epoch=epoch, reason=reason)
        self.receivers.send(lost)


def _attended(
    session_id: str, peer_id: str, news: Collection[News], *, host: bool = False
) -> Iterator[Message]:
    if "joined" in news:
        yield _of(signals.peer_joined, session_id, peer_id, host=host)
    if "connected" in news:
        yield _of(signals.peer_connected, session_id, peer_id)
    if "left" in news:
        yield _of(signals.peer_left, session_id, peer_id)


def _of(
    signal: NamedSignal, session_id: str, peer_id: str | None = None, **details: Any
) -> Message:
    who = {"session_id": session_id, "peer_id": peer_id}
    return signal, {key: each for key, each in who.items() if each is not None} | details
