"""Packets with attachments: accepted only where the app accepts bytes, and within a limit."""

from typing import Any

from ..limits.budgets import MAX_ATTACHMENTS
from .connections import is_handled


class Attachments:
    """The packets that Socket.IO keeps because their attachments are still to come.

    Socket.IO would keep as many attachments as a packet announces, for every client that is in
    any namespace, and takes whatever comes next for one of them.

    :param namespace: the namespace of signaling, which accepts no attachments.
    """

    def __init__(self, server: Any, namespace: str) -> None:
        self._server = server
        self._namespace = namespace
        self._pending: dict[str, Any] = server._binary_packet
        self._sizes: dict[str, int] = {}
        # If packets are binary themselves (msgpack), they have no attachments.
        self._has_attachments: bool = server.packet_class.uses_binary_events
        self._most: int = server.eio.max_http_buffer_size

    def refuses(self, eio_sid: str, data: str | bytes) -> bool:
        """Tell, before a message is handled, whether it is an attachment that nobody expects."""
        if eio_sid not in self._pending:
            return isinstance(data, bytes) and self._has_attachments
        if isinstance(data, str):
            # The packet before wasn't completed, and this is a new one.
            self.forget(eio_sid)
            return False
        self._sizes[eio_sid] = self._sizes.get(eio_sid, 0) + len(data)
        return self._sizes[eio_sid] > self._most

    def takes_announced(self, eio_sid: str) -> bool:
        """Tell, after a message was handled, whether the attachments it announced are accepted."""
        packet = self._pending.get(eio_sid)
        if packet is None:
            self._sizes.pop(eio_sid, None)
            return True
        return (
            0 < packet.attachment_count <= MAX_ATTACHMENTS
            and packet.namespace != self._namespace
            and is_handled(self._server, packet.namespace or "/")
        )

    def forget(self, eio_sid: str) -> None:
        """Forget what is kept for a connection."""
        self._pending.pop(eio_sid, None)
        self._sizes.pop(eio_sid, None)
