"""An app to be served for real: `python -m tests.server.app MODE CONFIG PORT`.

CONFIG is JSON, merged into the app's configuration. Besides signaling the app gives out
tokens, and tells what the server holds, what it counts, and how often it asked its store.
A client's address is what the last proxy says that it is.
"""

import sys

MODE, CONFIG, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])

if MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()
elif MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()

import json  # noqa: E402
import logging  # noqa: E402
import socket  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask  # noqa: E402
from werkzeug.middleware.proxy_fix import ProxyFix  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402


class CountingStore:
    """A store that tells how often it was asked for anything."""

    # Else the worker's beat would ask it, too.
    is_shared = False

    def __init__(self) -> None:
        self.calls = 0
        self._values: dict[str, str] = {}

    def fetch(self, key: str, expires_in: float, default: str) -> str:
        self.calls += 1
        return self._values.setdefault(key, default)

    def write(self, key: str, value: str, expires_in: float) -> None:
        self.calls += 1
        self._values[key] = value

    def read(self, key: str) -> str | None:
        self.calls += 1
        return self._values.get(key)


class Tracebacks(logging.Handler):
    """The records of all logs that come with an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.exc_info is not None


tracebacks = Tracebacks()
logging.getLogger().addHandler(tracebacks)
app = Flask(__name__)
app.config.update(
    SECRET_KEY="a key for tests",
    P2P_HOST_GRACE=0.5,
    # A test that gets no turn for a while hasn't gone, and will join.
    P2P_JOIN_TIMEOUT=60,
    P2P_SOCKETIO_OPTIONS={"ping_interval": 25, "ping_timeout": 60},
    P2P_MAX_SIGNAL_BYTES=16_384,
)
app.config.update(json.loads(CONFIG))
store = CountingStore()
p2p = P2PStreams(app, store=store)
app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
state = app.extensions["p2p_streams"]
server: Any = state.server
assert server.async_mode == MODE


@p2p.socketio.on("echo", namespace="/other")
def echo(text: str) -> str:
    """Something else that the app uses Socket.IO for."""
    return text


@p2p.socketio.on("fail", namespace="/other")
def fail(_: str) -> None:
    """A mistake of the app's own."""
    raise LookupError("a mistake")


@app.get("/token/<session_id>/<peer_id>")
def token(session_id: str, peer_id: str) -> str:
    return str(state.issuer.token(session_id, peer_id, 60, 600))


@app.get("/expired")
def expired() -> str:
    return str(state.signer.token("room", "late", -1, 600))


@app.get("/held")
def held() -> dict[str, object]:
    rooms = state.rooms
    return {
        "members": len(rooms),
        "sessions": rooms.session_count,
        # Engine.IO forgets a closed one only at its next round.
        "connections": sum(not each.closed for each in list(server.eio.sockets.values())),
        "throttled": len(state.throttle),
        "environs": len(server.environ),
        "rooms": sum(len(each) for each in server.manager.rooms.values()),
        "pending": len(server.manager.pending_connect) + len(server.manager.pending_disconnect),
    }


@app.get("/counted")
def counted() -> dict[str, object]:
    return {"store_calls": store.calls, "tracebacks": tracebacks.count, **p2p.metrics()}


@app.get("/no-delay")
def no_delay() -> list[bool]:
    """Tell of each connection whether small packets leave at once."""
    return [_no_delay(environ) for environ in server.environ.values()]


def _no_delay(environ: dict[str, Any]) -> bool:
    # Looked up as Engine.IO's WebSocket does, not as the extension does.
    if MODE == "eventlet":
        connection = environ["eventlet.input"].get_socket()
    elif MODE == "gevent":
        connection = environ["wsgi.input"].raw._sock
    else:
        connection = environ["werkzeug.socket"]
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


if __name__ == "__main__":
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    p2p.socketio.run(app, host="127.0.0.1", port=PORT, **options)
