"""The extension's own routes, the same on every host name of an app."""

import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from ..errors import ConfigurationError
from .assets import ENTRY, Assets, serve_client

NAME = "p2p_streams"
HOST = "p2p_host"
REACHED = "flask_p2p_streams.reached"
CONSEQUENCES = {
    "client": "browsers don't get the client, and frames stay as they are",
    "token": "pages don't get their tokens renewed, and can't join any more once these expire",
}

logger = logging.getLogger("flask_p2p_streams")


class Routes:
    """The routes of the client's files and of the renewal of tokens.

    ``name`` is the name of their blueprint.

    :param renew: the view that renews a token.
    :param check: the view of the check page.
    :param has_check: whether the app wants that page.
    """

    name = NAME

    def __init__(
        self,
        assets: Assets,
        renew: Callable[[], Response],
        check: Callable[[], Response],
        *,
        has_check: bool,
    ) -> None:
        self._files = assets.path("<path:name>")
        self._script = assets.path(ENTRY)
        self._token = f"{assets.prefix}/token"
        self._check = f"{assets.prefix}/check"
        self._renew = renew
        self._show_check = check
        self._has_check = has_check
        self._places: list[dict[str, Any]] = []
        self._said: set[str] = set()

    def add_to(self, app: Flask) -> None:
        """Register the routes, also for each host name if the app matches host names."""
        self._places = _places(app)
        blueprint = Blueprint(NAME, __name__, template_folder="templates")
        for place in self._places:
            blueprint.add_url_rule(self._files, "client", serve_client, **place)
            blueprint.add_url_rule(self._token, "token", self._renew, methods=["POST"], **place)
            blueprint.add_url_rule(self._check, "check", self._show_check, **place)
        blueprint.url_value_preprocessor(_forget_host)
        blueprint.before_request(_reach)
        blueprint.after_request(self._look)
        app.register_blueprint(blueprint)

    def exempt(self, app: Flask) -> None:
        """Exempt the routes from Flask-WTF's ``CSRFProtect``: the join token is proof enough."""
        exempt = getattr(app.extensions.get("csrf"), "exempt", None)
        if callable(exempt):
            exempt(self._renew)

    def problems(self, app: Flask) -> Iterator[str]:
        """Yield what prevents requests from reaching the routes, with a hint."""
        if _places(app) != self._places:
            yield (
                "host_matching or subdomain_matching changed after P2PStreams was set up, whose "
                "routes aren't reached on all hosts. Pass it to Flask(), or set it before "
                "P2PStreams(app)."
            )
            return
        wanted = [
            (self._script, "GET", f"{NAME}.client"),
            (self._token, "POST", f"{NAME}.token"),
            *([(self._check, "GET", f"{NAME}.check")] if self._has_check else []),
        ]
        for path, method, endpoint in wanted:
            found = _endpoint_of(app, path, method)
            if found != endpoint:
                yield (
                    f"{method} {path} leads to the app's view {found!r} in place of the "
                    "extension's. Set P2P_URL_PREFIX to a path that the app doesn't use."
                )

    def _look(self, response: Response) -> Response:
        # The check page is for those whom the app lets see it.
        is_other = request.method == "OPTIONS" or request.endpoint == f"{NAME}.check"
        if REACHED not in request.environ and not is_other and not _leads_back(response):
            self._say(str(request.endpoint).removeprefix(f"{NAME}."), response.status_code)
        return response

    def _say(self, endpoint: str, status: int) -> None:
        if endpoint not in self._said:
            self._said.add(endpoint)
            logger.error(
                "%s %s is answered with %s before the extension can answer it, by a before_request "
                "function of the app or of another extension. Where that happens to visitors who "
                "may see a frame, %s. Let it leave out what has request.blueprint == %r. (This is "
                "said once.)",
                request.method,
                self._token if endpoint == "token" else self._script,
                status,
                CONSEQUENCES[endpoint],
                NAME,
            )


def check_path(prefix: str, socketio: Any) -> None:
    """Refuse a prefix below Socket.IO's path, where Socket.IO takes all requests.

    :raises ConfigurationError: with a hint.
    """
    path = socketio.sockio_mw.engineio_path
    if f"{prefix}/".startswith(path):
        raise ConfigurationError(
            f"P2P_URL_PREFIX is {prefix}, and SocketIO answers all that is below {path}: the "
            "client's files would not be reached. Set one of them to another path.",
            key="P2P_URL_PREFIX",
            value=prefix,
        )


def _places(app: Flask) -> list[dict[str, Any]]:
    if app.url_map.host_matching:
        return [{"host": f"<{HOST}>"}]
    if app.subdomain_matching:
        return [{"subdomain": ""}, {"subdomain": f"<{HOST}>"}]
    return [{}]


def _endpoint_of(app: Flask, path: str, method: str) -> str | None:
    try:
        return str(app.url_map.bind("localhost").match(path, method)[0])
    except HTTPException:
        return None


def _forget_host(_: str | None, values: dict[str, Any] | None) -> None:
    if values:
        values.pop(HOST, None)


def _reach() -> None:
    request.environ[REACHED] = True


def _leads_back(response: Response) -> bool:
    # A redirect to https, or to another name of the host.
    return request.method == "GET" and urlsplit(response.location or "").path == request.path
