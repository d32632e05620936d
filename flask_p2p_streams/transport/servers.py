"""The app's Socket.IO server: found or made, and refused where it can't work."""

import logging
import re
from importlib.util import find_spec
from typing import Any, cast

from flask import Flask
from flask_socketio import SocketIO

from ..config import Config
from ..errors import ConfigurationError
from ..runtime.async_mode import fitting_async_mode
from .compatibility import check_compatibility
from .queue_checks import check_queue
from .server_options import check_options

logger = logging.getLogger("flask_p2p_streams")


def find_socketio(app: Flask, config: Config, given: SocketIO | None) -> SocketIO:
    """Return the app's ``SocketIO``; where it has none, make one.

    :raises ConfigurationError: if the one that was given isn't set up for the app.
    """
    present = app.extensions.get("socketio")
    if given is not None and present is not given:
        raise ConfigurationError(
            "The socketio that was passed is not set up for this app. Call "
            "socketio.init_app(app) before P2PStreams is set up."
        )
    if present is None:
        return _make(app, config)
    if config.socketio_options:
        raise ConfigurationError(
            "P2P_SOCKETIO_OPTIONS is for the SocketIO that P2PStreams makes itself, but the "
            "app has one. Pass the options to SocketIO().",
            key="P2P_SOCKETIO_OPTIONS",
        )
    check_compatibility(server_of(present))
    return cast(SocketIO, present)


def server_of(socketio: SocketIO) -> Any:
    """Return the python-socketio server within a ``SocketIO``."""
    return cast(Any, socketio).server


def check_server(server: Any, namespace: str) -> None:
    """Refuse a server that cannot carry signaling.

    :raises ConfigurationError: with a hint.
    """
    _check_gevent(server.async_mode)
    check_queue(server.manager)
    if namespace in server.handlers or namespace in server.namespace_handlers:
        raise ConfigurationError(
            f"The app has Socket.IO handlers of its own in the namespace {namespace}. Set "
            "P2P_NAMESPACE to another one.",
            key="P2P_NAMESPACE",
            value=namespace,
        )
    if server.async_handlers:
        logger.warning(
            "SocketIO runs the handlers of one client out of order. Pass async_handlers=False "
            "to SocketIO(): it keeps the order of signals, and is cheaper."
        )


def _make(app: Flask, config: Config) -> SocketIO:
    check_options(config.socketio_options)
    options: dict[str, Any] = {
        "async_mode": fitting_async_mode(),
        # Long polling notices a dead peer 500 times later.
        "transports": ["websocket"],
        "async_handlers": False,
        # Socket.IO would let anybody into "/". Where the app has handlers, they may go.
        "namespaces": [config.namespace],
        # How long a page has stood still is known from the ping that it hasn't answered.
        "ping_interval": 2,
        "ping_timeout": 5,
        # Twice a signal, as JSON escapes it: what is too large gets an answer, not a hang-up.
        "max_http_buffer_size": 2 * config.max_signal_bytes + 8192,
        **config.socketio_options,
    }
    # Without a name it would be eventlet wherever that is installed.
    options["async_mode"] = options["async_mode"] or fitting_async_mode()
    try:
        made = SocketIO(app, **options)
        check_compatibility(server_of(made))
    except ConfigurationError:
        app.extensions.pop("socketio", None)
        raise
    except (ImportError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        app.extensions.pop("socketio", None)
        # The text may hold the address of the queue, and its password.
        raise ConfigurationError(
            f"SocketIO doesn't take what stands in P2P_SOCKETIO_OPTIONS ({_reason(error)}).",
            key="P2P_SOCKETIO_OPTIONS",
        ) from None
    return made


def _reason(error: Exception) -> str:
    return re.sub(r"\S*://\S*", "…", str(error)).strip().rstrip(".") or type(error).__name__


def _check_gevent(mode: str) -> None:
    if mode.startswith("gevent") and find_spec("geventwebsocket") is not None:
        raise ConfigurationError(
            "gevent-websocket is installed, and python-engineio uses it where it finds it. It "
            "keeps whatever a stranger sends it, however much that is, and gunicorn's gevent "
            "worker refuses every WebSocket with it; its last version is of 2017. Uninstall it: "
            "simple-websocket, which is installed, does its work."
        )
