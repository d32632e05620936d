import math
from dataclasses import fields
from typing import Any

import pytest

from flask_p2p_streams.config import Config
from flask_p2p_streams.errors import ConfigurationError

TURN = {"urls": "turn:t.example", "username": "u", "credential": "c"}


def test_defaults() -> None:
    config = Config.from_app_config({"SECRET_KEY": "k", "DEBUG": True})
    assert config == Config()
    assert (config.namespace, config.host_grace, config.max_signal_bytes) == ("/p2p", 2.0, 65_536)


def test_ice_servers_are_rebuilt() -> None:
    config = Config.from_app_config({"P2P_ICE_SERVERS": [{"urls": "stun:s.example"}, TURN]})
    assert config.ice_servers == (
        {"urls": ["stun:s.example"]},
        {"urls": ["turn:t.example"], "username": "u", "credential": "c"},
    )


def test_a_misspelt_key_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean P2P_HOST_GRACE") as raised:
        Config.from_app_config({"P2P_HOST_GRASE": 1})
    assert raised.value.key == "P2P_HOST_GRASE"


@pytest.mark.parametrize("key", ["p2p_host_grace", "P2p_Host_Grace"])
def test_a_key_in_small_letters_is_not_passed_over(key: str) -> None:
    with pytest.raises(ConfigurationError, match="Did you mean P2P_HOST_GRACE"):
        Config.from_app_config({key: 1})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("P2P_NAMESPACE", "p2p"),
        ("P2P_NAMESPACE", "/p2p/"),
        ("P2P_NAMESPACE", '/p"2p'),
        ("P2P_NAMESPACE", None),
        ("P2P_URL_PREFIX", ""),
        ("P2P_URL_PREFIX", "/<x>"),
        ("P2P_AUDIENCE", ""),
        ("P2P_AUDIENCE", 7),
        ("P2P_TOKEN_MAX_AGE", 0),
        ("P2P_TOKEN_MAX_AGE", "3600"),
        ("P2P_TOKEN_MAX_AGE", True),
        ("P2P_SESSION_EXPIRES_IN", math.inf),
        ("P2P_SESSION_EXPIRES_IN", math.nan),
        ("P2P_HOST_GRACE", -1),
        ("P2P_HOST_GRACE", False),
        ("P2P_JOIN_TIMEOUT", None),
        ("P2P_MAX_SIGNAL_BYTES", 10),
        ("P2P_MAX_SIGNAL_BYTES", 65_536.0),
        ("P2P_SIGNAL_RATE", 0),
        ("P2P_SIGNAL_RATE", "50"),
        ("P2P_SESSION_SIGNAL_RATE", math.inf),
        ("P2P_RELAY", None),
        ("P2P_RELAY", False),
        ("P2P_RELAY", "on"),
        ("P2P_RELAY", ["first"]),
        ("P2P_RELAY_RATE", 1023),
        ("P2P_RELAY_RATE", "64k"),
        ("P2P_RELAY_RATE", True),
        ("P2P_SESSION_RELAY_RATE", 0),
        ("P2P_SESSION_RELAY_RATE", math.inf),
        ("P2P_JOIN_RATE", True),
        ("P2P_JOIN_RATE", -1),
        ("P2P_CHECK_PAGE", 1),
        ("P2P_CHECK_PAGE", "yes"),
        ("P2P_TRANSPORTS", "websocket"),
        ("P2P_TRANSPORTS", []),
        ("P2P_TRANSPORTS", ["polling"]),
        ("P2P_TRANSPORTS", ["polling", "websocket"]),
        ("P2P_TRANSPORTS", ["websocket", "websocket"]),
        ("P2P_TRANSPORTS", [["websocket"]]),
        ("P2P_SOCKETIO_OPTIONS", []),
        ("P2P_SOCKETIO_OPTIONS", {1: 2}),
        ("P2P_TURN_URLS", "turn:t.example"),
        ("P2P_TURN_URLS", ["turn:t.example", 7]),
        ("P2P_TURN_URLS", ["turn://t.example"]),
        ("P2P_TURN_URLS", ["turn:t.example?transport=tls"]),
        ("P2P_TURN_URLS", ["turn:t.example:99999"]),
        ("P2P_TURN_URLS", {"turn:t.example": "geheim"}),
        ("P2P_TURN_SECRET", ""),
        ("P2P_TURN_SECRET", b"geheim"),
        ("P2P_TURN_SECRET", 7),
        ("P2P_TURN_SECRET", "geheim\n"),
        ("P2P_TURN_SECRET", "geheim\udce9"),
        ("P2P_TURN_TTL", 29),
        ("P2P_TURN_TTL", 604_801),
        ("P2P_TURN_TTL", "3600"),
        ("P2P_TURN_TTL", math.nan),
        ("P2P_TURN_TTL", 10**400),
        ("P2P_SESSION_RELAY_RATE", 10**400),
        ("P2P_JOIN_RATE", 10**400),
        ("P2P_ICE_SERVERS", "stun:s.example"),
        ("P2P_ICE_SERVERS", ["stun:s.example"]),
        ("P2P_ICE_SERVERS", [{}]),
        ("P2P_ICE_SERVERS", [{"urls": []}]),
        ("P2P_ICE_SERVERS", [{"urls": "https://s.example"}]),
        ("P2P_ICE_SERVERS", [{"urls": ["stun:s.example", 7]}]),
        ("P2P_ICE_SERVERS", [{"urls": "turn:t.example"}]),
        ("P2P_ICE_SERVERS", [{**TURN, "credential": 7}]),
    ],
)
def test_a_wrong_value_is_named(key: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=key) as raised:
        Config.from_app_config({key: value})
    assert raised.value.key == key
    assert "geheim" not in f"{raised.value!r} {raised.value.value}"


