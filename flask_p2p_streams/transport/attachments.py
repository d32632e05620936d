"""Packets with attachments: taken where the app takes bytes, as many as were announced."""

from typing import Any

from ..limits.budgets import MAX_ATTACHMENTS
from .connections import is_handled


class Attachments:
    """What Socket.IO keeps of packets whose attachments are still to come.

    It would keep as many as a packet announces, for whoever is in any namespace, and
    takes whatever comes next for one of them.

    :param namespace: the one of signaling, which knows none.
    """

    def __init__(self, server: Any, namespace: str) -> None:
        self._server = server
        self._namespace = namespace
        self._pending: dict[str, Any] = server._binary_packet
        self._sizes: dict[str, int] = {}
        # Where packets are binary themselves (msgpack), nothing is attached to them.
        self._has_attachments: bool = server.packet_class.uses_binary_events
        self._most: int = server.eio.max_http_buffer_size

    def refuses(self, eio_sid: str, data: str | bytes) -> bool:
        """Tell whether a message is an attachment that nobody takes, before it is handled."""
        if eio_sid not in self._pending:
            return isinstance(data, bytes) and self._has_attachments
        if isinstance(data, str):
            # What was begun isn't finished, and this is a packet of its own.
            self.forget(eio_sid)
            return False
        self._sizes[eio_sid] = self._sizes.get(eio_sid, 0) + len(data)
        return self._sizes[eio_sid] > self._most

    def takes_announced(self, eio_sid: str) -> bool:
        """Tell whether what was just announced may come, after a message was handled."""
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
        """Keep nothing more for a connection."""
        self._pending.pop(eio_sid, None)
        self._sizes.pop(eio_sid, None)
