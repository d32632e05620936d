"""An app of its own, as it is on several hosts or below a path: Flask is told so when it is made.

`python -m tests.server.hosts_app KIND PORT` serves it.
"""

import sys
from typing import Any

from flask import Flask, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import run_simple

from flask_p2p_streams import P2PStreams

KIND, PORT = sys.argv[1], int(sys.argv[2])
OPTIONS: dict[str, dict[str, Any]] = {
    "subdomain_matching": {"subdomain_matching": True},
    "host_matching": {"host_matching": True, "static_folder": None},
}
PLACES = {
    "subdomain_matching": {"subdomain": "chat"},
    "host_matching": {"host": f"chat.example.org:{PORT}"},
}

app = Flask("an_app", **OPTIONS.get(KIND, {}))
app.config.update(SECRET_KEY="a key for tests")
if KIND != "host_matching":
    app.config["SERVER_NAME"] = f"example.org:{PORT}"
p2p = P2PStreams(app)


@p2p.authorize
def from_the_page_s_host(session_id: str, peer_id: str, request: Any) -> bool:
    return bool(request.host == f"chat.example.org:{PORT}")


@app.get("/room/<peer_id>", **PLACES.get(KIND, {}))
def room(peer_id: str) -> str:
    return render_template_string("{{ p2p_frame_tag(session_id=1, peer_id=id) }}", id=peer_id)


served: Any = app
if KIND == "dispatcher":
    served = DispatcherMiddleware(Flask("another"), {"/chat": app})
elif KIND == "proxy":
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]

if __name__ == "__main__":
    run_simple("127.0.0.1", PORT, served, threaded=True)
