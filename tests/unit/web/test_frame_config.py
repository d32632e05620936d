from typing import Any

import pytest

from flask_p2p_streams.errors import ArgumentError
from flask_p2p_streams.web.frame_config import frame_options


def test_only_what_was_given() -> None:
    assert frame_options({}) == {}


def test_everything() -> None:
    options = {
        "ice_servers": [{"urls": ["stun:s.example"]}],
        "heartbeat": {"interval_mls": 500, "idle_timeout_mls": 1000},
        "keep_signaling": True,
        "connect_timeout_mls": 5000,
        "auto_reconnect": False,
        "history": 20,
        "relay_after_mls": 500,
        "ice_transport_policy": "relay",
    }
    assert frame_options(options) == options


@pytest.mark.parametrize("name", ["keepCableConnection", "keep_cable_connection"])
def test_the_gem_s_spelling(name: str) -> None:
    assert frame_options({name: True}) == {"keep_signaling": True}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("x", "must be a dictionary"),
        ([], "must be a dictionary"),
        ({"heartbeet": {}}, "Did you mean heartbeat"),
        ({"keepSignaling": True}, "Did you mean keep_signaling"),
        ({7: 1}, "not a known key"),
        ({"heartbeat": 1000}, "must be a dictionary"),
        ({"history": 1001}, "0 to 1000"),
        ({"relay_after_mls": -1}, "0 to 60000"),
        ({"ice_transport_policy": "none"}, '"all" or "relay"'),
        ({"ice_transport_policy": ["relay"]}, '"all" or "relay"'),
        ({"history": True}, "0 to 1000"),
        ({"history": -1}, "0 to 1000"),
        ({"heartbeat": {"interval": 1000}}, "Did you mean interval_mls"),
        ({"heartbeat": {"interval_mls": 99}}, "100 to 60000"),
        ({"heartbeat": {"interval_mls": 60_001}}, "100 to 60000"),
        ({"heartbeat": {"interval_mls": True}}, "whole number"),
        ({"heartbeat": {"interval_mls": 1000.0}}, "whole number"),
        ({"heartbeat": {"interval_mls": 1000, "idle_timeout_mls": 1999}}, "at least twice"),
        ({"heartbeat": {"interval_mls": 3000}}, "at least twice"),
        ({"heartbeat": {"idle_timeout_mls": 1500}}, "at least twice"),
        ({"connect_timeout_mls": 999}, "1000 to 120000"),
        ({"connect_timeout_mls": float("nan")}, "1000 to 120000"),
        ({"keep_signaling": "no"}, "true or false"),
        ({"auto_reconnect": 1}, "true or false"),
        ({"keep_signaling": True, "keepCableConnection": False}, "again"),
        ({"ice_servers": [{"urls": "http://x"}]}, "ice_servers"),
        ({"ice_servers": None}, "ice_servers"),
    ],
)
def test_a_mistake_is_named(options: Any, text: str) -> None:
    with pytest.raises(ArgumentError, match=text) as raised:
        frame_options(options)
    assert raised.value.argument == "config"
