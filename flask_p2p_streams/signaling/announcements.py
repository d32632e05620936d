"""Who is told what: the browsers by events, the app by blinker signals."""

import logging
import math
import time
from collections.abc import Callable, Collection, Iterator, Set
from typing import Any, Protocol

from blinker import NamedSignal
from flask import Flask

from .. import signals
from ..protocol import messages
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.messages import HostChange
from ..sessions.outcomes import Following, Hosting
from ..sessions.presence import News
from ..sessions.record import Vacated
from ..tokens import Signer
from .members import Member, Room, peer_room, session_room
from .receivers import Message, Receivers

logger = logging.getLogger("flask_p2p_streams")


REMOVED = SignalingError(
    ErrorCode.FORBIDDEN,
    "This peer has been removed from the session.",
    hint="Ask whoever runs the session.",
)
CLOSED = SignalingError(ErrorCode.SESSION_EXPIRED, "The session has been closed.")


class Question(Protocol):
    """An event that was sent to one socket, whose answer is awaited."""

    @property
    def answer(self) -> object:
        """The answer; None before there is one."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds; return whether there is an answer."""

    def end(self) -> None:
        """Wait for it no more."""


class Outbox(Protocol):
    """How events reach sockets."""

    @property
    def is_alone(self) -> bool:
        """Whether this worker has no message queue, and so reaches its own sockets only."""

    def emit(self, event: str, payload: Payload, room: str) -> None:
        """Send an event to all sockets in a room, on every worker."""

    def tell(self, event: str, payload: Payload, room: str) -> None:
        """Send an event to the one socket in a room, wherever it is."""

    def ask(self, event: str, payload: Payload, sid: str) -> Question:
        """Send an event to one socket, which is to answer it."""

    def silence(self, sid: str) -> float:
        """Return for how many seconds a ping of a socket of this worker is unanswered."""

    def enter(self, sid: str, *rooms: str) -> None:
        """Put a socket of this worker into rooms."""

    def leave(self, sid: str, *rooms: str) -> None:
        """Take a socket of this worker out of rooms."""

    def reaches(self, room: str) -> bool:
        """Tell whether an event to this room may reach somebody."""

    def is_here(self, sid: str, worker_id: str | None) -> bool:
        """Tell whether a socket is open, as far as this worker can know."""

    def present(self, room: str) -> Set[str]:
        """Return the sockets of this worker in a room."""

    def close(self, sid: str) -> None:
        """Disconnect a socket, also one of another worker where there is a message queue."""

    def empty(self, room: str) -> None:
        """Take all sockets out of a room, on every worker."""


