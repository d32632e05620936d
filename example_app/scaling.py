"""What the example needs where it is one worker of several. The environment asks for it.

* REDIS_URL: the Redis that all workers share, for the sessions and for Socket.IO's queue.
* SECRET_KEY: the same for all workers, or one refuses the tokens of another (see `app`).
* BEHIND_PROXY: not empty where a proxy stands in front, which sets all X-Forwarded headers.
* NETWORK_URL: where other devices open it, for who invites them from a page of 127.0.0.1.
* WORKER: how this worker is called, which its pages and its output then tell.
"""

import os

from flask import Flask, Request, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_p2p_streams import P2PStreams

from .names import name_of


def connect_redis(app: Flask) -> None:
    """Share sessions and signals with the other workers; call it before P2PStreams(app)."""
    url = os.environ.get("REDIS_URL")
    if url:
        app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=url)
        app.config["P2P_SOCKETIO_OPTIONS"]["message_queue"] = url


def trust_proxy(app: Flask) -> None:
    """Believe the proxy's headers; call it after P2PStreams(app)."""
    if os.environ.get("BEHIND_PROXY"):
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=1, x_proto=1, x_host=1
        )


def name_worker(app: Flask, p2p: P2PStreams) -> None:
    """Let every page say which worker it came from, and this worker say who joins through it."""
    worker = os.environ.get("WORKER", "")
    app.jinja_env.globals["worker"] = worker
    if not worker:
        return

    @app.after_request
    def add_header(response: Response) -> Response:
        response.headers["X-Worker"] = worker
        return response

    @p2p.authorize
    def tell(session_id: str, peer_id: str, request: Request) -> bool:
        # It is also called when a page renews its token, over HTTP.
        if request.path.startswith("/socket.io"):
            print(f"{name_of(peer_id)} joins {session_id}", flush=True)
        return True
