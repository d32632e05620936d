"""Checks the options of the ``SocketIO`` that the extension makes."""

import inspect
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from engineio.base_server import BaseServer as EngineIO
from socketio.base_server import BaseServer as SocketIOServer

from ..errors import ConfigurationError
from ..evidence import shown, unknown_key, withheld

KEY = "P2P_SOCKETIO_OPTIONS"
OF_FLASK = ("channel", "manage_session", "message_queue", "path", "resource", "engineio_logger")
"""Options that Flask-SocketIO uses itself, or that are in no signature."""
MODES = ("threading", "gevent", "eventlet")
TRANSPORTS = ("websocket", "polling")


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options that Socket.IO would ignore, or that would fail at the first visitor.

    :raises ConfigurationError: with a hint.
    """
    known = known_options()
    for name in options:
        if name not in known:
            raise ConfigurationError(f"In {KEY}, {unknown_key(name, known)}", key=KEY)
    if options.get("async_mode") is not None:
        _check_mode(options["async_mode"])
    _check_transports(options.get("transports"))
    _check_queue(options.get("message_queue"), options.get("channel", "flask-socketio"))


def known_options() -> set[str]:
    """Return the names of the options that Flask-SocketIO, Socket.IO and Engine.IO read."""
    signatures = [inspect.signature(each.__init__) for each in (SocketIOServer, EngineIO)]
    named = {name for each in signatures for name in each.parameters}
    return {*named, *OF_FLASK} - {"self", "kwargs"}


def _check_mode(mode: object) -> None:
    if mode not in MODES:
        raise ConfigurationError(
            f"async_mode is {shown(mode)}. Set it to {', '.join(map(repr, MODES[:-1]))} or "
            f"{MODES[-1]!r} in {KEY}, or leave it out: the one that fits is taken then.",
            key=KEY,
        )
    if mode != "threading" and find_spec(str(mode)) is None:
        raise ConfigurationError(
            f"async_mode is {mode!r}, and {mode} isn't installed. Run "
            f'pip install "flask-p2p-streams[{mode}]".',
            key=KEY,
        )


def _check_transports(transports: object) -> None:
    named = [transports] if isinstance(transports, str) else transports
    if named is None:
        return
    # Engine.IO ignores names that it doesn't know.
    if not isinstance(named, (list, tuple)) or not set(named) <= set(TRANSPORTS) or not named:
        raise ConfigurationError(
            f"transports in {KEY} must be a list of {' and '.join(map(repr, TRANSPORTS))}; "
            "what the client uses of them is in P2P_TRANSPORTS.",
            key=KEY,
        )
    if "websocket" not in named:
        raise ConfigurationError(
            f"transports in {KEY} lacks 'websocket', which the client tries first.", key=KEY
        )


def _check_queue(queue: object, channel: object) -> None:
    # Kombu, if it is installed, accepts plain names as well as URLs.
    is_address = isinstance(queue, str) and ("://" in queue or find_spec("kombu") is not None)
    if queue and not is_address:
        raise ConfigurationError(
            f"message_queue in {KEY} must be an address, such as redis://127.0.0.1:6379/0.",
            key=KEY,
        )
    if not isinstance(channel, str) or not channel:
        raise ConfigurationError(
            f"channel in {KEY} must be a text; it is {withheld(channel)}.", key=KEY
        )
