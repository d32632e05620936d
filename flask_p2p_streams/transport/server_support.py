"""Whether the web server can carry a WebSocket and runs the app's event loop."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ..runtime.async_mode import patched_by, patching_problem
from ..runtime.sharing import lack
from ..runtime.web_server import GOOD, serving_problem
from .endings import Endings
from .tcp_connections import tcp_socket_of

Kind = Literal["werkzeug", "gunicorn", "eventlet", "gevent", ""]
WsgiApp = Callable[[dict[str, Any], Any], Any]

NOT_CARRIED = "501 Not Implemented"
ANSWER = b"This server can't carry WebSockets; its log says why."

logger = logging.getLogger("flask_p2p_streams")


class ServerSupport:
    """Checks each request for a WebSocket: if it can't work it is refused, and logged once.

    Which server runs the app is seen from its requests only.

    :param is_shared: whether other processes see the sessions.
    :param has_queue: whether there is a message queue.
    """

    def __init__(self, mode: str, *, is_shared: bool, has_queue: bool) -> None:
        self._mode = mode
        self._is_shared = is_shared
        self._has_queue = has_queue
        self._patch = patched_by()
        self._told: set[str] = set()
        self._closing = Endings(_refuse)

    def before(self, handle: WsgiApp) -> WsgiApp:
        """Return a WSGI app that refuses a request for a WebSocket, or hands it to ``handle``."""

        def look_first(environ: dict[str, Any], start_response: Any) -> Any:
            refuse = self._refusal(environ) if "HTTP_UPGRADE" in environ else None
            return (refuse or handle)(environ, start_response)

        return look_first

    def _refusal(self, environ: Mapping[str, Any]) -> WsgiApp | None:
        kind = kind_of(environ)
        problem = (
            carrying_problem(kind, environ, self._mode)
            or serving_problem(self._mode)
            or self._patching_problem()
        )
        if problem is None:
            self._doubt(environ)
            return None
        self._tell(logging.ERROR, problem)
        # The connection can be ended only under a server that is known.
        return self._closing if kind else _refuse

    def _patching_problem(self) -> str | None:
        patch = patched_by()
        # Mutexes that were made before the patch would stop the whole loop. The mutexes of the
        # other modes are always those of the loop.
        if self._mode == "threading" and patch != self._patch:
            return (
                f"The standard library was patched by {patch} after P2PStreams was set up, so "
                "the first WebSocket would stop it all. Patch it first thing in the file that "
                "starts the server."
            )
        # A cache without a queue stops gevent for a moment at each call, but eventlet for ever.
        is_stopped = self._has_queue or (self._is_shared and self._mode == "eventlet")
        if not is_stopped or patching_problem(self._mode) != "missing":
            return None
        what = "message queue" if self._has_queue else "cache"
        return f"async_mode is {self._mode!r}, {_UNPATCHED} Its {what} would stop it all."

    def _doubt(self, environ: Mapping[str, Any]) -> None:
        patching = patching_problem(self._mode) if self._is_shared else ""
        if patching == "missing":
            self._tell(
                logging.ERROR,
                f"async_mode is {self._mode!r}, {_UNPATCHED} Each call to the cache of the "
                "sessions stops all of it.",
            )
        elif patching == "late":
            self._tell(
                logging.WARNING,
                "The standard library was patched after redis was imported, so that some of its "
                "calls stop the whole process. Patch it before any other import.",
            )
        lacking = lack(is_shared=self._is_shared, has_queue=self._has_queue)
        if environ.get("wsgi.multiprocess") and lacking is not None:
            self._tell(logging.ERROR, f"Several processes serve this app, {lacking}")

    def _tell(self, level: int, problem: str) -> None:
        if problem not in self._told:
            self._told.add(problem)
            logger.log(level, "%s", problem)


_UNPATCHED = (
    "and the standard library isn't patched. Patch it first thing in the file that starts the "
    "server."
)


def kind_of(environ: Mapping[str, Any]) -> Kind:
    """Return which server gives access to a request's TCP socket; empty if none does."""
    if "werkzeug.socket" in environ:
        return "werkzeug"
    # This comes before eventlet, as Engine.IO gives gunicorn's requests an input like eventlet's.
    if "gunicorn.socket" in environ:
        return "gunicorn"
    if "eventlet.input" in environ:
        return "eventlet"
    is_gevent = str(environ.get("SERVER_SOFTWARE")).startswith("gevent")
    return "gevent" if is_gevent and tcp_socket_of(environ) is not None else ""


def carrying_problem(kind: Kind, environ: Mapping[str, Any], mode: str) -> str | None:
    """Return why a server can't carry WebSockets in an async mode, and a hint; or None."""
    if not kind:
        software = str(environ.get("SERVER_SOFTWARE") or "This server")[:60]
        return f"{software} gives out no connections for WebSockets. Run {GOOD}."
    if kind == "werkzeug":
        problem = _werkzeug_problem(environ)
        if problem is not None:
            return problem
    if not _has_loop(kind, mode):
        return (
            f"async_mode is {mode!r}, and nothing runs its loop in this server ({kind}), so no "
            f"packet would ever arrive. Run socketio.run(app), {GOOD}."
        )
    return None


def _werkzeug_problem(environ: Mapping[str, Any]) -> str | None:
    if environ.get("wsgi.multiprocess"):
        return (
            "Werkzeug's server gives each WebSocket a process of its own, so that nobody meets "
            "anybody. Leave processes=... out of app.run(): it uses threads then."
        )
    if not environ.get("wsgi.multithread"):
        return (
            "Werkzeug's server has one thread, which the first WebSocket would hold. Leave "
            "threaded=False (flask run --without-threads) out."
        )
    return None


def _has_loop(kind: Kind, mode: str) -> bool:
    patch = patched_by()
    if mode == "threading":
        # With the patch, threads are the greenlets of the loop.
        return kind not in ("eventlet", "gevent") or patch == kind
    if mode == "eventlet":
        return kind in ("eventlet", "gunicorn")
    return kind == "gevent" or (kind != "eventlet" and patch == "gevent")


def _refuse(environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(ANSWER)))]
    start_response(NOT_CARRIED, headers)
    return [ANSWER]
