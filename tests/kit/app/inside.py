"""What the process holds and counts, looked up where it is."""

import gc
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask

from flask_p2p_streams import P2PStreams
from tests.kit.app.log import tracebacks
from tests.kit.app.store import CountingStore


class Inside:
    """The parts of a running extension."""

    def __init__(self, app: Flask, p2p: P2PStreams) -> None:
        self._p2p = p2p
        self._state: Any = app.extensions["p2p_streams"]
        self.server: Any = self._state.server

    def open_connections(self) -> list[Any]:
        # Engine.IO forgets a closed one only at its next round.
        return [each for each in list(self.server.eio.sockets.values()) if not each.closed]

    def held(self) -> dict[str, int]:
        """Count what nothing may be left of when everybody has gone."""
        rooms, manager = self._state.signaling.rooms, self.server.manager
        return {
            "members": len(rooms),
            "sessions": rooms.session_count,
            "connections": len(self.open_connections()),
            "throttled": len(self._state.throttle),
            "environs": len(self.server.environ),
            "rooms": sum(len(each) for each in manager.rooms.values()),
            "pending": len(manager.pending_connect) + len(manager.pending_disconnect),
        }

    def peers_of(self, session_id: str) -> list[str]:
        return sorted(self._state.signaling.rooms.peers_of(session_id))

    def counted(self) -> dict[str, object]:
        counts: dict[str, object] = {
            "tracebacks": tracebacks.count,
            "last_traceback": tracebacks.last,
            **self._p2p.metrics(),
        }
        store = self._state.store
        return {**counts, "store_calls": store.calls if isinstance(store, CountingStore) else None}

    def workers(self) -> list[dict[str, Any]]:
        """Tell which processes live, and how many sockets each of them holds."""
        living = self._state.signaling._worker._directory.living()
        return [{"name": each.name, "sockets": each.sockets} for each in living]


def blueprint(app: Flask, p2p: P2PStreams) -> Blueprint:
    routes = Blueprint("inside", __name__)
    inside = Inside(app, p2p)
    views: dict[str, Callable[..., Any]] = {
        "/held": inside.held,
        "/held/<session_id>": inside.peers_of,
        "/counted": inside.counted,
        "/workers": inside.workers,
        "/connections": lambda: [each.sid for each in inside.open_connections()],
        "/waiting": lambda: [each.queue.backlog._bytes for each in inside.open_connections()],
        "/no-delay": lambda: [_no_delay(each) for each in inside.server.environ.values()],
        "/cors": lambda: {"cors_allowed_origins": inside.server.eio.cors_allowed_origins},
        "/memory": lambda: {"bytes": _resident_bytes()},
        "/time": lambda: [time.time()],
        "/ready": lambda: [],
    }
    for rule, view in views.items():
        routes.add_url_rule(rule, rule, view)
    return routes


def _resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _no_delay(environ: dict[str, Any]) -> bool:
    """Tell of a connection whether small packets leave at once."""
    # Looked up as Engine.IO's WebSocket does, not as the extension does.
    if "eventlet.input" in environ:
        connection = environ["eventlet.input"].get_socket()
    elif "werkzeug.socket" in environ:
        connection = environ["werkzeug.socket"]
    else:
        connection = environ["wsgi.input"].raw._sock
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
