"""The ``P2P_*`` configuration of an app, read once and checked at start."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import ConfigurationError
from .evidence import shown, unknown_key, url_problem, withheld
from .ice.servers import ice_server_list, is_encodable, turn_url_list

PREFIX = "P2P_"
SECRETS = ("ice_servers", "turn_urls", "turn_secret", "socketio_options")
"""Fields that hold passwords: no error and no log shows what is in them."""
WAYS = (["websocket"], ["websocket", "polling"])
"""The values of ``P2P_TRANSPORTS``."""

LARGEST = sys.float_info.max
"""The largest finite number; whole ones may be larger, and then no arithmetic takes them."""
LONGEST_TURN_TTL = 7 * 86_400
"""The most seconds of ``P2P_TURN_TTL``."""


@dataclass(frozen=True)
class Config:
    """Every ``P2P_*`` key, as a field of the same name in lower case."""

    namespace: str = "/p2p"
    """``P2P_NAMESPACE``: the Socket.IO namespace that signaling runs on."""

    url_prefix: str = "/p2p"
    """``P2P_URL_PREFIX``: the path under which the client's files are served."""

    ice_servers: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    """``P2P_ICE_SERVERS``: a list of ``RTCIceServer`` dictionaries (WebRTC, section 4.2.2).

    Each has ``urls`` (one string or a list, as in RFC 7064 and RFC 7065) and for TURN a
    ``username`` and a ``credential``.
    """

    turn_urls: tuple[str, ...] = ()
    """``P2P_TURN_URLS``: a list of URLs (RFC 7065) of TURN servers that share ``turn_secret``."""

    turn_secret: str | None = field(default=None, repr=False)
    """``P2P_TURN_SECRET``: what these servers share with the app; coturn's static-auth-secret."""

    turn_ttl: float = 3600
    """``P2P_TURN_TTL``: seconds that the credentials for them last, 30 to 604,800 (a week)."""

    audience: str | None = None
    """``P2P_AUDIENCE``: the app's name in what it signs; None stands for ``app.name``.

    By it, apps that have the same ``SECRET_KEY`` refuse each other's tokens.
    """

    token_max_age: float = 86_400
    """``P2P_TOKEN_MAX_AGE``: seconds for which a page may join, with all renewals of its token."""

    session_expires_in: float = 86_400
    """``P2P_SESSION_EXPIRES_IN``: seconds after which a session without a host is forgotten."""

    host_grace: float = 2.0
    """``P2P_HOST_GRACE``: seconds that the seat of a host whose socket dropped stays reserved."""

    join_timeout: float = 10.0
    """``P2P_JOIN_TIMEOUT``: seconds after which a connection that is in no namespace is closed."""

    max_peers: int | None = 1000
    """``P2P_MAX_PEERS``: peers that a session may have, the host among them; None is no limit."""

    max_signal_bytes: int = 65_536
    """``P2P_MAX_SIGNAL_BYTES``: the most bytes of one description or one list of candidates."""

    signal_rate: float | None = 50.0
    """``P2P_SIGNAL_RATE``: events a second that one socket may send, and four times that at once.

    The more sockets a session has, the less each signal of its host costs. None means no limit.
    """

    session_signal_rate: float | None = 2000.0
    """``P2P_SESSION_SIGNAL_RATE``: events a second that a session's sockets on one worker may send.

    Twice that at once; None means no limit.
    """

    relay: str = "fallback"
    """``P2P_RELAY``: whether peers without a path to each other may talk over the server.

    ``"off"``: never. ``"fallback"``: while they find no path. ``"first"``: at once, and then they
    change over to their own path.
    """

    relay_rate: float | None = 65_536.0
    """``P2P_RELAY_RATE``: bytes a second that one link may send over the server, in each direction.

    A link is that of one client with its host. None means no limit.
    """

    session_relay_rate: float | None = 524_288.0
    """``P2P_SESSION_RELAY_RATE``: bytes a second that a session may send over one worker.

    All its links count, in both directions. None means no limit.
    """

    join_rate: float | None = 20.0
    """``P2P_JOIN_RATE``: joins a second that one address may make; five times that at once.

    IPv6 addresses count by their network of /64; None means no limit.
    """

    check_page: bool | None = None
    """``P2P_CHECK_PAGE``: whether a page at ``P2P_URL_PREFIX/check`` tries what a browser can do.

    It gives each visitor credentials for the TURN servers. None: only in debug mode.
    """

    transports: tuple[str, ...] = ("websocket",)
    """``P2P_TRANSPORTS``: how browsers may reach the server: ``["websocket"]``, or
    ``["websocket", "polling"]`` for networks that pass no WebSocket.

    Browsers try a WebSocket first. Long polling needs one worker or sticky sessions.
    """

    socketio_options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """``P2P_SOCKETIO_OPTIONS``: options of the ``SocketIO`` that the extension makes itself."""

    @classmethod
    def from_app_config(cls, mapping: Mapping[str, Any]) -> "Config":
        """Read the ``P2P_*`` keys of a Flask configuration.

        :raises ConfigurationError: for an unknown key or a value that makes no sense.
        """
        names = {PREFIX + each.name.upper(): each.name for each in fields(cls)}
        values: dict[str, Any] = {}
        # Flask reads keys in capitals only, and ignores all others.
        for key in (key for key in mapping if key.upper().startswith(PREFIX)):
            if key not in names:
                # The value isn't shown: that of a misspelt key may be a secret.
                raise ConfigurationError(_unknown(key, names), key=key)
            values[names[key]] = _checked(key, names[key], mapping[key])
        config = cls(**values)
        _require_both(config)
        return config


