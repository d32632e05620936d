"""One worker of a cluster: `python -m tests.cluster.worker MODE CONFIG PORT`.

CONFIG is JSON: `cache` and `queue` are the addresses of the two Redis (or null: an in-process
cache, no message queue), `clock` the seconds that this worker's clock is wrong by, `app` goes
into the app's configuration. The worker serves pages, and tells which peers it holds.
"""

import json
import sys
import time

MODE, CONFIG, PORT = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])

if CONFIG["clock"]:
    real_time = time.time
    # Before anything can have taken the function itself.
    time.time = lambda: real_time() + float(CONFIG["clock"])

if MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()
elif MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()

import logging  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask, render_template, request  # noqa: E402
from flask_caching import Cache  # noqa: E402

from flask_p2p_streams import P2PStreams, sessions  # noqa: E402
from tests.cluster.logs import FORMAT  # noqa: E402

logging.basicConfig(format=FORMAT, level=logging.WARNING)
logging.getLogger("werkzeug").setLevel(logging.ERROR)

PAGES = Path(__file__).parents[1] / "browsers/chromium"
app = Flask(__name__, template_folder=PAGES / "templates", static_folder=PAGES / "static")
# Long enough for a host to come back within it even where something gets no turn for three seconds.
GRACE = {"P2P_HOST_GRACE": 6}
NO_RATES = {"P2P_JOIN_RATE": None, "P2P_SESSION_SIGNAL_RATE": None}
app.config.update(SECRET_KEY="a key for tests", P2P_AUDIENCE="the workers")
app.config.update({**GRACE, **NO_RATES, **CONFIG["app"]})
# A host that a new record knows nothing of isn't late because other pages take long to open.
sessions.RECOVERY = 120.0
if CONFIG["cache"]:
    app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=CONFIG["cache"])
    Cache(app)
if CONFIG["queue"]:
    app.config.update(P2P_SOCKETIO_OPTIONS={"message_queue": CONFIG["queue"]})
p2p = P2PStreams(app)
state = app.extensions["p2p_streams"]
assert state.server.async_mode == MODE


@app.get("/page/<session_id>/<peer_id>")
def page(session_id: str, peer_id: str) -> str:
    config = json.loads(request.args.get("config", "{}"))
    return render_template(
        "plain.html",
        session_id=session_id,
        peer_id=peer_id,
        config=config,
        expires_in=None,
        rights={},
    )


@app.get("/token/<session_id>/<peer_id>")
def token(session_id: str, peer_id: str) -> dict[str, str]:
    """Sign what a page gets that is rendered here."""
    return {"token": state.issuer.token(session_id, peer_id, 86_400, 600)}


@app.get("/time")
def what_time() -> list[float]:
    return [time.time()]


@app.get("/held/<session_id>")
def held(session_id: str) -> list[str]:
    """Name the peers of a session whose sockets are here."""
    return sorted(state.signaling.rooms.peers_of(session_id))


@app.get("/session/<session_id>")
def session(session_id: str) -> dict[str, Any]:
    info = p2p.session(session_id)
    return {} if info is None else {"host": info.host, "epoch": info.epoch}


@app.post("/kick/<session_id>/<peer_id>")
def kick(session_id: str, peer_id: str) -> dict[str, bool]:
    p2p.kick(session_id, peer_id)
    return {"ok": True}


@app.post("/close/<session_id>")
def close(session_id: str) -> dict[str, bool]:
    p2p.close(session_id)
    return {"ok": True}


if __name__ == "__main__":
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    p2p.socketio.run(app, host="127.0.0.1", port=PORT, **options)
