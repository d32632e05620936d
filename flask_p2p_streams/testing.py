"""Helpers for the tests of an app: peers without a browser.

They run against the app in this process, without a server::

    def test_the_first_one_hosts():
        app = create_app()
        ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
        assert ann.is_host and not bob.is_host
        assert ann.received("session_ready")[-1]["peer_id"] == "bob"
        ann.offer("bob")
        assert bob.received("sdp_offer")[0]["from"] == "ann"
        bob.leave("connected")
        ann.drop()
"""

from collections.abc import Mapping
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient

from .app_state import KEY, AppState
from .errors import ConfigurationError
from .sessions.credentials import Role
from .transport.joining_client import JoiningClient
from .web.arguments import Id, checked_id

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
"""The shortest valid session description (RFC 8866, section 5)."""
CANDIDATE = {
    "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
    "usernameFragment": "test",
}


class P2PTestPeer:
    """A peer that joins over Flask-SocketIO's test client.

    Ids are strings, whole numbers or UUIDs, as in ``p2p_frame_tag``.

    :param token: the token to show; None makes a valid one for this session and peer.
    :param can_host: whether that token lets the peer host. ``can_send``, ``starts_at`` and
        ``ends_at`` go into it likewise; the times are in seconds since 1970.
    :param client: a test client of the app, whose cookies are sent with the join.
    :param seat: the ``seat`` that this peer got as a host before.
    :param lost_epoch: the epoch whose host this peer has lost.
    :param connected_epoch: the epoch whose host this peer is still connected to.
    :param unreached_epoch: the epoch to whose host this peer has found no path.
    :param answers: whether it answers when the server asks whether it still hosts; with
        False it is like a page that hangs.

    ``refusal`` is the error that the server refused it with, or None.

    :raises ArgumentError: that names the wrong id.
    :raises ConfigurationError: if the app has no ``P2PStreams``.
    """

    def __init__(
        self,
        app: Flask,
        session_id: Id,
        peer_id: Id,
        *,
        token: str | None = None,
        can_host: bool = True,
        can_send: bool = True,
        starts_at: float | None = None,
        ends_at: float | None = None,
        client: FlaskClient | None = None,
        seat: str | None = None,
        lost_epoch: int | None = None,
        connected_epoch: int | None = None,
        unreached_epoch: int | None = None,
        answers: bool = True,
    ) -> None:
        state = _state(app)
        config = state.config
        role = Role(can_host, can_send, starts_at, ends_at)
        session, peer = checked_id("session_id", session_id), checked_id("peer_id", peer_id)
        self.peer_id = peer
        self._namespace = config.namespace
        self._client = JoiningClient(
            app,
            state.socketio,
            namespace=config.namespace,
            flask_test_client=client,
            auth={
                "token": token
                if token is not None
                else state.issuer.token(
                    session, peer, config.token_max_age, config.session_expires_in, role
                ),
                **_given(
                    seat=seat,
                    lost_epoch=lost_epoch,
                    connected_epoch=connected_epoch,
                    unreached_epoch=unreached_epoch,
                ),
            },
        )
        self._client.answers = answers

    # What the server has said

    @property
    def is_connected(self) -> bool:
        """Whether the server holds this peer's socket."""
        return bool(self._client.is_connected(self._namespace))

    @property
    def refusal(self) -> dict[str, Any] | None:
        """The error that the join was refused with, or None."""
        return self._client.refusal

    @property
    def ready(self) -> dict[str, Any]:
        """The last ``session_ready`` that named this peer.

        :raises RuntimeError: if it hasn't joined, with the reason.
        """
        own: list[dict[str, Any]] = [r for r in self.received("session_ready") if self._is_me(r)]
        if not own:
            raise RuntimeError(f"{self.peer_id} hasn't joined. The server says: {self.refusal}")
        return own[-1]

    @property
    def is_host(self) -> bool:
        """Whether this peer's last join made it the host."""
        return bool(self.ready["host_peer_id"] == self.peer_id)

    @property
    def epoch(self) -> int:
        """The epoch that this peer joined in."""
        return int(self.ready["epoch"])

    def received(self, event: str) -> list[Any]:
        """Return the payloads of all events of this name that the peer was sent, in order."""
        return [each["args"][0] for each in self._client.queue if each["name"] == event]

    # What the peer says

    def emit(self, event: str, payload: object) -> Any:
        """Send an event and return the server's answer.

        :raises RuntimeError: if it isn't connected, with the reason.
        """
        if not self.is_connected:
            raise RuntimeError(f"{self.peer_id} isn't connected. The server says: {self.refusal}")
        return self._client.emit(event, payload, namespace=self._namespace, callback=True)

    def offer(self, to: Id, **changes: object) -> Any:
        """Send an offer and return the server's answer; ``changes`` replace fields of the offer.

        :raises RuntimeError: if it hasn't joined or isn't connected, with the reason.
        """
        return self._describe("offer", to, changes)

    def answer(self, to: Id, **changes: object) -> Any:
        """Send an answer and return the server's; ``changes`` replace fields of the first.

        :raises RuntimeError: if it hasn't joined or isn't connected, with the reason.
        """
        return self._describe("answer", to, changes)

    def candidates(self, to: Id, **changes: object) -> Any:
        """Send one candidate and return the server's answer; ``changes`` replace fields of it.

        :raises RuntimeError: if it hasn't joined or isn't connected, with the reason.
        """
        return self.emit("ice_candidate", self._signal(to, candidates=[CANDIDATE]) | changes)

    def rejoin(self, *, seat: str | None = None, lost_epoch: int | None = None) -> Any:
        """Join again on the open socket, and return the server's answer.

        :raises RuntimeError: if it isn't connected, with the reason.
        """
        return self.emit("session_join", _given(seat=seat, lost_epoch=lost_epoch))

    def report(self, peers: Mapping[Any, str]) -> Any:
        """Send a host's roster, which maps ids to states, and return the server's answer.

        :raises RuntimeError: if it hasn't joined or isn't connected, with the reason.
        """
        roster = {str(peer): state for peer, state in peers.items()}
        return self.emit("session_roster", {"epoch": self.epoch, "peers": roster})

    def leave(self, reason: str = "closed") -> Any:
        """Say goodbye, or with ``"connected"`` that the peer needs the server no more.

        Return the server's answer.

        :raises RuntimeError: if it isn't connected, with the reason.
        """
        return self.emit("session_leave", {"reason": reason})

    def close(self) -> None:
        """Disconnect from the namespace, as a client does on purpose; do nothing if it is gone."""
        if self.is_connected:
            self._client.disconnect(self._namespace)

    def drop(self) -> None:
        """Lose the connection without a goodbye; do nothing if it is lost already."""
        self._client.drop()

    def _describe(self, kind: str, to: Id, changes: Mapping[str, object]) -> Any:
        signal = self._signal(to, description={"type": kind, "sdp": SDP})
        return self.emit(f"sdp_{kind}", signal | dict(changes))

    def _signal(self, to: Id, **body: object) -> dict[str, Any]:
        return {"to": str(to), "epoch": self.epoch, "negotiation": "a-test", **body}

    def _is_me(self, ready: Mapping[str, Any]) -> bool:
        return bool(ready["peer_id"] == self.peer_id)


def join(app: Flask, session_id: Id, peer_id: Id, **shown: Any) -> P2PTestPeer:
    """Let a peer join a session of the app.

    ``shown`` are the further arguments of :class:`P2PTestPeer`, which also lists the errors.
    A refusal raises nothing: it is in ``refusal``.
    """
    return P2PTestPeer(app, session_id, peer_id, **shown)


def _state(app: Flask) -> AppState:
    if KEY not in app.extensions:
        raise ConfigurationError(
            f"The app {app.name!r} has no P2PStreams. Set it up: P2PStreams(app), or init_app(app)."
        )
    return cast(AppState, app.extensions[KEY])


def _given(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
