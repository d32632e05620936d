"""The server that is attacked: `python -m tests.hostile.app MODE CONFIG PORT`.

CONFIG is JSON: `app` goes into the app's configuration, `cache` and `queue` are the addresses
of a Redis, or null. All limits are the default ones, but for the patience with strangers.
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
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from flask import Flask, render_template  # noqa: E402
from flask_caching import Cache  # noqa: E402
from werkzeug.middleware.proxy_fix import ProxyFix  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402

KEY = "a key for tests"
CAPACITY = ("OWN_CACHE_THRESHOLD", "MAX_SESSIONS")
"""What the number of sessions in the process is bounded by, in whichever module it is."""


class Tracebacks(logging.Handler):
    """What the logs say that nobody has expected."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info or "Traceback" in text:
            self.count += 1
            self.last = self.format(record)[-2_000:]


given = json.loads(CONFIG)
for module in [each for name, each in sys.modules.items() if name.startswith("flask_p2p_streams")]:
    for name in CAPACITY:
        if hasattr(module, name) and "sessions" in given:
            setattr(module, name, given["sessions"])

tracebacks = Tracebacks()
logging.getLogger().addHandler(tracebacks)
logging.getLogger("werkzeug").setLevel(logging.ERROR)
PAGES = Path(__file__).parents[1] / "browsers/chromium"
app = Flask(__name__, template_folder=PAGES / "templates", static_folder=PAGES / "static")
app.config.update({"SECRET_KEY": KEY, "P2P_JOIN_TIMEOUT": 3, **given.get("app", {})})
if given.get("cache"):
    app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=given["cache"])
    Cache(app)
if given.get("queue"):
    app.config.update(P2P_SOCKETIO_OPTIONS={"message_queue": given["queue"]})
p2p = P2PStreams(app)
app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
state = app.extensions["p2p_streams"]
assert state.server.async_mode == MODE
other = Flask("another_app")
other.config.update(SECRET_KEY=KEY)
P2PStreams(other)
smuggled: list[str] = []


@app.get("/token/<session_id>/<peer_id>")
def token(session_id: str, peer_id: str) -> str:
    return str(state.signer.token(session_id, peer_id, 3600, 3600))


@app.get("/foreign/<session_id>/<peer_id>")
def foreign(session_id: str, peer_id: str) -> str:
    """Give a token of another app that has the same key."""
    signer = other.extensions["p2p_streams"].signer
    return str(signer.token(session_id, peer_id, 3600, 3600))


@app.get("/early/<session_id>/<peer_id>")
def early(session_id: str, peer_id: str) -> str:
    """Give a token as a worker whose clock is an hour ahead would."""
    signer = app.extensions["p2p_streams"].signer
    now, signer._now = signer._now, lambda: time.time() + 3600
    try:
        return str(signer.token(session_id, peer_id, 3600, 3600))
    finally:
        signer._now = now


@app.get("/page/<session_id>/<peer_id>")
def page(session_id: str, peer_id: str) -> str:
    options: dict[str, Any] = {"config": {}, "expires_in": None, "rights": {}}
    return render_template("plain.html", session_id=session_id, peer_id=peer_id, **options)


@app.get("/smuggled")
def smuggle() -> str:
    """Count the requests that no proxy has seen."""
    smuggled.append("one")
    return ""


@app.get("/counts")
def counts() -> dict[str, object]:
    return {
        "tracebacks": tracebacks.count,
        "last_traceback": tracebacks.last,
        "smuggled": len(smuggled),
        # Engine.IO forgets a closed one only at its next round.
        "connections": sum(not each.closed for each in list(state.server.eio.sockets.values())),
    }


if __name__ == "__main__":
    options: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    p2p.socketio.run(app, host="127.0.0.1", port=PORT, **options)
