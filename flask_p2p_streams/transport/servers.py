"""Finds or makes the app's Socket.IO server, and refuses one that can't work."""

import logging
import re
from importlib.util import find_spec
from typing import Any, cast

from flask import Flask
from flask_socketio import SocketIO

from ..config import Config
from ..errors import ConfigurationError
from ..protocol.relay import MAX_BATCH_BYTES
from ..runtime.async_mode import fitting_async_mode
from .compatibility import check_compatibility
from .queue_checks import check_queue
from .server_options import check_options

BUFFER_FOR_RELAYING = 2 * MAX_BATCH_BYTES + 8192
"""The ``max_http_buffer_size``, in bytes, that a whole batch needs with JSON's escapes."""

logger = logging.getLogger("flask_p2p_streams")


def find_socketio(app: Flask, config: Config, given: SocketIO | None) -> SocketIO:
    """Return the app's ``SocketIO``, or make one if it has none.

    :raises ConfigurationError: if the ``SocketIO`` that was given isn't set up for the app.
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
    _check_transports(server_of(present), config, "SocketIO()")
    return cast(SocketIO, present)


def server_of(socketio: SocketIO) -> Any:
    """Return the python-socketio server within a ``SocketIO``."""
    return cast(Any, socketio).server


def check_server(server: Any, namespace: str, *, relays: bool = False) -> None:
    """Refuse a server that cannot carry signaling.

    :param relays: whether it is to relay what peers say.
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
    if relays and server.eio.max_http_buffer_size < BUFFER_FOR_RELAYING:
        logger.warning(
            "max_http_buffer_size of SocketIO is too small for P2P_RELAY: a message that is larger "
            "ends its connection. Raise it to %d at least, leave it out, or set P2P_RELAY to "
            '"off".',
            BUFFER_FOR_RELAYING,
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
        # By long polling, a dead peer is noticed 500 times later.
        "transports": list(config.transports),
        "async_handlers": False,
        # Socket.IO would let everybody into "/". Namespaces with handlers of the app stay open.
        "namespaces": [config.namespace],
        # For how long a page has stood still is known from the ping that it hasn't answered.
        "ping_interval": 2,
        "ping_timeout": 5,
        # Twice the size of a signal, because of JSON's escapes: so a signal that is too large
        # gets an answer, and doesn't close the connection.
        "max_http_buffer_size": max(2 * config.max_signal_bytes + 8192, BUFFER_FOR_RELAYING),
        **config.socketio_options,
    }
    # Without a name, Socket.IO would take eventlet wherever that is installed.
    options["async_mode"] = options["async_mode"] or fitting_async_mode()
    try:
        made = SocketIO(app, **options)
        check_compatibility(server_of(made))
        _check_transports(server_of(made), config, "P2P_SOCKETIO_OPTIONS")
    except ConfigurationError:
        app.extensions.pop("socketio", None)
        raise
    except (ImportError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        app.extensions.pop("socketio", None)
        # The error's own text isn't shown: it may hold the address of the queue with its password.
        raise ConfigurationError(
            f"SocketIO doesn't take what stands in P2P_SOCKETIO_OPTIONS ({_reason(error)}).",
            key="P2P_SOCKETIO_OPTIONS",
        ) from None
    return made


def _check_transports(server: Any, config: Config, where: str) -> None:
    lacking = [each for each in config.transports if each not in server.eio.transports]
    if lacking:
        raise ConfigurationError(
            f"P2P_TRANSPORTS has {lacking[0]!r}, which the app's Socket.IO server doesn't take. "
            f"Pass transports={list(config.transports)} to {where}, or leave that option out.",
            key="P2P_TRANSPORTS",
        )


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


def check_still_ours(app: Flask, socketio: SocketIO, server: object) -> None:
    """Refuse an app that was given another Socket.IO server after the extension.

    :raises ConfigurationError: with a hint.
    """
    present = app.extensions.get("socketio")
    if present is not socketio:
        raise ConfigurationError(
            "The app got another SocketIO after P2PStreams was set up, so nobody would "
            "answer the browsers. Make SocketIO(app) before P2PStreams(app)."
        )
    if server_of(present) is not server:
        raise ConfigurationError(
            "The app's SocketIO was given to another app as well, or set up twice. Make one "
            "SocketIO per app."
        )
