"""Signaling's Socket.IO namespace: hands events to signaling, and returns its answers."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_socketio import Namespace
from socketio.exceptions import ConnectionRefusedError

from ..limits.budgets import RELAY_WAIT
from ..limits.throttle import Throttle
from ..metrics import RELAYED, Metrics
from ..protocol.errors import ErrorCode, SignalingError
from ..protocol.fields import Payload
from ..protocol.messages import refused
from ..protocol.relay import weight
from ..sessions.member import Member
from ..signaling.authorization import join_context
from ..signaling.members import Room
from ..signaling.service import Signaling
from .connections import Connections

logger = logging.getLogger("flask_p2p_streams")

Handler = Callable[[str, object], Payload]


class SignalingNamespace(Namespace):
    """Hand each event to signaling, and its answer or refusal to the client."""

    def __init__(
        self,
        name: str,
        app: Flask,
        server: Any,
        sockets: Connections,
        signaling: Signaling,
        throttle: Throttle,
        metrics: Metrics,
    ) -> None:
        super().__init__(name)
        self._name = name
        self._app = app
        self._io = server
        self._sockets = sockets
        self._signaling = signaling
        self._throttle = throttle
        self._metrics = metrics
        self._handlers: dict[str, Handler] = {
            "sdp_offer": signaling.sdp_offer,
            "sdp_answer": signaling.sdp_answer,
            "ice_candidate": signaling.ice_candidate,
            "session_leave": signaling.session_leave,
            "session_roster": signaling.session_roster,
            "session_join": self._session_join,
        }

    def trigger_event(self, event: object, sid: str, *args: Any) -> Any:
        """Handle an event; Socket.IO calls this for its own events and for those of clients.

        A client may send events with the names ``connect`` and ``disconnect``. The real ones are
        recognized by what no client can forge: the environment of the connection's own request,
        and a socket that Socket.IO counts as disconnected.
        """
        if event == "connect" and self._is_environ(sid, args):
            return self._connect(sid, *args)
        if event == "disconnect" and not self._io.manager.is_connected(sid, self._name):
            return self._disconnect(sid)
        if event == "relay":
            return self._relay(sid, args)
        return self._answer(event, sid, args)

    def _is_environ(self, sid: str, args: tuple[Any, ...]) -> bool:
        return bool(args) and args[0] is self._io.environ.get(self._eio_sid(sid))

    def _eio_sid(self, sid: str) -> str | None:
        eio_sid: str | None = self._io.manager.eio_sid_from_sid(sid, self._name)
        return eio_sid

    def evict(self, eio_sid: str, code: ErrorCode) -> None:
        """Tell a connection why it is closed, and close it unless the app uses it otherwise."""
        sid = self._io.manager.sid_from_eio_sid(eio_sid, self._name)
        if sid is not None:
            error = SignalingError(code).to_payload()
            self._io.emit("session_error", error, to=sid, namespace=self._name)
            self._io.disconnect(sid, namespace=self._name)
        self._sockets.close_if_idle(eio_sid)

    # The events of Socket.IO

    def _connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        # Any other error that left this method would leave the client without an answer for ever.
        try:
            self._throttle.look_for_proxy(environ)
            self._throttle.join(self._eio_sid(sid) or sid, environ.get("REMOTE_ADDR"))
            with self._join_context(environ):
                self._signaling.connect(sid, auth)
            self._require_open(sid)
            self._metrics.joined()
        except Exception as error:
            refusal = self._refuse(error, "connect").to_payload()
            raise ConnectionRefusedError(refusal["code"], refusal) from error

    def _require_open(self, sid: str) -> None:
        # For a connection that is lost while it joins, Socket.IO sends no disconnect event.
        if not self._sockets.is_open(self._eio_sid(sid)):
            self._signaling.disconnect(sid)
            raise SignalingError(ErrorCode.NOT_JOINED)

    def _disconnect(self, sid: str) -> None:
        eio_sid = self._eio_sid(sid)
        try:
            with self._app.app_context():
                self._signaling.disconnect(sid)
        except Exception as error:
            _as_refusal(error, "disconnect")
        if eio_sid is not None:
            self._sockets.watch_again(eio_sid)

    # The events of clients

    def _answer(self, event: object, sid: str, args: tuple[Any, ...]) -> Payload:
        try:
            self._limit(sid)
            handler = self._handlers.get(event) if isinstance(event, str) else None
            if handler is None or len(args) != 1:
                raise SignalingError(ErrorCode.BAD_REQUEST)
            with self._app.app_context():
                answer = handler(sid, args[0])
        except Exception as error:
            return refused(self._refuse(error, event))
        if event in RELAYED:
            self._metrics.relayed(event)
        return answer

    def _relay(self, sid: str, args: tuple[Any, ...]) -> Payload:
        # It has limits of its own, as a link may send a hundred batches a second.
        member, room = self._signaling.find(sid)
        eio_sid, is_host = self._eio_sid(sid) or sid, _is_host(member, room)
        try:
            self._wait_for_turn(_share(member, room))
            with self._throttle.turns.timed():
                return self._pass_on(sid, eio_sid, args, is_host=is_host)
        except Exception as error:
            refusal = self._refuse(error, "relay")
            counted = 0 if is_host or not args else weight(args[0])
            self._throttle.refused_batch(eio_sid, refusal.code, counted)
            return refused(refusal)

    def _pass_on(
        self, sid: str, eio_sid: str, args: tuple[Any, ...], *, is_host: bool
    ) -> Payload:
        self._throttle.batch(eio_sid, is_host=is_host)
        if len(args) != 1:
            raise SignalingError(ErrorCode.BAD_REQUEST)
        with self._app.app_context():
            return self._signaling.relay(sid, args[0])

    def _wait_for_turn(self, share: float) -> None:
        # While it waits, nothing more of this client is read, so that it can't send any more. That
        # is so for a refusal as well, which costs nearly as much as a batch. With async_handlers
        # more would be read, and wait, too: so nothing waits.
        longest = 0.0 if self._io.async_handlers else RELAY_WAIT
        wait, refusal = self._throttle.turn(share, longest)
        self._io.sleep(wait)
        if refusal:
            raise refusal

    def _limit(self, sid: str) -> None:
        member, room = self._signaling.find(sid)
        session_id = None if member is None else member.session_id
        self._throttle.signal(self._eio_sid(sid) or sid, session_id, _share(member, room))

    def _session_join(self, sid: str, payload: object) -> Payload:
        with self._join_context(self._io.get_environ(sid, self._name)):
            answer = self._signaling.session_join(sid, payload)
        self._metrics.joined()
        return answer

    def _join_context(self, environ: dict[str, Any]) -> Any:
        # The request context is pushed only for the app's own authorizers, as it costs as much as
        # all the rest of a join.
        if self._signaling.asks_app:
            return join_context(self._app, environ)
        return self._app.app_context()

    def _refuse(self, error: Exception, event: object) -> SignalingError:
        refusal = _as_refusal(error, event)
        self._metrics.refused(refusal.code)
        return refusal


def _share(member: Member | None, room: Room | None) -> float:
    # A host has to answer each of its peers: the more there are, the more it may send.
    if room is None or not _is_host(member, room):
        return 1.0
    return 1.0 / max(1, len(room.sids))


def _is_host(member: Member | None, room: Room | None) -> bool:
    return member is not None and room is not None and room.host == member.peer_id


def _as_refusal(error: Exception, event: object) -> SignalingError:
    if isinstance(error, SignalingError):
        logger.debug("Refused: %s", error.code.value)
        return error
    logger.error("The event %.40r has failed.", event, exc_info=error)
    return SignalingError(ErrorCode.INTERNAL)
