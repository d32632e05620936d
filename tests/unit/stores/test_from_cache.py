import logging
from pathlib import Path
from typing import Any

import pytest
from cachelib.base import BaseCache
from cachelib.simple import SimpleCache
from flask import Flask, request
from flask_caching import Cache, backends
from flask_caching.backends.memcache import SpreadSASLMemcachedCache
from pymemcache.client.base import Client, PooledClient

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.errors import ConfigurationError
from flask_p2p_streams.runtime.mutexes import Mutexes, mutex_for
from flask_p2p_streams.stores import cache_types
from flask_p2p_streams.stores.base import AtomicStore
from flask_p2p_streams.stores.from_cache import cache_store, find_cache
from flask_p2p_streams.stores.guarded import guarded_store
from flask_p2p_streams.stores.in_process import MemoryStore
from flask_p2p_streams.stores.session_store import SessionStore
from tests.kit.servers import free_port
from tests.kit.stores import StoreServer, running_memcached

MUTEXES = Mutexes(mutex_for("threading"))


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


@pytest.mark.parametrize("cache", [{}, "redis://me:secret@host", object()])
def test_what_is_no_cache_of_flask_caching(app: Flask, cache: Any) -> None:
    app.config["SECRET_KEY"] = "k"
    no_cache: Any = cache or {"CACHE_TYPE": "RedisCache"}
    with pytest.raises(ConfigurationError, match="must be a Cache of Flask-Caching") as no:
        P2PStreams(app, cache=no_cache)
    assert "secret" not in str(no.value)


def test_a_cache_and_a_store_are_one_too_many(app: Flask) -> None:
    app.config["SECRET_KEY"] = "k"
    store: Any = MemoryStore()
    with pytest.raises(ConfigurationError, match="a store and a cache"):
        P2PStreams(app, cache=cache_of(app, "SimpleCache"), store=store)


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


# Flask-Caching before 2.5 still makes a cache of these, with a warning.
former_name = pytest.mark.skipif(hasattr(backends, "redis"), reason="Flask-Caching knows it")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("RediscCache", "Did you mean RedisCache?"),
        pytest.param("redis", "Did you mean RedisCache?", marks=former_name),
        pytest.param("simple", "Did you mean SimpleCache?", marks=former_name),
        ("no.such.Cache", "NullCache, RedisCache"),
        ("", "for one process leave it out"),
        (None, "not None. Set it to RedisCache, or for one process leave it out."),
        (5, "CACHE_TYPE must be a text, not 5"),
        ("SASLMemcachedCache", "Look at CACHE_MEMCACHED_SERVERS"),
    ],
)
def test_a_cache_type_that_makes_none(app: Flask, kind: object, told: str) -> None:
    app.config.update(CACHE_TYPE=kind)
    with pytest.raises(ConfigurationError) as refused:
        cache_store(app)
    assert told in str(refused.value)
    assert refused.value.key == "CACHE_TYPE"


@pytest.mark.parametrize("url", ["localhost:6379", "http://me:secret@localhost", "redis:/x"])
def test_a_redis_address_of_no_known_kind(app: Flask, url: str) -> None:
    app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=url)
    with pytest.raises(ConfigurationError, match="must begin with redis://") as refused:
        cache_store(app)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "port", "key"),
    [
        ("redis://:secret@127.0.0.1:6379/0", 6379, "CACHE_REDIS_HOST"),
        ("me:secret@127.0.0.1", 6379, "CACHE_REDIS_HOST"),
        ("127.0.0.1:6379", 6379, "CACHE_REDIS_HOST"),
        ("127.0.0.1", "abc", "CACHE_REDIS_PORT"),
        ("127.0.0.1", "", "CACHE_REDIS_PORT"),
    ],
)
@pytest.mark.parametrize("is_made", [False, True])
def test_a_redis_host_that_is_none(
    app: Flask, host: str, port: Any, key: str, is_made: bool
) -> None:
    app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_HOST=host, CACHE_REDIS_PORT=port)
    with pytest.raises(ConfigurationError) as refused:
        cache_store(app, Cache(app) if is_made else None)
    assert refused.value.key == key
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("host", "port"), [("::1", 6379), ("redis", "6379"), ("10.0.0.1", 6379)])
def test_a_redis_host_that_is_one(app: Flask, host: str, port: Any) -> None:
    app.config.update(CACHE_TYPE="RedisCache", CACHE_REDIS_HOST=host, CACHE_REDIS_PORT=port)
    assert cache_store(app).is_shared


def test_servers_of_memcached_as_one_text(app: Flask) -> None:
    app.config.update(CACHE_TYPE="MemcachedCache", CACHE_MEMCACHED_SERVERS="127.0.0.1:11211")
    with pytest.raises(ConfigurationError, match="must be a list, such as"):
        cache_store(app)


