"""An app for the server of its user's choice; the environment says how it is configured.

CONFIG is JSON: `mode` is the async mode (none: the extension picks it), `cache` and `queue`
are addresses of Redis, `patch` what patches the standard library, `own` whether the app makes
its own `SocketIO`.
"""

import json
import logging
import os
import sys
from typing import Any

CONFIG: dict[str, Any] = json.loads(os.environ.get("CONFIG", "{}"))

if CONFIG.get("patch") == "gevent":
    from gevent import monkey

    monkey.patch_all()
elif CONFIG.get("patch") == "eventlet":
    import eventlet

    eventlet.monkey_patch()

from flask import Flask  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402

logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
app = Flask("an_app")
app.config.update(SECRET_KEY="a key for tests", P2P_JOIN_RATE=None, P2P_JOIN_TIMEOUT=60)
options: dict[str, Any] = {"ping_interval": 25, "ping_timeout": 60}
if CONFIG.get("mode"):
    options["async_mode"] = CONFIG["mode"]
if CONFIG.get("queue"):
    options["message_queue"] = CONFIG["queue"]
if CONFIG.get("cache"):
    app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=CONFIG["cache"])
app.config["P2P_SOCKETIO_OPTIONS"] = options
p2p = P2PStreams(app)


@app.get("/ready")
def ready() -> list[str]:
    return []


@app.get("/token/<session_id>/<peer_id>")
def token(session_id: str, peer_id: str) -> str:
    issuer = app.extensions["p2p_streams"].issuer
    return str(issuer.token(session_id, peer_id, 600, 600))


@app.get("/workers")
def workers() -> list[dict[str, Any]]:
    """Tell which processes live, and how many sockets each of them holds."""
    registry = app.extensions["p2p_streams"].registry
    return [{"name": each.name, "sockets": each.sockets} for each in registry.living()]
