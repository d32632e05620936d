"""The pages that browsers open, and what they load: `/TEMPLATE/SESSION/PEER` …"""

import json
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    redirect,
    render_template,
    request,
    send_from_directory,
)

from flask_p2p_streams import P2PStreams

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "tests" / "browsers" / "chromium"
TEMPLATES, STATIC = PAGES / "templates", PAGES / "static"
NODE_MODULES = ROOT / "node_modules"
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


def blueprint(app: Flask, p2p: P2PStreams) -> Blueprint:
    pages = Blueprint("pages", __name__)
    pages.before_request(make_nonce)
    pages.after_request(set_headers)
    views: dict[str, Callable[..., Any]] = {
        "/<template>/<session_id>/<peer_id>": page,
        "/generated/<name>": generated,
        "/libraries/<name>.js": library,
        "/react_app.js": react_app,
        "/socket.io.js": page_socketio,
    }
    for rule, view in views.items():
        pages.add_url_rule(rule, view_func=view)
    pages.add_url_rule("/elsewhere/<int:port>/token", view_func=lead_away, methods=["POST"])

    @pages.get("/sockets")
    def sockets() -> dict[str, int]:
        """Count the sockets that the server holds, whatever they are for."""
        server: Any = app.extensions["p2p_streams"].server
        return {"count": len(server.eio.sockets)}

    return pages


def write_controller(app: Flask) -> None:
    """Let `flask p2p controller` write what a page uses."""
    folder = app.config["GENERATED"] = tempfile.mkdtemp()
    result = app.test_cli_runner().invoke(args=["p2p", "controller", "ChatRoom", folder])
    assert result.exit_code == 0, result.output


def make_nonce() -> None:
    g.csp_nonce = secrets.token_urlsafe(16)


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


def generated(name: str) -> Response:
    """Serve what `flask p2p controller` wrote when the server started."""
    return send_from_directory(current_app.config["GENERATED"], name)


def lead_away(port: int) -> Any:
    """Send whoever renews a token to another origin."""
    return redirect(f"http://127.0.0.1:{port}/token", 307)


def library(name: str) -> Response:
    return send_from_directory(NODE_MODULES, LIBRARIES[name], mimetype="text/javascript")


def react_app() -> Response:
    """Serve React and an app of it, in its development mode, which mounts everything twice."""
    esbuild = NODE_MODULES / "esbuild" / "bin" / "esbuild"
    options = ["--bundle", "--format=esm", '--define:process.env.NODE_ENV="development"']
    source = STATIC / "react_app.js"
    built = subprocess.run(["node", esbuild, source, *options], capture_output=True, check=True)
    return Response(built.stdout, mimetype="text/javascript")


def page_socketio() -> Response:
    """Socket.IO for the page's own use, apart from the extension's."""
    file = NODE_MODULES / "socket.io-client" / "dist" / "socket.io.esm.min.js"
    return Response(file.read_text(), mimetype="text/javascript")
