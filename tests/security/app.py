"""The server that is attacked: `python -m tests.security.app MODE CONFIG PORT`.

CONFIG is JSON, merged into the app's configuration. The server tells what it holds, how much
memory it takes, and what it has written to its log and its terminal.
"""

import sys

MODE, CONFIG, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])

if MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()
elif MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()

import gc  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import resource  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, TextIO  # noqa: E402

from flask import Flask  # noqa: E402
from flask_caching import Cache  # noqa: E402
from flask_socketio import SocketIO  # noqa: E402
from werkzeug.middleware.proxy_fix import ProxyFix  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402
from flask_p2p_streams.signaling import host_probe  # noqa: E402


class Overheard:
    """A stream that keeps what passes through it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.heard: list[str] = []

    def write(self, text: str) -> int:
        # First, as click finds out in this way that it takes no bytes.
        count = self._stream.write(text)
        self.heard.append(text)
        return count

    def flush(self) -> None:
        self._stream.flush()


sys.stdout = sys.stderr = overheard = Overheard(sys.stderr)
logging.basicConfig(level=logging.DEBUG, stream=overheard)

app = Flask(__name__)
app.config.update(
    SECRET_KEY="a key for tests",
    P2P_HOST_GRACE=0.5,
    # A test that gets no turn for a while hasn't gone, and will join.
    P2P_JOIN_TIMEOUT=60,
    P2P_SOCKETIO_OPTIONS={"ping_interval": 25, "ping_timeout": 60},
)
# Nor has a host that gets none when it is asked whether it lives.
host_probe.PAUSES = (*host_probe.PAUSES[:-1], 10.0)
host_probe.PROBE_TIMEOUT = sum(host_probe.PAUSES)
app.config.update(json.loads(CONFIG))
if "CACHE_TYPE" in app.config:
    Cache(app)
PROXIED = app.config.pop("PROXIED", False)
if app.config.pop("OWN_SOCKETIO", False):
    # An app that uses Socket.IO for itself, over whatever transport, and takes files there.
    del app.config["P2P_SOCKETIO_OPTIONS"]
    server_mode: Any = MODE
    own = SocketIO(
        app, async_mode=server_mode, async_handlers=False, ping_interval=25, ping_timeout=60
    )
    own.on_event("size", lambda *parts: sum(map(len, parts)), namespace="/chat")
p2p = P2PStreams(app)
state = app.extensions["p2p_streams"]
server: Any = state.server
assert server.async_mode == MODE
if PROXIED:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]


@app.get("/token/<session_id>/<peer_id>")
def token(session_id: str, peer_id: str) -> str:
    return str(state.issuer.token(session_id, peer_id, 60, 600))


@app.get("/expired/<session_id>/<peer_id>")
def expired(session_id: str, peer_id: str) -> str:
    return str(state.signer.token(session_id, peer_id, -1, 600))


@app.get("/seat/<session_id>/<peer_id>/<int:epoch>")
def seat(session_id: str, peer_id: str, epoch: int) -> str:
    return str(state.signer.seat(session_id, peer_id, epoch))


@app.get("/cors")
def cors() -> dict[str, object]:
    return {"cors_allowed_origins": server.eio.cors_allowed_origins}


@app.get("/log")
def log() -> str:
    return "".join(overheard.heard)


@app.get("/memory")
def memory() -> dict[str, int]:
    """Return the bytes of this process that are in memory."""
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1])
    return {"bytes": resident * resource.getpagesize()}


@app.get("/waiting")
def waiting() -> list[int]:
    """Tell how many bytes wait for each connection to read them."""
    return [each.queue.backlog._bytes for each in list(server.eio.sockets.values())]


@app.get("/metrics")
def metrics() -> dict[str, Any]:
    return dict(p2p.metrics())


@app.get("/held")
def held() -> dict[str, int]:
    return {
        "members": len(state.signaling.rooms),
        "sessions": state.signaling.rooms.session_count,
        # Engine.IO forgets a closed one only at its next round.
        "connections": sum(not each.closed for each in list(server.eio.sockets.values())),
        "rooms": sum(len(each) for each in server.manager.rooms.values()),
        "pending": len(server.manager.pending_connect) + len(server.manager.pending_disconnect),
    }


if __name__ == "__main__":
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    p2p.socketio.run(app, host="127.0.0.1", port=PORT, **options)
