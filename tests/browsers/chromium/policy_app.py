"""An app whose pages have a Content Security Policy, with a nonce if it asks for one."""

import json
import secrets
import sys

from flask import Flask, Response, g

from flask_p2p_streams import P2PStreams


def make_app(policy: str, **config: object) -> tuple[Flask, P2PStreams]:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", **config)

    @app.before_request
    def begin() -> None:
        g.csp_nonce = secrets.token_urlsafe(16) if "NONCE" in policy else None

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy.replace("NONCE", str(g.csp_nonce))
        return response

    return app, P2PStreams(app)


if __name__ == "__main__":
    app, p2p = make_app(**json.loads(sys.argv[1]))
    p2p.socketio.run(app, host="127.0.0.1", port=int(sys.argv[2]), allow_unsafe_werkzeug=True)
