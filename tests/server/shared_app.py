"""An app that several workers share through Redis: `python -m tests.server.shared_app REDIS PORT`.

For `flask` it is `tests.server.shared_app:create_app`; the environment then says where Redis is,
and may set some of the app differently.
"""

import json
import os
import sys
from typing import Any

from flask import Flask
from flask_caching import Cache
from flask_socketio import SocketIO

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.doctor import network


def create_app(redis_url: str | None = None) -> Flask:
    url = redis_url or os.environ["TEST_REDIS_URL"]
    app = Flask(__name__)
    app.config.update(SECRET_KEY=os.environ.get("TEST_SECRET_KEY", "k"))
    app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=url)
    app.config.update(P2P_ICE_SERVERS=json.loads(os.environ.get("TEST_ICE_SERVERS", "[]")))
    pages = Cache(app, config={"CACHE_TYPE": "SimpleCache"}) if "TEST_PAGES" in os.environ else None
    cache = Cache(app)
    options: dict[str, Any] = {"async_handlers": False, "transports": ["websocket"]}
    options["channel"] = os.environ.get("TEST_CHANNEL", "flask-socketio")
    SocketIO(app, async_mode="threading", message_queue=url, **options)
    # Named only where it has to be.
    P2PStreams(app, cache=cache if pages else None)

    if limit := os.environ.get("TEST_TIME_LIMIT"):
        network.TIME_LIMIT = float(limit)
    if limit := os.environ.get("TEST_ICE_TIME_LIMIT"):
        network.ICE_TIME_LIMIT = float(limit)

    @app.get("/token/<session_id>/<peer_id>")
    def token(session_id: str, peer_id: str) -> str:
        issuer = app.extensions["p2p_streams"].issuer
        return str(issuer.token(session_id, peer_id, 60, 600))

    return app


if __name__ == "__main__":
    served = create_app(sys.argv[1])
    served.extensions["socketio"].run(
        served, host="127.0.0.1", port=int(sys.argv[2]), allow_unsafe_werkzeug=True
    )