def test_a_redis_cluster_that_is_down(app: Flask) -> None:
    address = f"127.0.0.1:{free_port()}"
    app.config.update(CACHE_TYPE="RedisClusterCache", CACHE_REDIS_CLUSTER=address)
    with pytest.raises(ConfigurationError, match="whether the cluster runs"):
        cache_store(app)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("RedisCache", r"flask-p2p-streams\[redis\]"),
        ("RedisSentinelCache", r"flask-p2p-streams\[redis\]"),
        ("MemcachedCache", "pip install pylibmc, or python-memcached"),
    ],
)
def test_a_cache_whose_package_is_missing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, kind: str, told: str
) -> None:
    monkeypatch.setattr(cache_types, "find_spec", lambda name: None)
    app.config.update(CACHE_TYPE=kind)
    with pytest.raises(ConfigurationError, match=told):
        cache_store(app)


def test_sessions_in_a_cache_beside_that_of_the_pages(app: Flask, tmp_path: Path) -> None:
    """What the refusal of a cache for pages advises works beside that."""
    app.config.update(SECRET_KEY="k", CACHE_TYPE="FileSystemCache", CACHE_DIR=str(tmp_path))
    pages = Cache(app)
    with pytest.raises(ConfigurationError) as refused:
        P2PStreams(app)
    hint = "P2PStreams(app, cache=Cache(app, config={'CACHE_TYPE': 'SimpleCache'}))"
    assert hint in str(refused.value)
    p2p = P2PStreams(app, cache=Cache(app, config={"CACHE_TYPE": "SimpleCache"}))
    with app.app_context():
        pages.set("page", "html")
        assert pages.get("page") == "html"
        assert p2p.session("room") is None
    assert type(app.extensions["cache"][pages]).__name__ == "FileSystemCache"


# Keys


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        (lambda: 5, "CACHE_KEY_PREFIX returns something else"),
        (lambda: request.host, r"fails outside of a request \(RuntimeError\)"),
    ],
)
def test_a_prefix_that_a_request_must_make(app: Flask, prefix: object, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        store_of(app, "RedisCache", CACHE_KEY_PREFIX=prefix)


def test_a_prefix_that_a_function_makes(app: Flask) -> None:
    assert store_of(app, "RedisCache", CACHE_KEY_PREFIX=lambda: "mine:").is_shared


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


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("a" * 150, "at most 143 characters"),
        ("my app:", "without spaces"),
        ("app\n", "without spaces"),
        ("äpp:", "printable ASCII"),
        (lambda: "app:", "must be a text"),
    ],
)
def test_a_prefix_that_makes_no_key_of_memcached(app: Flask, prefix: object, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as refused:
        store_of(app, "MemcachedCache", CACHE_KEY_PREFIX=prefix)
    assert refused.value.key == "CACHE_KEY_PREFIX"


def test_the_longest_prefix_of_memcached_serves(app: Flask, memcached: StoreServer) -> None:
    client = PooledClient(memcached.address, timeout=30, connect_timeout=30, default_noreply=False)
    options = {"CACHE_MEMCACHED_SERVERS": client, "CACHE_KEY_PREFIX": "a" * 143}
    sessions = SessionStore(guarded_store(store_of(app, "MemcachedCache", **options), MUTEXES))
    for _ in range(20):
        sessions.exchange_sid("s" * 200, "p" * 200, "a socket")
    assert sessions.read_sid("s" * 200, "p" * 200) == "a socket"
    client.close()


class Choosy(Foreign):
    """A cache whose keys are short."""

    def add(self, key: str, *arguments: Any, **options: Any) -> bool:
        if len(key) > 64:
            raise ValueError("The key is too long.")
        return super().add(key, *arguments, **options)


def test_a_cache_that_takes_no_key_of_ours_is_refused(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match="Choosy takes no key"):
        store_of(app, f"{__name__}.Choosy")


def test_no_fork_shares_a_connection_to_memcached(app: Flask, memcached: StoreServer) -> None:
    client = Client(memcached.address, timeout=30, connect_timeout=30, default_noreply=False)
    store = store_of(app, "MemcachedCache", CACHE_MEMCACHED_SERVERS=client)
    assert client.sock is None
    store.write("k", "v", 60)
    assert store.read_many(["k"]) == ["v"]
    client.close()


# python-memcached leaves the closing of its sockets to Python.
leaky = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@leaky
def test_a_spreading_cache_is_refused(app: Flask, memcached: StoreServer) -> None:
    class Spreading(SpreadSASLMemcachedCache):
        def __init__(self) -> None:
            plain = cache_of(app, "MemcachedCache", CACHE_MEMCACHED_SERVERS=[memcached.address])
            backend = app.extensions["cache"][plain]
            vars(self).update(vars(backend), chunksize=1000, maxchunk=4)

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