class Announcements:
    """The news of an app's sessions."""

    def __init__(
        self,
        app: Flask,
        ice_servers: tuple[Payload, ...],
        signer: Signer,
        outbox: Outbox,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._receivers = Receivers(app)
        self._ice_servers = ice_servers
        self._signer = signer
        self._outbox = outbox
        self._now = now

    # Somebody has joined

    def following(
        self, member: Member, decision: Following, news: Collection[News], *, connected: bool
    ) -> Payload:
        """Tell a client and its host of each other; return the answer to its join.

        ``news`` is what the app has to be told of its coming. The host of a client that is
        ``connected`` has nothing to offer to it.
        """
        host, epoch = decision.host, decision.epoch
        ready = messages.session_ready(
            peer_id=member.peer_id,
            host_peer_id=host,
            epoch=epoch,
            **self._common(member),
        )
        self._outbox.tell("session_ready", ready, member.sid)
        if not connected:
            self._outbox.tell("session_ready", ready, peer_room(member.session_id, host))
        self.attended(member.session_id, member.peer_id, news)
        return messages.joined(peer_id=member.peer_id, host_peer_id=host, epoch=epoch, seat=None)

    def hosting(self, member: Member, decision: Hosting, news: Collection[News]) -> Payload:
        """Hand a host its seat and tell all of it; return the answer to its join."""
        host, epoch = member.peer_id, decision.epoch
        seat = self._signer.seat(member.session_id, host, epoch)
        ready = messages.session_ready(
            peer_id=host,
            host_peer_id=host,
            epoch=epoch,
            seat=seat,
            **self._common(member),
        )
        self._outbox.tell("session_ready", ready, member.sid)
        self._host_changed(member, host, epoch, "resumed" if decision.resumed else "elected")
        self._receivers.send(
            *([_of(signals.session_opened, member.session_id)] if decision.opened else []),
            *_attended(member.session_id, host, news, host=True),
            *([] if decision.resumed else [_of(signals.host_elected, *_ids(member), epoch=epoch)]),
        )
        return messages.joined(peer_id=host, host_peer_id=host, epoch=epoch, seat=seat)

    def replaced(self, older_sid: str) -> None:
        """Tell a socket that its peer has joined in another place."""
        error = SignalingError(ErrorCode.PEER_REPLACED)
        self._outbox.tell("session_error", error.to_payload(), older_sid)

    def superseded(self, member: Member, host: str | None, epoch: int) -> None:
        """Tell a host that the session goes on under another one."""
        notice = messages.host_changed(host, epoch, "elected")
        self._outbox.tell("host_changed", notice, member.sid)

    def attended(self, session_id: str, peer_id: str, news: Collection[News]) -> None:
        """Tell the app that a peer has come, is connected, or has gone."""
        self._receivers.send(*_attended(session_id, peer_id, news))

    # Somebody has gone

    def host_gone(self, member: Member, vacated: Vacated, reason: HostChange) -> None:
        """Tell all that the seat is empty."""
        self._host_changed(member, None, vacated.epoch, reason)
        self._lost(member, vacated, reason)

    def client_gone(self, member: Member, room: Room) -> None:
        """Tell the host that a client has gone before it was connected."""
        if room.host != member.peer_id:
            notice = messages.peer_left(member.peer_id, room.epoch)
            self._outbox.tell("peer_left", notice, peer_room(member.session_id, room.host))

    # The app has decided

    def kicked(self, session_id: str, peer_id: str, host: str | None, ban_for: float) -> None:
        """Tell a peer, and the host that may still be connected to it, that it has to go."""
        error = REMOVED.to_payload()
        self._outbox.emit("session_error", error, peer_room(session_id, peer_id))
        if host is not None and host != peer_id:
            notice = messages.peer_expelled(peer_id, error)
            self._outbox.tell("peer_expelled", notice, peer_room(session_id, host))
        self._receivers.send(_of(signals.peer_kicked, session_id, peer_id, ban_for=ban_for))

    def closed(self, session_id: str) -> None:
        """Tell all that the session is over."""
        self._outbox.emit("session_error", CLOSED.to_payload(), session_room(session_id))
        self._receivers.send(_of(signals.session_closed, session_id))

    def unseated(self, session_id: str, vacated: Vacated) -> None:
        """Tell all that the app has freed the seat."""
        member = Member(vacated.sid or "", session_id, vacated.host, 0)
        self._host_changed(member, None, vacated.epoch, "left")
        self._lost(member, vacated, "left")

    # The parts

    def _common(self, member: Member) -> Payload:
        ends_at = member.role.ends_at
        left = None if ends_at is None else max(0, math.ceil((ends_at - self._now()) * 1000))
        return {
            "ice_servers": self._ice_servers,
            "can_send": member.role.can_send,
            "ends_in_ms": left,
        }

    def _host_changed(
        self, member: Member, host: str | None, epoch: int, reason: HostChange
    ) -> None:
        logger.info("Session %r, epoch %d: host %r (%s).", member.session_id, epoch, host, reason)
        notice = messages.host_changed(host, epoch, reason)
        self._outbox.emit("host_changed", notice, session_room(member.session_id))

    def _lost(self, member: Member, vacated: Vacated, reason: HostChange) -> None:
        lost = _of(signals.host_lost, *_ids(member), epoch=vacated.epoch, reason=reason)
        self._receivers.send(lost)


def _attended(
    session_id: str, peer_id: str, news: Collection[News], *, host: bool = False
) -> Iterator[Message]:
    if "joined" in news:
        yield _of(signals.peer_joined, session_id, peer_id, host=host)
    if "connected" in news:
        yield _of(signals.peer_connected, session_id, peer_id)
    if "left" in news:
        yield _of(signals.peer_left, session_id, peer_id)


def _ids(member: Member) -> tuple[str, str]:
    return member.session_id, member.peer_id


def _of(
    signal: NamedSignal, session_id: str, peer_id: str | None = None, **details: Any
) -> Message:
    who = {"session_id": session_id, "peer_id": peer_id}
    return signal, {key: each for key, each in who.items() if each is not None} | details
