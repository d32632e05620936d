"""Pages whose server notes who comes and goes: `python -m …chromium.people_app PORT`."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

from flask import Flask, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue

import flask_p2p_streams as signals
from flask_p2p_streams import P2PStreams

HERE = Path(__file__).parent
heard: list[list[str]] = []

app = Flask(__name__, template_folder=HERE / "templates", static_folder=HERE / "static")
# Long enough for a page to come back on a busy machine.
app.config.update(SECRET_KEY="a key for tests", P2P_HOST_GRACE=8, P2P_MAX_PEERS=3)
p2p = P2PStreams(app)


@app.before_request
def no_nonce() -> None:
    g.csp_nonce = None


@app.get("/<any(plain):template>/<session_id>/<peer_id>")
def page(template: str, session_id: str, peer_id: str) -> str:
    return render_template(
        f"{template}.html",
        session_id=session_id,
        peer_id=peer_id,
        config=json.loads(request.args["config"]),
        expires_in=None,
        rights={},
    )


@app.get("/heard/<session_id>")
def heard_of(session_id: str) -> ResponseReturnValue:
    return jsonify([each[1:] for each in heard if each[0] == session_id])


@app.get("/sessions/<session_id>")
def session(session_id: str) -> ResponseReturnValue:
    info = p2p.session(session_id)
    return jsonify(None if info is None else [info.host, dict(info.peers)])


@signals.peer_joined.connect_via(app)
def joined(sender: Flask, session_id: str, peer_id: str, host: bool) -> None:
    heard.append([session_id, "joined", peer_id])


@signals.peer_connected.connect_via(app)
def connected(sender: Flask, session_id: str, peer_id: str) -> None:
    heard.append([session_id, "connected", peer_id])


@signals.peer_left.connect_via(app)
def left(sender: Flask, session_id: str, peer_id: str) -> None:
    heard.append([session_id, "left", peer_id])


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    options: Any = {"allow_unsafe_werkzeug": True}
    p2p.socketio.run(app, host="127.0.0.1", port=int(sys.argv[1]), **options)
