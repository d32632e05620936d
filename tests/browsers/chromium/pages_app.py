"""The pages that the browser tests open: `python -m …chromium.pages_app MODE PORT`."""

import sys

MODE, PORT = sys.argv[1], int(sys.argv[2])

if MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()
elif MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()

import json  # noqa: E402
import logging  # noqa: E402
import secrets  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from flask import (  # noqa: E402
    Flask,
    Response,
    g,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from flask_socketio import SocketIO  # noqa: E402

from flask_p2p_streams import P2PStreams  # noqa: E402

GENERATED = tempfile.mkdtemp()
NODE_MODULES = Path(__file__).parents[3] / "node_modules"
CSP = (
    "default-src 'none'; script-src 'nonce-{nonce}'; connect-src 'self'; "
    "base-uri 'none'; require-trusted-types-for 'script'"
)
NONCES = "default-src 'none'; script-src {0}; style-src {0}; connect-src 'self'"
# What the pages load from npm, by the name that they know it by.
LIBRARIES = {
    "turbo": "@hotwired/turbo/dist/turbo.es2017-esm.js",
    "htmx": "htmx.org/dist/htmx.min.js",
    "idiomorph-ext": "idiomorph/dist/idiomorph-ext.min.js",
    "vue": "vue/dist/vue.esm-browser.js",
}

app = Flask(__name__)
# Long enough for a host to come back on a busy machine.
app.config.update(SECRET_KEY="a key for tests", P2P_HOST_GRACE=10)
OPTIONS: Any = {"async_mode": MODE, "transports": ["websocket"], "async_handlers": False}
socketio: Any = SocketIO(app, **OPTIONS)
p2p = P2PStreams(app)


@app.before_request
def make_nonce() -> None:
    g.csp_nonce = secrets.token_urlsafe(16)


@app.after_request
def set_headers(response: Response) -> Response:
    policies = {
        "1": CSP.format(nonce=g.csp_nonce),
        "nonces": NONCES.format(f"'nonce-{g.csp_nonce}'"),
    }
    if policy := policies.get(request.args.get("csp", "")):
        response.headers["Content-Security-Policy"] = policy
    if request.args.get("kept"):
        # What no cache may store isn't kept for the way back, either.
        response.headers["Cache-Control"] = "private, no-cache"
    return response


@app.get("/<template>/<session_id>/<peer_id>")
def page(template: str, session_id: str, peer_id: str) -> str:
    return render_template(
        f"{template}.html",
        session_id=request.args.get("session", session_id),
        peer_id=peer_id,
        config=json.loads(request.args.get("config", "{}")),
        expires_in=request.args.get("expires_in", type=float),
        rights=rights(),
    )


def rights() -> dict[str, Any]:
    """Read what the peer of this page may do."""
    given: dict[str, Any] = {
        name: request.args[name] == "1" for name in ("can_host", "can_send") if name in request.args
    }
    if "ends_in" in request.args:
        given["ends_at"] = time.time() + float(request.args["ends_in"])
    return given


@app.post("/<any(kick, ban, close, lock):action>/<session_id>")
def moderate(action: str, session_id: str) -> dict[str, bool]:
    peer_id = request.args.get("peer", "")
    if action in ("kick", "ban"):
        p2p.kick(session_id, peer_id, ban_for=600 if action == "ban" else 0)
    elif action == "close":
        p2p.close(session_id)
    else:
        p2p.lock(session_id)
    return {"ok": True}


@app.get("/generated/<name>")
def generated(name: str) -> Response:
    """Serve what `flask p2p controller` wrote when the server started."""
    return send_from_directory(GENERATED, name)


@app.get("/sockets")
def sockets() -> dict[str, int]:
    """Count the sockets that the server holds, whatever they are for."""
    return {"count": len(socketio.server.eio.sockets)}


@app.get("/held/<session_id>")
def held(session_id: str) -> list[str]:
    """Name the peers of a session that have joined over a socket that is open."""
    return sorted(app.extensions["p2p_streams"].signaling.rooms.peers_of(session_id))


@app.get("/sessions/<session_id>")
def session(session_id: str) -> dict[str, object]:
    info = p2p.session(session_id)
    if info is None:
        return {}
    return {"host": info.host, "epoch": info.epoch, "peers": dict(info.peers)}


@app.post("/elsewhere/<int:port>/token")
def lead_away(port: int) -> Any:
    """Send whoever renews a token to another origin."""
    return redirect(f"http://127.0.0.1:{port}/token", 307)


@app.get("/libraries/<name>.js")
def library(name: str) -> Response:
    return send_from_directory(NODE_MODULES, LIBRARIES[name], mimetype="text/javascript")


@app.get("/react_app.js")
def react_app() -> Response:
    """Serve React and an app of it, in its development mode, which mounts everything twice."""
    esbuild = NODE_MODULES / "esbuild" / "bin" / "esbuild"
    options = ["--bundle", "--format=esm", '--define:process.env.NODE_ENV="development"']
    source = Path(__file__).with_name("static") / "react_app.js"
    built = subprocess.run(["node", esbuild, source, *options], capture_output=True, check=True)
    return Response(built.stdout, mimetype="text/javascript")


@app.get("/socket.io.js")
def page_socketio() -> Response:
    """Socket.IO for the page's own use, apart from the extension's."""
    file = NODE_MODULES / "socket.io-client" / "dist" / "socket.io.esm.min.js"
    return Response(file.read_text(), mimetype="text/javascript")


def echo(data: object) -> object:
    return data


socketio.on_event("echo", echo)


if __name__ == "__main__":
    result = app.test_cli_runner().invoke(args=["p2p", "controller", "ChatRoom", GENERATED])
    assert result.exit_code == 0, result.output
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    options = {"allow_unsafe_werkzeug": True} if MODE == "threading" else {}
    socketio.run(app, port=PORT, **options)