def test_turn_servers_with_a_secret() -> None:
    urls = ["turn:t.example:3478", "turns:t.example:443?transport=tcp"]
    given = {"P2P_TURN_URLS": urls, "P2P_TURN_SECRET": "geheim"}
    config = Config.from_app_config(given)
    assert (config.turn_urls, config.turn_secret, config.turn_ttl) == (tuple(urls), "geheim", 3600)
    assert "geheim" not in repr(config)
    for ttl in (30, 30.5, 604_800):
        assert Config.from_app_config({**given, "P2P_TURN_TTL": ttl}).turn_ttl == ttl
    empty: dict[str, Any] = {"P2P_TURN_URLS": [], "P2P_TURN_SECRET": None}
    assert Config.from_app_config(empty) == Config()


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"P2P_TURN_URLS": ["turn:t.example"]}, "P2P_TURN_SECRET"),
        ({"P2P_TURN_URLS": ["turn:t.example"], "P2P_TURN_SECRET": None}, "P2P_TURN_SECRET"),
        ({"P2P_TURN_SECRET": "geheim"}, "P2P_TURN_URLS"),
        ({"P2P_TURN_URLS": [], "P2P_TURN_SECRET": "geheim"}, "P2P_TURN_URLS"),
    ],
)
def test_one_of_them_needs_the_other(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(ConfigurationError, match=f"needs {missing}: ") as raised:
        Config.from_app_config(given)
    assert (raised.value.key, raised.value.value) == (missing, None)
    assert "geheim" not in str(raised.value)


def test_a_stun_server_among_them() -> None:
    urls = ["turn:t.example", "stun:s.example"]
    with pytest.raises(ConfigurationError, match=r"name it in P2P_ICE_SERVERS\.$") as raised:
        Config.from_app_config({"P2P_TURN_URLS": urls, "P2P_TURN_SECRET": "geheim"})
    assert raised.value.key == "P2P_TURN_URLS"


def test_tls_is_no_transport() -> None:
    urls = ["turn:t.example:443?transport=tls"]
    with pytest.raises(ConfigurationError, match=r"write turns:host:port\?transport=tcp\.$"):
        Config.from_app_config({"P2P_TURN_URLS": urls, "P2P_TURN_SECRET": "geheim"})


def test_an_unknown_key_of_an_ice_server_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"Did you mean urls\?$"):
        Config.from_app_config({"P2P_ICE_SERVERS": [{"url": "stun:s.example"}]})


def test_no_grace_at_all() -> None:
    assert Config.from_app_config({"P2P_HOST_GRACE": 0}).host_grace == 0


RATES = ("signal_rate", "session_signal_rate", "join_rate", "relay_rate", "session_relay_rate")


@pytest.mark.parametrize("key", RATES)
def test_limits_can_be_switched_off(key: str) -> None:
    assert getattr(Config.from_app_config({f"P2P_{key.upper()}": None}), key) is None


def test_every_key_is_documented() -> None:
    import inspect

    source = inspect.getsource(Config)
    for each in fields(Config):
        assert f'"""``P2P_{each.name.upper()}``:' in source
