"""The page "Why doesn't it connect?", which tries what a visitor's browser and network can do."""

import math
import time
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, current_app, make_response, render_template, request
from jinja2 import pass_context
from jinja2.runtime import Context
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from .._version import __version__
from ..config import Config
from ..limits.budgets import CHECK_LIFE
from ..limits.throttle import Throttle
from ..protocol.errors import SignalingError
from ..sessions.credentials import Role
from ..signaling.ice_servers import IceServers
from .assets import CHECK_SCRIPT, CHECK_STYLE, Assets
from .page import page_of
from .token_issuer import Issuer

PEERS = ("one", "two")
TEMPLATE = "p2p_streams/check.html"


@dataclass(frozen=True, kw_only=True)
class CheckPage:
    """Give a visitor what the checks need: ICE servers, and two tokens of a scratch session.

    The session's id is random, nobody else is in it, and it ends after ``CHECK_LIFE``.

    :param socketio_path: the path of Socket.IO below the app's root, with its slashes.
    """

    config: Config
    assets: Assets
    socketio_path: str
    issuer: Issuer
    ice_servers: IceServers
    throttle: Throttle

    def is_on(self, *, debug: bool) -> bool:
        """Tell whether the page is there. It gives away TURN credentials, so an app asks for it."""
        asked = self.config.check_page
        return debug if asked is None else asked

    def view(self) -> Response:
        """Answer ``GET /check``."""
        if not self.is_on(debug=current_app.debug):
            abort(404)
        self.throttle.look_for_proxy(request.environ)
        try:
            self.throttle.visit(request.remote_addr)
        except SignalingError as error:
            return _too_often(error)
        response = make_response(
            render_template(
                TEMPLATE,
                nonce=_nonce,
                data=htmlsafe_json_dumps(self._data()),
                script=_root() + self.assets.path(CHECK_SCRIPT),
                style=_root() + self.assets.path(CHECK_STYLE),
            )
        )
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _data(self) -> dict[str, Any]:
        session_id = self.issuer.scratch_session()
        # With an end of its own, no renewal can make the session last.
        role = Role(ends_at=time.time() + CHECK_LIFE)
        tokens = [
            self.issuer.token(session_id, peer_id, CHECK_LIFE, CHECK_LIFE, role)
            for peer_id in PEERS
        ]
        return {
            "version": __version__,
            "tokens": tokens,
            "signaling_path": _root() + self.socketio_path.rstrip("/"),
            "namespace": self.config.namespace,
            "ice_servers": self.ice_servers.of(session_id, PEERS[0]).servers,
            "may_poll": "polling" in self.config.transports,
        }


@pass_context
def _nonce(context: Context) -> Markup:
    return page_of(context).nonce_attribute()


def _root() -> str:
    return request.script_root.rstrip("/")


def _too_often(error: SignalingError) -> Response:
    response = Response(f"{error.message} {error.hint}\n", 429, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Retry-After"] = str(math.ceil((error.retry_after_ms or 1000) / 1000))
    return response
