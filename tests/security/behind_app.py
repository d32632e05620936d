"""An app behind nginx, which lets nobody in at `/admin/`: who comes there has gone round it.

`python -m tests.security.behind_app MODE PORT`, or gunicorn with MODE in the environment.
"""

import os
import sys

MODE = sys.argv[1] if __name__ == "__main__" else os.environ["MODE"]

if MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()
elif MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()

from typing import Any, Literal, cast  # noqa: E402

from flask import Flask, request  # noqa: E402
from flask_socketio import SocketIO  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402

app = Flask(__name__)
app.config.update(SECRET_KEY="a key for tests", P2P_JOIN_TIMEOUT=60, P2P_JOIN_RATE=None)
# An app's own, so that there are upgrades from long polling, too.
socketio = SocketIO(
    app,
    async_mode=cast(Literal["threading"], MODE),
    async_handlers=False,
    ping_interval=25,
    ping_timeout=60,
)
p2p = P2PStreams(app)
server = cast(Any, socketio).server
visits: list[str] = []


@app.route("/admin/", methods=["GET", "POST"])
def admin() -> str:
    visits.append(request.args.get("by", ""))
    return "welcome"


@app.get("/visits")
def seen() -> list[str]:
    return visits


@app.post("/emit/<kind>/<int:size>/<int:count>")
def emit(kind: str, size: int, count: int) -> str:
    data: str | bytes = "x" * size if kind == "text" else b"x" * size
    for _ in range(count):
        socketio.emit("news", data, namespace="/own")
    return "done"


@app.get("/metrics")
def metrics() -> dict[str, object]:
    return {**p2p.metrics()}


@app.get("/connections")
def connections() -> list[str]:
    """Name those that the server takes for open."""
    sockets = server.eio.sockets.copy().values()
    return [each.sid for each in sockets if not each.closed]


@socketio.on("connect", namespace="/own")
def connect() -> None:
    """Let everybody in."""


if __name__ == "__main__":
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    socketio.run(app, host="127.0.0.1", port=int(sys.argv[2]), **options)