def _require_both(config: Config) -> None:
    if config.turn_urls and config.turn_secret is None:
        raise ConfigurationError(
            "P2P_TURN_URLS needs P2P_TURN_SECRET: the text that these servers share with the app, "
            "which is coturn's static-auth-secret. Servers that have users with passwords belong "
            "into P2P_ICE_SERVERS.",
            key="P2P_TURN_SECRET",
        )
    if config.turn_secret is not None and not config.turn_urls:
        raise ConfigurationError(
            "P2P_TURN_SECRET needs P2P_TURN_URLS: a list of the servers that know it, such as "
            "['turn:turn.example.org:3478'].",
            key="P2P_TURN_URLS",
        )


def _unknown(key: str, names: Iterable[str]) -> str:
    nearest = unknown_key(key.upper(), names).replace(repr(key.upper()), repr(key), 1)
    return f"{nearest} Correct the spelling, or remove it from app.config."


def _checked(key: str, name: str, value: Any) -> Any:
    try:
        return _CHECKS[name](value)
    except ValueError as error:
        if name in SECRETS or not isinstance(value, (str, int, float)):
            found, kept = withheld(value), None
        else:
            found, kept = shown(value), value
        # What is wrong within a list or a dictionary isn't explained by its type.
        what = f"{error}" if str(error).startswith("has ") else f"{error}; it is {found}."
        end = "" if what.endswith((".", "?")) else "."
        raise ConfigurationError(f"{key} {what}{end}", key=key, value=kept) from None


def _path(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", value):
        raise ValueError("must be a path that starts with a slash and ends without one")
    return value


def _audience(value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise ValueError("must be a text that names the app, or None for its own name")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number of seconds")
    if not 0 < value <= LARGEST:
        raise ValueError("must be greater than 0 and finite")
    return value


def _turn_secret(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise ValueError("must be a text that isn't empty, or None")
    if not is_encodable(value):
        raise ValueError("has a lone surrogate in it: it was read from what is no UTF-8")
    if value != value.strip():
        raise ValueError(
            "begins or ends with white space, as the content of a file does that ends with a new "
            "line: take it away with strip()"
        )
    return value


def _turn_ttl(value: object) -> float:
    seconds = _seconds(value)
    if not 30 <= seconds <= LONGEST_TURN_TTL:
        raise ValueError(f"must be between 30 and {LONGEST_TURN_TTL} seconds")
    return seconds


def _grace(value: object) -> float:
    return 0.0 if value == 0 and not isinstance(value, bool) else _seconds(value)


def _bytes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1024 <= value <= 1_000_000:
        raise ValueError("must be a whole number of bytes between 1024 and 1000000")
    return value


def _rate(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number per second, or None for no limit")
    if not 0 < value <= LARGEST:
        raise ValueError("must be greater than 0 and finite, or None for no limit")
    return value


RELAY_MODES = ("off", "fallback", "first")
SLOWEST_RELAY = 1024
"""The least bytes a second that ``P2P_RELAY_RATE`` may be: at less, nothing would get through."""


def _relay(value: object) -> str:
    if not isinstance(value, str) or value not in RELAY_MODES:
        raise ValueError('must be "off", "fallback" or "first"')
    return value


def _byte_rate(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number of bytes a second, or None for no limit")
    if not SLOWEST_RELAY <= value <= LARGEST:
        raise ValueError(f"must be at least {SLOWEST_RELAY} and finite, or None for no limit")
    return value


def _peers(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        raise ValueError("must be a whole number of at least 2, or None for no limit")
    return value


def _switch(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise ValueError("must be True, False or None")
    return value


def _transports(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or list(value) not in WAYS:
        raise ValueError(f"must be {WAYS[0]} or {WAYS[1]}: the client tries a WebSocket first")
    return tuple(value)


def _options(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("must be a dictionary of keyword arguments of SocketIO")
    queue = value.get("message_queue")
    if isinstance(queue, str) and url_problem(queue):
        raise ValueError(f"has a 'message_queue' that {url_problem(queue)}")
    return dict(value)


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "namespace": _path,
    "url_prefix": _path,
    "ice_servers": ice_server_list,
    "turn_urls": turn_url_list,
    "turn_secret": _turn_secret,
    "turn_ttl": _turn_ttl,
    "audience": _audience,
    "token_max_age": _seconds,
    "session_expires_in": _seconds,
    "host_grace": _grace,
    "join_timeout": _seconds,
    "max_peers": _peers,
    "max_signal_bytes": _bytes,
    "signal_rate": _rate,
    "session_signal_rate": _rate,
    "relay": _relay,
    "relay_rate": _byte_rate,
    "session_relay_rate": _byte_rate,
    "join_rate": _rate,
    "check_page": _switch,
    "transports": _transports,
    "socketio_options": _options,
}
