"""A worker that notes signals: `python -m tests.server.people_app REDIS CONFIG PORT`.

CONFIG is JSON, and goes into the app's configuration.
"""

import json
import sys
from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from flask_caching import Cache
from flask_socketio import SocketIO

import flask_p2p_streams as signals
from flask_p2p_streams import P2PStreams

NAMES = ("peer_joined", "peer_connected", "peer_left")


def create_app(redis_url: str, config: dict[str, Any]) -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k", CACHE_TYPE="RedisCache", CACHE_REDIS_URL=redis_url, **config)
    Cache(app)
    options: dict[str, Any] = {"async_handlers": False, "transports": ["websocket"]}
    SocketIO(app, async_mode="threading", message_queue=redis_url, **options)
    p2p = P2PStreams(app)
    heard: list[list[str]] = []
    receivers = [_listen(app, name, heard) for name in NAMES]
    # Blinker keeps none of them itself.
    app.extensions["receivers"] = receivers

    @app.get("/token/<session_id>/<peer_id>")
    def token(session_id: str, peer_id: str) -> str:
        issuer = app.extensions["p2p_streams"].issuer
        return str(issuer.token(session_id, peer_id, 60, 600))

    @app.get("/heard")
    def heard_here() -> ResponseReturnValue:
        return jsonify(heard)

    @app.get("/session/<session_id>")
    def session(session_id: str) -> ResponseReturnValue:
        info = p2p.session(session_id)
        return jsonify(None if info is None else {"host": info.host, "peers": dict(info.peers)})

    @app.post("/kick/<session_id>/<peer_id>")
    def kick(session_id: str, peer_id: str) -> str:
        p2p.kick(session_id, peer_id)
        return ""

    @app.post("/close/<session_id>")
    def close(session_id: str) -> str:
        p2p.close(session_id)
        return ""

    return app


def _listen(app: Flask, name: str, heard: list[list[str]]) -> Any:
    def note(sender: Flask, session_id: str, peer_id: str, **_: object) -> None:
        heard.append([session_id, name.removeprefix("peer_"), peer_id])

    return getattr(signals, name).connect(note, app)


if __name__ == "__main__":
    served = create_app(sys.argv[1], json.loads(sys.argv[2]))
    served.extensions["socketio"].run(
        served, host="127.0.0.1", port=int(sys.argv[3]), allow_unsafe_werkzeug=True
    )
