"""A Flask-SocketIO test client that keeps the reason of a refusal and answers host probes."""

from typing import Any, cast

from flask_socketio import SocketIOTestClient
from socketio.packet import ACK, CONNECT_ERROR, EVENT, Packet


class JoiningClient(SocketIOTestClient):
    """Flask-SocketIO's test client, which by itself drops the reason of a refusal.

    ``refusal`` is that reason, or None. ``answers`` says whether it answers when the server asks
    whether its peer still hosts.
    """

    refusal: dict[str, Any] | None = None
    answers = True
    queue: list[dict[str, Any]]

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Connect, and look at everything that the server sends from now on."""
        server = self._server
        deliver = server._send_packet

        def observe(eio_sid: str, packet: Any) -> None:
            # Flask-SocketIO hands events for all test clients to the one that was made last.
            client = cast(Any, self).clients.get(eio_sid)
            if isinstance(client, JoiningClient) and packet.packet_type == CONNECT_ERROR:
                client.refusal = packet.data["data"]
            deliver(eio_sid, packet)
            if isinstance(client, JoiningClient) and packet.packet_type == EVENT:
                client._answer(packet)

        server._send_packet = observe
        super().connect(*args, **kwargs)

    def drop(self) -> None:
        """Lose the connection, as when the network fails."""
        self._server._handle_eio_disconnect(self._eio_sid, self._server.reason.TRANSPORT_CLOSE)
        cast(Any, self).connected.clear()

    def _answer(self, packet: Any) -> None:
        name, *payload = packet.data
        if packet.id is not None and name == "host_probe" and self.answers:
            answer = Packet(
                ACK, data=[{"ok": True, **payload[0]}], namespace=packet.namespace, id=packet.id
            )
            self._server._handle_eio_message(self._eio_sid, answer.encode())

    @property
    def _server(self) -> Any:
        return cast(Any, self).socketio.server

    @property
    def _eio_sid(self) -> str:
        return str(cast(Any, self).eio_sid)
