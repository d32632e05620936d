"""The server that is measured: `python -m benchmarks.app MODE CONFIG PORT`.

It listens on loopback, or on the address that the environment has as LISTEN_ON.
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
import os  # noqa: E402
from typing import Any  # noqa: E402

from flask import (  # noqa: E402
    Flask,
    Response,
    render_template_string,
    request,
    send_from_directory,
)
from flask_caching import Cache  # noqa: E402
from flask_socketio import SocketIO  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402

FRAME = "{{ p2p_frame_tag(session_id=session_id, peer_id=peer_id) }}"
HALL = '<script type="module" src="/bundles/hall.js"></script>'

logging.getLogger("werkzeug").setLevel(logging.ERROR)
app = Flask(__name__)
app.config.update(SECRET_KEY="a key for benchmarks", **json.loads(CONFIG))
if "CACHE_REDIS_URL" in app.config:
    Cache(app)
if "QUEUE_URL" in app.config:
    options: dict[str, Any] = {
        "async_mode": MODE,
        "async_handlers": False,
        "transports": ["websocket"],
        **app.config.pop("P2P_SOCKETIO_OPTIONS"),
    }
    SocketIO(app, message_queue=app.config["QUEUE_URL"], **options)
p2p = P2PStreams(app)
state = app.extensions["p2p_streams"]


if app.config.get("WITHOUT_EVE"):

    @p2p.authorize
    def nobody_called_eve(session_id: str, peer_id: str, request: object) -> bool:
        return peer_id != "eve"


@app.get("/token/<peer_id>")
def token(peer_id: str) -> str:
    return str(state.signer.token("room", peer_id, -1 if peer_id == "late" else 600, 600))


@app.get("/tokens/<session_id>/<prefix>/<int:count>")
def tokens(session_id: str, prefix: str, count: int) -> list[str]:
    """Give out the tokens of PREFIX-0, PREFIX-1 and so on."""
    sign = state.signer.token
    return [sign(session_id, f"{prefix}-{each}", 3600, 3600) for each in range(count)]


def rendered(source: str, session_id: str, peer_id: str) -> str:
    return render_template_string(source, session_id=session_id, peer_id=peer_id)


@app.get("/page/<session_id>/<peer_id>")
def page(session_id: str, peer_id: str) -> str:
    return rendered(f"<!doctype html>{FRAME}", session_id, peer_id)


@app.get("/hall/<session_id>/<peer_id>")
def hall(session_id: str, peer_id: str) -> str:
    """Give out a page that holds other systems' connections beside the session's own."""
    return rendered(f"<!doctype html>{FRAME}{HALL}", session_id, peer_id)


@app.get("/greeter/<session_id>/<peer_id>")
def greeter(session_id: str, peer_id: str) -> str:
    """Give out a page that greets newcomers, and may chatter.

    With ``?policy=relay`` it finds no direct path, and there is no TURN server.
    """
    policy = request.args.get("policy", "all")
    tag = "p2p_frame_tag(session_id=session_id, peer_id=peer_id, config=config)"
    script = '<script type="module" src="/bundles/greeter.js"></script>'
    return render_template_string(
        f"<!doctype html>{{{{ {tag} }}}}{script}",
        session_id=session_id,
        peer_id=peer_id,
        config={"ice_transport_policy": policy},
    )


@app.get("/frameless")
def frameless() -> str:
    """Give out such a page without a session."""
    return f"<!doctype html>{HALL}"


@app.get("/newcomer/<session_id>/<peer_id>")
def newcomer(session_id: str, peer_id: str) -> str:
    """Give out a page in which nothing runs yet: the tag's script is left out."""
    head = "{{ p2p_importmap() }}{% set left_out = p2p_script_tag() %}"
    script = '<script type="module" src="/bundles/starter.js"></script>'
    return rendered(f"<!doctype html>{head}{FRAME}{script}", session_id, peer_id)


@app.get("/bundles/<name>")
def bundle(name: str) -> Response:
    return send_from_directory(app.config["BUNDLES"], name)


@app.get("/left")
def left() -> str:
    """Where pages go that leave the session."""
    return "<!doctype html>"


if __name__ == "__main__":
    unsafe: dict[str, Any] = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    host = os.environ.get("LISTEN_ON", "127.0.0.1")
    p2p.socketio.run(app, host=host, port=PORT, log_output=False, **unsafe)
