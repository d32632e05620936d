import logging
from pathlib import Path
from typing import Any

import pytest
from cachelib.base import BaseCache
from cachelib.simple import SimpleCache
from flask import Flask
from flask_caching import Cache
from flask_caching.backends.memcache import SpreadSASLMemcachedCache
from pymemcache.client.base import Client, PooledClient

from flask_p2p_streams.atomic import AtomicStore
from flask_p2p_streams.caches import cache_store, find_cache
from flask_p2p_streams.errors import ConfigurationError
from tests.support.servers import free_port
from tests.support.stores import StoreServer, running_memcached


@pytest.fixture
def app() -> Flask:
    return Flask("an_app")


def cache_of(app: Flask, kind: str, **config: object) -> Cache:
    options = {"CACHE_TYPE": kind, "CACHE_NO_NULL_WARNING": True, **config}
    return Cache(app, config=options, with_jinja2_ext=False)


def store_of(app: Flask, kind: str, **config: object) -> AtomicStore:
    return cache_store(app, cache_of(app, kind, **config))


def test_a_cache_in_this_process(app: Flask) -> None:
    store = store_of(app, "SimpleCache")
    assert store.read_many(["k", "l"]) == [None, None]
    assert store.replace("k", None, "first", 60)
    assert not store.replace("k", None, "second", 60)
    assert store.replace("k", "first", "third", 60.5)
    assert store.exchange("l", "new", 100.5) is None
    store.write("l", "newer", 60)
    assert store.exchange("l", "newest", 60) == "newer"
    assert store.read_many(["l", "k"]) == ["newest", "third"]
    assert store.replace("short", None, "less than a second", 0.5)
    assert not store.is_shared


def test_pages_in_the_app_s_cache_push_no_session_out(app: Flask) -> None:
    cache = cache_of(app, "SimpleCache", CACHE_THRESHOLD=10)
    store = cache_store(app, cache)
    store.write("k", "v", 60)
    backend = app.extensions["cache"][cache]
    for page in range(100):
        backend.set(f"page-{page}", "html")
    backend.clear()
    assert store.read_many(["k"]) == ["v"]


def test_an_app_without_a_cache_gets_one_that_forgets_late(app: Flask) -> None:
    store = cache_store(app)
    for n in range(2000):
        store.write(str(n), "v", 60)
    assert store.read_many(["0"]) == ["v"]


def test_a_null_cache_is_refused(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match=r"NullCache.*Set CACHE_TYPE"):
        store_of(app, "NullCache")


def test_a_file_cache_is_refused(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"FileSystemCache.*Set CACHE_TYPE"):
        store_of(app, "FileSystemCache", CACHE_DIR=str(tmp_path))


def test_a_cache_of_no_app_is_refused(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match="init_app"):
        cache_store(app, Cache())


def test_the_app_s_only_cache_is_found(app: Flask) -> None:
    cache = cache_of(app, "SimpleCache")
    assert find_cache(app) is cache


def test_of_several_caches_none_is_guessed(app: Flask) -> None:
    for _ in range(2):
        cache_of(app, "SimpleCache")
    with pytest.raises(ConfigurationError, match="cache="):
        find_cache(app)


def test_an_app_s_cache_type_is_heeded(app: Flask) -> None:
    app.config.update(CACHE_TYPE="NullCache", CACHE_NO_NULL_WARNING=True)
    with pytest.raises(ConfigurationError, match="NullCache"):
        cache_store(app)


# Caches of which it has to be seen whether they can elect


class Foreign(BaseCache):
    """A cache that isn't Flask-Caching's own, like uWSGI's: it has an atomic add."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()
        self._simple = SimpleCache()

    def add(self, *arguments: Any, **options: Any) -> bool:
        return self._simple.add(*arguments, **options)

    def set(self, *arguments: Any, **options: Any) -> Any:
        return self._simple.set(*arguments, **options)

    def get(self, key: str) -> Any:
        return self._simple.get(key)


class Forgetful(Foreign):
    """What cachelib's base class does: every add succeeds."""

    def add(self, *_: Any, **__: Any) -> bool:
        return True


class GoogleCloudStorageCache(Foreign):
    """Its add first looks, and then writes."""


def test_a_cache_of_another_kind_that_adds(app: Flask) -> None:
    store = store_of(app, f"{__name__}.Foreign")
    assert store.is_shared
    assert store.replace("k", None, "first", 60)
    assert not store.replace("k", None, "second", 60)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("Forgetful", "Forgetful takes a key twice"),
        ("GoogleCloudStorageCache", "several peers the host"),
    ],
)
def test_a_cache_of_another_kind_that_cannot_elect(app: Flask, kind: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        store_of(app, f"{__name__}.{kind}")


@pytest.fixture(scope="module")
def memcached():
    with running_memcached() as server:
        yield server


def test_pymemcache_that_waits_for_no_answer_is_refused(app: Flask, memcached: StoreServer) -> None:
    client = PooledClient(memcached.address, timeout=30, connect_timeout=30)
    with pytest.raises(ConfigurationError, match="default_noreply=False"):
        store_of(app, "MemcachedCache", CACHE_MEMCACHED_SERVERS=client)
    client.close()


@pytest.mark.parametrize("kind", [Client, PooledClient])
def test_pymemcache_that_waits_for_answers(app: Flask, memcached: StoreServer, kind: Any) -> None:
    client = kind(memcached.address, timeout=30, connect_timeout=30, default_noreply=False)
    store = store_of(app, "MemcachedCache", CACHE_MEMCACHED_SERVERS=client)
    store.write("k", "first", 60)
    assert store.exchange("k", "new", 60) == "first"
    assert store.read_many(["k"]) == ["new"]
    client.close()


# python-memcached leaves the closing of its sockets to Python.
leaky = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@leaky
def test_a_spreading_cache_is_refused(app: Flask, memcached: StoreServer) -> None:
    class Spreading(SpreadSASLMemcachedCache):
        def __init__(self) -> None:
            self.chunksize, self.maxchunk = 1000, 4
            self.key_prefix = None
            plain = cache_of(app, "MemcachedCache", CACHE_MEMCACHED_SERVERS=[memcached.address])
            backend = app.extensions["cache"][plain]
            self._client, self._client_context = backend._client, backend._client_context
            self.default_timeout = 300

    cache = cache_of(app, "SimpleCache")
    app.extensions["cache"][cache] = Spreading()
    with pytest.raises(ConfigurationError, match="Spreading takes a key twice, or doesn't return"):
        cache_store(app, cache)


@leaky
def test_a_cache_that_is_down_at_start_is_told(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"127.0.0.1:{free_port()}"
    with caplog.at_level(logging.WARNING):
        store_of(app, "MemcachedCache", CACHE_MEMCACHED_SERVERS=[address])
        client = Client(address, default_noreply=False)
        store_of(app, "MemcachedCache", CACHE_MEMCACHED_SERVERS=client)
    assert "can't be reached" in caplog.text
    assert "fails (ConnectionRefusedError)" in caplog.text
    assert caplog.text.count("Is memcached running?") == 2
