"""The ``config`` attribute of a ``<p2p-frame>``, checked while the page is rendered."""

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError
from ..evidence import shown, unknown_key, withheld
from ..ice.servers import ice_server_list

HEARTBEAT_INTERVAL_MLS = 1000
HEARTBEAT_IDLE_TIMEOUT_MLS = 5000
CONNECT_TIMEOUT_MLS = 15_000
ALIASES = {"keepCableConnection": "keep_signaling", "keep_cable_connection": "keep_signaling"}
"""Names of the Rails gem for keys of ``config``."""
KEYS = (
    "ice_servers",
    "heartbeat",
    "keep_signaling",
    "connect_timeout_mls",
    "auto_reconnect",
    "history",
    "relay_after_mls",
    "ice_transport_policy",
)
MAX_HISTORY = 1000
"""The most messages that a newcomer may be shown: a peer keeps no more."""
LONGEST_RELAY_AFTER_MLS = 60_000
POLICIES = ("all", "relay")
"""Values of ``RTCIceTransportPolicy`` (WebRTC, section 4.2.4)."""
HEARTBEAT_RANGES = {"interval_mls": (100, 60_000), "idle_timeout_mls": (200, 600_000)}


def frame_options(value: object) -> dict[str, Any]:
    """Check the ``config`` argument of the tag and return the options that it has.

    Times are in milliseconds. For options that are left out, the client has defaults.

    :raises ArgumentError: that names the mistake, and the nearest key to an unknown one.
    """
    options: dict[str, Any] = {}
    for given, each in _mapping("config", value).items():
        key = ALIASES.get(given, given)
        if key in options:
            raise ArgumentError("config", f"{shown(given)} says again what {key!r} says.")
        options[key] = _checked(key, each)
    return options


def _checked(key: str, value: object) -> Any:
    if key == "heartbeat":
        return _heartbeat(value)
    if key == "ice_servers":
        return _ice_servers(value)
    if key == "connect_timeout_mls":
        return _whole_number(key, value, 1000, 120_000)
    if key == "history":
        return _whole_number(key, value, 0, MAX_HISTORY)
    if key == "relay_after_mls":
        return _whole_number(key, value, 0, LONGEST_RELAY_AFTER_MLS)
    if key == "ice_transport_policy":
        return _policy(value)
    if key in ("keep_signaling", "auto_reconnect"):
        return _switch(key, value)
    raise ArgumentError("config", unknown_key(key, KEYS))


def _heartbeat(value: object) -> dict[str, int]:
    heartbeat: dict[str, int] = {}
    for key, each in _mapping("heartbeat", value).items():
        if key not in HEARTBEAT_RANGES:
            raise ArgumentError("config", f"in heartbeat, {unknown_key(key, HEARTBEAT_RANGES)}")
        heartbeat[key] = _whole_number(f"heartbeat.{key}", each, *HEARTBEAT_RANGES[key])
    interval = heartbeat.get("interval_mls", HEARTBEAT_INTERVAL_MLS)
    if heartbeat.get("idle_timeout_mls", HEARTBEAT_IDLE_TIMEOUT_MLS) < 2 * interval:
        raise ArgumentError(
            "config",
            "heartbeat.idle_timeout_mls must be at least twice heartbeat.interval_mls "
            f"({interval}), or one late heartbeat ends a connection.",
        )
    return heartbeat


def _ice_servers(value: object) -> list[dict[str, Any]]:
    try:
        return list(ice_server_list(value))
    except ValueError as error:
        raise ArgumentError("config", f"ice_servers {error}.") from None


def _mapping(name: str, value: object) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise ArgumentError("config", f"{name} must be a dictionary, not {withheld(value)}.")
    return value


def _whole_number(key: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ArgumentError(
            "config", f"{key} must be a whole number from {low} to {high}, not {shown(value)}."
        )
    return value


def _policy(value: object) -> str:
    if not isinstance(value, str) or value not in POLICIES:
        raise ArgumentError(
            "config",
            f'ice_transport_policy must be "all" or "relay", which hides addresses; '
            f"not {shown(value)}.",
        )
    return value


def _switch(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ArgumentError("config", f"{key} must be true or false, not {shown(value)}.")
    return value
