"""Who is told what: the browsers by events, the app by blinker signals."""

import logging
from typing import Any, Protocol

from blinker import NamedSignal
from flask import Flask

from . import messages, signals
from .errors import ErrorCode, SignalingError
from .fields import Payload
from .messages import HostChange
from .rooms import Member, Room, peer_room, session_room
from .sessions import Following, Hosting, Vacated
from .tokens import Signer

logger = logging.getLogger("flask_p2p_streams")


class Outbox(Protocol):
    """How events reach sockets."""

    def emit(self, event: str, payload: Payload, room: str) -> None:
        """Send an event to all sockets in a room."""

    def enter(self, sid: str, *rooms: str) -> None:
        """Put a socket into rooms."""

    def leave(self, sid: str, *rooms: str) -> None:
        """Take a socket out of rooms."""

    def reaches(self, room: str) -> bool:
        """Tell whether an event to this room may reach somebody."""

    def close(self, sid: str) -> None:
        """Disconnect a socket."""


class Announcements:
    """The news of an app's sessions."""

    def __init__(
        self, app: Flask, ice_servers: tuple[Payload, ...], signer: Signer, outbox: Outbox
    ) -> None:
        self._app = app
        self._ice_servers = ice_servers
        self._signer = signer
        self._outbox = outbox

    # Somebody has joined

    def following(self, member: Member, decision: Following, *, connected: bool) -> Payload:
        """Tell a client and its host of each other; return the answer to its join.

        The host of a client that is ``connected`` has nothing to offer to it.
        """
        host, epoch = decision.host, decision.epoch
        ready = messages.session_ready(
            peer_id=member.peer_id,
            host_peer_id=host,
            epoch=epoch,
            ice_servers=self._ice_servers,
        )
        self._outbox.emit("session_ready", ready, member.sid)
        if not connected:
            self._outbox.emit("session_ready", ready, peer_room(member.session_id, host))
        self._tell(signals.peer_joined, member, host=False)
        return messages.joined(peer_id=member.peer_id, host_peer_id=host, epoch=epoch, seat=None)

    def hosting(self, member: Member, decision: Hosting) -> Payload:
        """Hand a host its seat and tell all of it; return the answer to its join."""
        host, epoch = member.peer_id, decision.epoch
        seat = self._signer.seat(member.session_id, host, epoch)
        ready = messages.session_ready(
            peer_id=host,
            host_peer_id=host,
            epoch=epoch,
            ice_servers=self._ice_servers,
            seat=seat,
        )
        self._outbox.emit("session_ready", ready, member.sid)
        self._host_changed(member, host, epoch, "resumed" if decision.resumed else "elected")
        if decision.opened:
            self._send(signals.session_opened, session_id=member.session_id)
        self._tell(signals.peer_joined, member, host=True)
        if not decision.resumed:
            self._tell(signals.host_elected, member, epoch=epoch)
        return messages.joined(peer_id=host, host_peer_id=host, epoch=epoch, seat=seat)

    def replaced(self, older: Member) -> None:
        """Tell a socket that its peer has joined in another place."""
        error = SignalingError(ErrorCode.PEER_REPLACED)
        self._outbox.emit("session_error", error.to_payload(), older.sid)

    # Somebody has gone

    def released(self, member: Member) -> None:
        """Tell the app that a client is connected to its host."""
        self._tell(signals.peer_connected, member)

    def host_gone(self, member: Member, vacated: Vacated, reason: HostChange) -> None:
        """Tell all that the seat is empty."""
        self._host_changed(member, None, vacated.epoch, reason)
        self._tell(signals.host_lost, member, epoch=vacated.epoch, reason=reason)
        self._tell(signals.peer_left, member)

    def client_gone(self, member: Member, room: Room) -> None:
        """Tell the host that a client has gone before it was connected."""
        if room.host != member.peer_id:
            notice = messages.peer_left(member.peer_id, room.epoch)
            self._outbox.emit("peer_left", notice, peer_room(member.session_id, room.host))
        self._tell(signals.peer_left, member)

    # The parts

    def _host_changed(
        self, member: Member, host: str | None, epoch: int, reason: HostChange
    ) -> None:
        logger.info("Session %r, epoch %d: host %r (%s).", member.session_id, epoch, host, reason)
        notice = messages.host_changed(host, epoch, reason)
        self._outbox.emit("host_changed", notice, session_room(member.session_id))

    def _tell(self, signal: NamedSignal, member: Member, **details: Any) -> None:
        self._send(signal, session_id=member.session_id, peer_id=member.peer_id, **details)

    def _send(self, signal: NamedSignal, **details: Any) -> None:
        try:
            signal.send(self._app, **details)
        except Exception:
            logger.exception("A receiver of %s has failed.", signal.name)
