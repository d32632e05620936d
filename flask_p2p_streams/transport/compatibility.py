"""Refuses options of a Socket.IO server that keep every browser from connecting.

Engine.IO accepts any value, and then closes each connection without saying why.
"""

import logging
import re
from collections.abc import Iterable
from typing import Any

from socketio.packet import Packet

from ..errors import ConfigurationError
from ..evidence import shown, withheld

SMALLEST_BUFFER = 8192
"""The least ``max_http_buffer_size``, in bytes: for a join and a short description."""
ORIGIN = r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:]+\]|[^/:*?#@\s]+)(:[0-9]+)?|null|\*"
ORIGIN_HINT = (
    "Write it as browsers do: https://www.example.org, or with a port, and nothing behind it."
)

logger = logging.getLogger("flask_p2p_streams")


def check_compatibility(server: Any) -> None:
    """Refuse a server to which no browser could connect.

    :param server: python-socketio's server.
    :raises ConfigurationError: with a hint.
    """
    if server.packet_class is not Packet:
        raise ConfigurationError(
            "SocketIO has a serializer that browsers don't know. Leave serializer out."
        )
    _check_pings(server.eio)
    _check_buffer(server.eio.max_http_buffer_size)
    _check_origins(server.eio.cors_allowed_origins)


def _check_pings(eio: Any) -> None:
    for name in ("ping_interval", "ping_timeout"):
        value = getattr(eio, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise ConfigurationError(
                f"{name} of SocketIO must be a number of seconds above 0; it is {shown(value)}."
            )
    grace = eio.ping_interval_grace_period
    if isinstance(grace, bool) or not isinstance(grace, (int, float)) or grace < 0:
        raise ConfigurationError(
            f"The second number of SocketIO's ping_interval must be seconds; it is {shown(grace)}."
        )


def _check_buffer(size: object) -> None:
    if isinstance(size, bool) or not isinstance(size, (int, float)) or size < SMALLEST_BUFFER:
        raise ConfigurationError(
            f"max_http_buffer_size of SocketIO must be at least {SMALLEST_BUFFER} bytes, as what "
            f"is larger ends the connection; it is {shown(size)}. Leave it out."
        )


def _check_origins(allowed: object) -> None:
    if allowed is None or callable(allowed):
        return
    named = [allowed] if isinstance(allowed, str) else allowed
    if not isinstance(named, Iterable):
        raise ConfigurationError(
            f"cors_allowed_origins of SocketIO must be a list; it is {withheld(allowed)}."
        )
    origins = list(named)
    wrong = [each for each in origins if not isinstance(each, str) or not _is_origin(each)]
    if not wrong:
        return
    problem = f"cors_allowed_origins of SocketIO has {shown(wrong[0])}, which no page's origin is."
    if len(wrong) == len(origins):
        raise ConfigurationError(f"{problem} {ORIGIN_HINT}")
    logger.error("%s %s", problem, ORIGIN_HINT)


def _is_origin(text: str) -> bool:
    default = {"http": ":80", "https": ":443"}.get(text.partition(":")[0], " ")
    return re.fullmatch(ORIGIN, text) is not None and not text.endswith(default)
