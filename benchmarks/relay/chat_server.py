"""What a chat over the server is without us: `python -m benchmarks.relay.chat_server MODE PORT`.

A Flask-SocketIO server with its defaults. It authenticates nobody, checks and limits nothing, and
doesn't even say that it has taken a message. It also passes signals on, for bare connections.
"""

import sys

MODE, PORT = sys.argv[1], int(sys.argv[2])

if MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()

import logging  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask  # noqa: E402
from flask_socketio import SocketIO, emit, join_room  # noqa: E402

logging.getLogger("werkzeug").setLevel(logging.ERROR)
app = Flask(__name__)
# Pages of the measured app, which is at another port, signal over it.
socketio = SocketIO(
    app, async_mode=MODE, ping_timeout=120, cors_allowed_origins="*"
)


@socketio.on("enter")
def enter(room: str) -> None:
    join_room(room)


@socketio.on("message")
def message(said: dict[str, Any]) -> None:
    emit("message", said["data"], to=said["room"], include_self=False)


@socketio.on("known_as")
def known_as(name: str) -> None:
    join_room(f"name {name}")


@socketio.on("signal")
def signal(said: dict[str, Any]) -> None:
    emit("signal", said, to=f"name {said['to']}", include_self=False)


if __name__ == "__main__":
    unsafe: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    socketio.run(app, host="127.0.0.1", port=PORT, log_output=False, **unsafe)
