"""What comes to an app after the extension was set up: honoured, or named once with a hint."""

import json
import logging
from typing import Any

import pytest
from flask import Flask
from flask_caching import Cache
from flask_socketio import SocketIO

from flask_p2p_streams import P2PStreams
from tests.conftest import AppFactory
from tests.unit.stores.test_session_store import Memory

Log = pytest.LogCaptureFixture


def plain_app(**config: Any) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", **config)
    app.add_url_rule("/", "page", lambda: "hello")
    return app


def said(app: Flask, log: Log) -> list[str]:
    """Return what the log says of two requests."""
    for _ in range(2):
        assert app.test_client().get("/").status_code == 200
    return [each.getMessage() for each in log.records if each.levelno >= logging.ERROR]


# Configuration


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("P2P_MAX_PEERS", 3),
        ("P2P_ICE_SERVERS", [{"urls": "stun:stun.example.org"}]),
        ("P2P_SOCKETIO_OPTIONS", {"ping_interval": 5}),
        ("P2P_MAX_PERS", 3),
        ("CACHE_TYPE", "RedisCache"),
        ("CACHE_REDIS_URL", "redis://:a-password@127.0.0.1"),
        ("SECRET_KEY", "another key"),
        ("SECRET_KEY_FALLBACKS", ["an older key"]),
    ],
)
def test_a_key_that_comes_too_late_is_named_once(caplog: Log, key: str, value: Any) -> None:
    app = plain_app()
    P2PStreams(app)
    app.config[key] = value
    [error] = said(app, caplog)
    assert error.startswith(f"{key} ")
    assert "before P2PStreams" in error
    assert not any(each in error for each in ("password", "another", "older", "example.org"))


def test_all_late_keys_are_in_one_line(caplog: Log) -> None:
    app = plain_app(P2P_MAX_PEERS=5, P2P_JOIN_RATE=1)
    P2PStreams(app)
    del app.config["P2P_JOIN_RATE"]
    app.config.update(P2P_MAX_PEERS=6, CACHE_TYPE="RedisCache", TESTING=True)
    [error] = said(app, caplog)
    assert error.startswith("CACHE_TYPE, P2P_JOIN_RATE, P2P_MAX_PEERS ")


@pytest.mark.parametrize(
    ("key", "value", "change"),
    [
        ("P2P_ICE_SERVERS", [], lambda it: it.append({"urls": "stun:stun.example.org"})),
        ("P2P_SOCKETIO_OPTIONS", {}, lambda it: it.update(ping_interval=5)),
        ("SECRET_KEY_FALLBACKS", ["old"], lambda it: it.append("older")),
    ],
)
def test_a_value_that_is_changed_in_place_is_named(
    caplog: Log, key: str, value: Any, change: Any
) -> None:
    app = plain_app(**{key: value})
    P2PStreams(app)
    change(app.config[key])
    [error] = said(app, caplog)
    assert error.startswith(f"{key} ")


@pytest.mark.parametrize(
    "late",
    [
        {"P2P_MAX_PEERS": 1000, "P2P_HOST_GRACE": 2, "P2P_ICE_SERVERS": []},
        {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": 50},
        {"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True},
        {"CACHE_DEFAULT_TIMEOUT": 60, "CACHE_KEY_PREFIX": "pages"},
    ],
)
def test_what_makes_no_difference_is_not_named(caplog: Log, late: dict[str, Any]) -> None:
    app = plain_app()
    P2PStreams(app)
    app.config.update(late)
    assert said(app, caplog) == []


def test_the_same_again_is_no_change(caplog: Log) -> None:
    servers = [{"urls": ["stun:stun.example.org"]}]
    app = plain_app(P2P_ICE_SERVERS=servers, P2P_MAX_PEERS=5)
    P2PStreams(app)
    app.config.update(P2P_ICE_SERVERS=json.loads(json.dumps(servers)), P2P_MAX_PEERS=5)
    app.config.update(TESTING=True, SESSION_COOKIE_SECURE=True)
    assert said(app, caplog) == []


@pytest.mark.parametrize("given", ["store", "cache"])
def test_what_says_nothing_of_the_sessions_may_come(caplog: Log, given: str) -> None:
    app = plain_app()
    if given == "store":
        P2PStreams(app, store=Memory())
    else:
        P2PStreams(app, cache=Cache(app, config={"CACHE_TYPE": "SimpleCache"}))
    app.config["CACHE_TYPE"] = "FileSystemCache"
    assert said(app, caplog) == []


# Other extensions


def test_a_shared_cache_that_comes_too_late(caplog: Log) -> None:
    app = plain_app()
    P2PStreams(app)
    Cache(app, config={"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": "redis://127.0.0.1:1"})
    [error] = said(app, caplog)
    assert "Cache(app) before P2PStreams(app)" in error


@pytest.mark.parametrize("kind", ["SimpleCache", "NullCache"])
def test_a_cache_that_comes_too_late_and_changes_nothing(caplog: Log, kind: str) -> None:
    app = plain_app()
    P2PStreams(app)
    Cache(app, config={"CACHE_TYPE": kind, "CACHE_NO_NULL_WARNING": True})
    assert said(app, caplog) == []


def test_a_socketio_that_comes_too_late(caplog: Log) -> None:
    app = plain_app()
    P2PStreams(app)
    SocketIO(app, async_mode="threading")
    [error] = said(app, caplog)
    assert "Make SocketIO(app) before P2PStreams(app)" in error


# Routes of the app


def test_a_route_that_takes_the_extensions_own(caplog: Log) -> None:
    app = plain_app()
    app.add_url_rule("/p2p/token", "mine", lambda: "hello", methods=["POST"])
    P2PStreams(app)
    [error] = said(app, caplog)
    assert "'mine'" in error
    assert "P2P_URL_PREFIX" in error


@pytest.mark.parametrize("rule", ["/<path:path>", "/p2p/<path:path>", "/p2p/<name>"])
def test_routes_that_take_what_is_left(caplog: Log, rule: str) -> None:
    app = plain_app()
    app.add_url_rule(rule, "mine", lambda **_: "hello", methods=["GET", "POST"])
    P2PStreams(app)
    assert said(app, caplog) == []


@pytest.mark.parametrize("kind", ["host_matching", "subdomain_matching"])
def test_hosts_that_are_told_apart_too_late(caplog: Log, kind: str) -> None:
    app = plain_app(SERVER_NAME="localhost")
    P2PStreams(app)
    if kind == "subdomain_matching":
        app.subdomain_matching = True
    else:
        app.url_map.host_matching = True
        app.add_url_rule("/", "elsewhere", lambda: "hello", host="localhost")
    [error] = said(app, caplog)
    assert kind in error


def test_an_ordinary_app(make_app: AppFactory, caplog: Log) -> None:
    app = make_app()
    app.add_url_rule("/", "page", lambda: "hello")
    assert said(app, caplog) == []
