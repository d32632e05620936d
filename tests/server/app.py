"""An app to be served for real: `python -m tests.server.app MODE PORT`.

Besides signaling it gives out tokens, and tells what the server holds.
"""

import sys

MODE, PORT = sys.argv[1], int(sys.argv[2])

if MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()
elif MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()

import socket  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402

app = Flask(__name__)
app.config.update(
    SECRET_KEY="a key for tests",
    P2P_HOST_GRACE=0.5,
    P2P_JOIN_TIMEOUT=3,
    P2P_MAX_SIGNAL_BYTES=16_384,
)
p2p = P2PStreams(app)
state = app.extensions["p2p_streams"]
server: Any = state.server
assert server.async_mode == MODE


@p2p.socketio.on("echo", namespace="/other")
def echo(text: str) -> str:
    """Something else that the app uses Socket.IO for."""
    return text


@app.get("/token/<session_id>/<peer_id>")
def token(session_id: str, peer_id: str) -> str:
    return str(state.signer.token(session_id, peer_id, 60, 600))


@app.get("/expired")
def expired() -> str:
    return str(state.signer.token("room", "late", -1, 600))


@app.get("/held")
def held() -> dict[str, object]:
    rooms = state.signaling.rooms
    return {
        "members": len(rooms),
        "sessions": rooms.session_count,
        # Engine.IO forgets a closed one only at its next round.
        "connections": sum(not each.closed for each in list(server.eio.sockets.values())),
        "environs": len(server.environ),
        "rooms": sum(len(each) for each in server.manager.rooms.values()),
        "pending": len(server.manager.pending_connect) + len(server.manager.pending_disconnect),
    }


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
