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
app.config.update(SECRET_KEY="a key for tests", P2P_JOIN_TIMEOUT=60)
# An app's own, so that there are upgrades from long polling, too.
socketio = SocketIO(
    app,
    async_mode=cast(Literal["threading"], MODE),
    async_handlers=False,
    ping_interval=25,
    ping_timeout=60,
)
p2p = P2PStreams(app)
visits: list[str] = []


@app.route("/admin/", methods=["GET", "POST"])
def admin() -> str:
    visits.append(request.args.get("by", ""))
    return "welcome"


@app.get("/visits")
def seen() -> list[str]:
    return visits


if __name__ == "__main__":
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    socketio.run(app, host="127.0.0.1", port=int(sys.argv[2]), **options)
