import logging
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from flask import Flask
from flask_caching import Cache
from redis.sentinel import Sentinel

from flask_p2p_streams.errors import SignalingError
from flask_p2p_streams.stores.guarded import GuardedStore
from flask_p2p_streams.stores.redis_client import (
    CONNECTIONS,
    SENTINEL_TIMEOUT,
    TIMEOUT,
    hint_of,
    own_client,
)
from flask_p2p_streams.stores.redis_store import RedisStore
from tests.kit.servers import free_port


def settings_of(client: Any) -> dict[str, Any]:
    settings: dict[str, Any] = own_client(client).connection_pool.connection_kwargs
    return settings


def made(client: Any) -> Any:
    """Return a connection as the client of our own would open it."""
    pool = own_client(client).connection_pool
    return pool.connection_class(**pool.connection_kwargs)


def test_it_is_the_same_server_and_user() -> None:
    url = "redis://ann:secret@cache.example:6380/3?client_name=chat"
    settings = settings_of(redis.Redis.from_url(url))
    kept = {name: settings[name] for name in ("host", "port", "db", "username", "password")}
    assert kept == {
        "host": "cache.example",
        "port": 6380,
        "db": 3,
        "username": "ann",
        "password": "secret",
    }
    assert settings["client_name"] == "chat"


@pytest.mark.parametrize(
    "client",
    [
        redis.Redis(),
        redis.Redis(socket_timeout=60, socket_connect_timeout=60),
        redis.Redis.from_url("redis://localhost:6379/0?socket_timeout=60"),
        redis.Redis(ssl=True, ssl_cert_reqs="none", ssl_check_hostname=False),
        redis.Redis(unix_socket_path="/run/redis.sock"),
        redis.Redis(protocol=2, decode_responses=True),
    ],
    ids=["plain", "patient", "url", "tls", "unix", "decoding"],
)
def test_it_gives_up_early(client: Any) -> None:
    own = own_client(client)
    connection = made(client)
    assert type(connection) is client.connection_pool.connection_class
    assert connection.socket_timeout == TIMEOUT
    assert connection.retry._retries == 0
    assert own is not client
    assert own.connection_pool.max_connections > CONNECTIONS
    assert not settings_of(client).get("decode_responses")


def test_tls_stays_as_it_is() -> None:
    client = redis.Redis(ssl=True, ssl_cert_reqs="none", ssl_check_hostname=False, ssl_ca_certs="a")
    settings = settings_of(client)
    assert settings["ssl_cert_reqs"] == "none"
    assert settings["ssl_ca_certs"] == "a"
    assert settings["ssl_check_hostname"] is False


def test_a_connection_class_of_the_user_s_own_is_left_alone() -> None:
    class Tunnel(redis.Connection):
        pass

    client = redis.Redis(connection_pool=redis.ConnectionPool(connection_class=Tunnel))
    assert own_client(client) is client


def test_sentinels_give_up_early_too() -> None:
    theirs = Sentinel(
        [("one", 1), ("two", 2)], sentinel_kwargs={"password": "s"}, password="m", db=4
    )
    own = own_client(theirs.master_for("chat", ssl=True))
    pool = own.connection_pool
    assert pool.service_name == "chat"
    assert "SSL" in pool.connection_class.__name__
    kept = {name: pool.connection_kwargs[name] for name in ("password", "db", "socket_timeout")}
    assert kept == {"password": "m", "db": 4, "socket_timeout": TIMEOUT}
    for name, each in zip(("one", "two"), pool.sentinel_manager.sentinels, strict=True):
        kept = each.connection_pool.connection_kwargs
        assert (kept["host"], kept["password"]) == (name, "s")
        assert kept["socket_timeout"] == SENTINEL_TIMEOUT


class Cluster(redis.RedisCluster):
    """A client of a cluster that is there no more, as its node is at a port of nobody."""

    def __init__(self) -> None:
        self.nodes_manager: Any = SimpleNamespace()

    def get_connection_kwargs(self) -> dict[str, Any]:
        return {}

    def get_nodes(self) -> list[Any]:
        return [redis.cluster.ClusterNode("127.0.0.1", free_port())]

    def close(self) -> None:
        pass


def test_a_cluster_that_can_t_be_reached_again_is_left_alone() -> None:
    client = Cluster()
    assert own_client(client) is client


def test_a_hint_tells_where_but_no_password() -> None:
    url = "redis://ann:secret@cache.example:6380/3"
    assert "cache.example:6380" in hint_of(redis.Redis.from_url(url))
    assert "secret" not in hint_of(redis.Redis.from_url(url))
    assert "/run/redis.sock" in hint_of(redis.Redis(unix_socket_path="/run/redis.sock"))
    assert "master chat" in hint_of(Sentinel([("one", 1)]).master_for("chat"))


def test_a_redis_that_is_down_at_start(caplog: pytest.LogCaptureFixture) -> None:
    app, port = Flask(__name__), free_port()
    url = f"redis://:secret@127.0.0.1:{port}/0"
    options = {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": url, "CACHE_KEY_PREFIX": "chat:"}
    cache = Cache(app, config=options, with_jinja2_ext=False)
    store = RedisStore(app.extensions["cache"][cache])
    with caplog.at_level(logging.DEBUG), pytest.raises(SignalingError):
        GuardedStore(store).read("k")
    assert f"127.0.0.1:{port}" in caplog.text
    assert "Traceback" not in caplog.text
    assert "secret" not in caplog.text
