"""Pages that come in pieces, from templates of their own, so an app of its own.

`python -m tests.browsers.chromium.layouts_app PORT` serves it.
Turbo visits under a strict policy, fragments for htmx, and pages glued of several templates.
"""

import logging
import secrets
import sys
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, render_template, render_template_string, send_from_directory
from jinja2 import DictLoader

from flask_p2p_streams import P2PStreams

NODE_MODULES = Path(__file__).parents[3] / "node_modules"
CSP = "default-src 'none'; script-src 'nonce-{}'; connect-src 'self'; style-src 'unsafe-inline'"
FRAME = "{{ p2p_frame_tag(session_id=session_id, peer_id=peer_id) }}"
VIOLATIONS = """<script nonce="{{ g.csp_nonce }}">
  window.violations ??= []
  document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(event.violatedDirective)
  })
</script>"""
TEMPLATES = {
    "layout.html": """<!doctype html><html lang="en"><head><title>{{ title }}</title>
<meta name="csp-nonce" content="{{ g.csp_nonce }}">"""
    + VIOLATIONS
    + """{{ p2p_script_tag() }}
<script type="module" src="/modules/@hotwired/turbo/dist/turbo.es2017-esm.js"
  nonce="{{ g.csp_nonce }}"></script></head>
<body>{% block body %}{% endblock %}</body></html>""",
    "start.html": """{% extends "layout.html" %}{% block body %}
<a id="enter" href="/turbo/{{ session_id }}/{{ peer_id }}">Enter</a>{% endblock %}""",
    "room.html": """{% extends "layout.html" %}{% block body %}
<a id="leave" href="/turbo-start/{{ session_id }}/{{ peer_id }}">Leave</a>"""
    + FRAME
    + "{% endblock %}",
    "htmx.html": """<!doctype html><html lang="en"><title>htmx</title>
<script src="/modules/htmx.org/dist/htmx.min.js"></script>{{ head }}
<button hx-get="/fragment/{{ session_id }}/{{ peer_id }}" hx-target="#here">Enter</button>
<div id="here"></div></html>""",
}

app = Flask(__name__)
app.config.update(SECRET_KEY="a key for tests", P2P_HOST_GRACE=10)
app.jinja_loader = DictLoader(TEMPLATES)
p2p = P2PStreams(app)


@app.before_request
def make_nonce() -> None:
    g.csp_nonce = secrets.token_urlsafe(16)


@app.get("/turbo-start/<session_id>/<peer_id>")
def turbo_start(**ids: str) -> Response:
    return strict(render_template("start.html", title="start", **ids))


@app.get("/turbo/<session_id>/<peer_id>")
def turbo(**ids: str) -> Response:
    return strict(render_template("room.html", title="room", **ids))


@app.get("/htmx/<head>/<session_id>/<peer_id>")
def htmx(head: str, **ids: str) -> str:
    """Serve a page that has the client in its head, or doesn't."""
    client = render_template_string("{{ p2p_script_tag() }}" if head == "with" else "")
    return render_template("htmx.html", head=client, **ids)


@app.get("/fragment/<session_id>/<peer_id>")
def fragment(**ids: str) -> str:
    return render_template_string(FRAME, **ids)


@app.get("/glued/<session_id>/<peer_id>")
def glued(**ids: str) -> str:
    return "".join(
        render_template_string(f"<div id='{name}'>{FRAME}</div>", **{**ids, "peer_id": name})
        for name in ("ann", "bob")
    )


@app.get("/modules/<path:name>")
def modules(name: str) -> Response:
    return send_from_directory(NODE_MODULES, name)


def strict(page: str) -> Response:
    return Response(page, headers={"Content-Security-Policy": CSP.format(g.csp_nonce)})


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    options: Any = {"allow_unsafe_werkzeug": True}
    p2p.socketio.run(app, port=int(sys.argv[1]), **options)
