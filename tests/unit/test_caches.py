from pathlib import Path

import pytest
from flask import Flask
from flask_caching import Cache

from flask_p2p_streams.caches import CacheStore, find_cache
from flask_p2p_streams.errors import ConfigurationError


@pytest.fixture
def app() -> Flask:
    return Flask("an_app")


def cache_of(app: Flask, kind: str, **config: object) -> Cache:
    options = {"CACHE_TYPE": kind, "CACHE_NO_NULL_WARNING": True, **config}
    return Cache(app, config=options, with_jinja2_ext=False)


def test_fetch_write_read(app: Flask) -> None:
    store = CacheStore(app, cache_of(app, "SimpleCache"))
    assert store.read("k") is None
    assert store.fetch("k", 60, "first") == "first"
    assert store.fetch("k", 60, "second") == "first"
    store.write("k", "third", 60)
    assert store.read("k") == "third"


def test_fractions_of_a_second_are_rounded_up(app: Flask) -> None:
    store = CacheStore(app, cache_of(app, "SimpleCache"))
    store.write("k", "v", 0.5)
    store.fetch("l", 100.5, "v")


def test_a_cache_that_takes_nothing_fails_loudly(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = cache_of(app, "SimpleCache")
    store = CacheStore(app, cache)
    backend = app.extensions["cache"][cache]
    monkeypatch.setattr(backend, "add", lambda *_, **__: False)
    monkeypatch.setattr(backend, "set", lambda *_, **__: False)
    with pytest.raises(OSError, match="neither taken nor returned"):
        store.fetch("k", 60, "v")
    with pytest.raises(OSError, match="not taken"):
        store.write("k", "v", 60)


def test_a_null_cache_is_refused(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match=r"NullCache.*Set CACHE_TYPE"):
        CacheStore(app, cache_of(app, "NullCache"))


def test_a_file_cache_is_refused(app: Flask, tmp_path: Path) -> None:
    cache = cache_of(app, "FileSystemCache", CACHE_DIR=str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"FileSystemCache.*Set CACHE_TYPE"):
        CacheStore(app, cache)


def test_a_cache_of_no_app_is_refused(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match="init_app"):
        CacheStore(app, Cache())


def test_the_app_s_only_cache_is_found(app: Flask) -> None:
    cache = cache_of(app, "SimpleCache")
    assert find_cache(app) is cache


def test_of_several_caches_none_is_guessed(app: Flask) -> None:
    for _ in range(2):
        cache_of(app, "SimpleCache")
    with pytest.raises(ConfigurationError, match="cache="):
        find_cache(app)


def test_an_app_without_a_cache_gets_one_that_forgets_late(app: Flask) -> None:
    store = CacheStore(app, find_cache(app))
    for n in range(2000):
        store.write(str(n), "v", 60)
    assert store.read("0") == "v"


def test_an_app_s_cache_type_is_heeded(app: Flask) -> None:
    app.config.update(CACHE_TYPE="NullCache", CACHE_NO_NULL_WARNING=True)
    with pytest.raises(ConfigurationError, match="NullCache"):
        CacheStore(app, find_cache(app))
