"""What is said of a Redis that answers, and refuses: asked of real ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis
from redis.exceptions import RedisError

from flask_p2p_streams.stores.outages import outage_hint
from tests.kit.stores import running_redis

OTHERWISE = "Is it running?"


@contextmanager
def asked(*options: str, path: str = "/0") -> Iterator[redis.Redis]:
    with running_redis(*options) as server:
        client = redis.Redis.from_url(f"redis://{server.address}{path}")
        yield client
        client.close()


def hint(call: Callable[[], object]) -> str:
    with pytest.raises(RedisError) as raised:
        call()
    return outage_hint(raised.value, OTHERWISE)


def test_a_password_that_is_missing_or_wrong() -> None:
    with asked("--requirepass", "geheim") as client:
        assert "refuses the user or the password" in hint(client.ping)
        client.connection_pool.connection_kwargs["password"] = "falsch"
        assert "refuses the user or the password" in hint(client.ping)


def test_a_user_that_may_do_little() -> None:
    with asked() as client:
        client.acl_setuser("default", keys=["other:*"], enabled=True, reset_keys=True)
        assert "may not do that" in hint(lambda: client.set("p2p:a", 1))


def test_a_database_that_is_not_there() -> None:
    with asked(path="/99") as client:
        assert "no database of that number" in hint(client.ping)


def test_a_full_one() -> None:
    with asked("--maxmemory", "1") as client:
        assert "Redis is full" in hint(lambda: client.set("a", 1))


def test_a_replica() -> None:
    with asked("--replicaof", "127.0.0.1", "1") as client:
        assert "is a replica" in hint(lambda: client.set("a", 1))


def test_one_that_is_down() -> None:
    assert hint(redis.Redis(port=1).ping) == OTHERWISE
