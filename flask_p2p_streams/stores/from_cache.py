"""Makes a store in the app's Flask-Caching cache, if that cache can hold sessions."""

import logging
from collections.abc import Callable
from typing import Any, NoReturn

from cachelib.file import FileSystemCache
from cachelib.memcached import MemcachedCache
from cachelib.redis import RedisCache
from cachelib.simple import SimpleCache
from flask import Flask
from flask_caching import Cache
from flask_caching.backends.nullcache import NullCache

from ..errors import ConfigurationError
from ..evidence import shown, withheld
from .base import AtomicStore, Store, checked_store
from .breaker import BUGS
from .cache_types import cache_of_type
from .in_process import MemoryStore, nothing
from .memcached_client import let_go, own_backend, prefix_problem
from .memcached_store import MemcachedStore, longest_key
from .redis_store import RedisStore

logger = logging.getLogger("flask_p2p_streams")


def chosen_store(
    app: Flask,
    store: Store | None,
    cache: Cache | None,
    refused: Callable[[], object] = nothing,
) -> Store | AtomicStore:
    """Return the store that was given, or one in a cache or in this process.

    :raises ConfigurationError: if both were given, or if the one can't hold sessions.
    """
    if store is not None and cache is not None:
        raise ConfigurationError(
            "P2PStreams was given a store and a cache, and can keep the sessions in one of them "
            "only. Leave the other out."
        )
    if store is not None:
        return checked_store(store)
    return cache_store(app, cache, refused)


def cache_store(
    app: Flask, cache: Cache | None = None, refused: Callable[[], object] = nothing
) -> AtomicStore:
    """Return a store in the cache that was given, or in the only one of the app.

    For an app without a cache, or with a ``SimpleCache``, it is a store of the extension's own in
    this process. So cached pages can't push sessions out, and ``cache.clear()`` doesn't remove
    them. With all other caches, ``clear()`` does.

    :param refused: called for each new session for which a store in this process has no room.
    :raises ConfigurationError: if the cache can't make sure that a session has one host,
        isn't set up, or is one of several.
    """
    if cache is not None and not isinstance(cache, Cache):
        raise ConfigurationError(
            f"cache must be a Cache of Flask-Caching, not {withheld(cache)}. An object of one's "
            "own that holds the sessions is passed as store=...",
        )
    cache = cache or find_cache(app)
    if cache is None:
        return MemoryStore(refused)
    backend = app.extensions.get("cache", {}).get(cache)
    if backend is None:
        raise ConfigurationError(
            "The cache is not set up for this app. Call cache.init_app(app) before "
            "P2PStreams is set up."
        )
    if isinstance(backend, SimpleCache):
        return MemoryStore(refused)
    return _store_in(backend)


def find_cache(app: Flask) -> Cache | None:
    """Return the app's cache, made after its ``CACHE_TYPE`` if it has none yet; or None.

    :raises ConfigurationError: if the app has several.
    """
    caches = list(app.extensions.get("cache", {}))
    if len(caches) > 1:
        raise ConfigurationError(
            f"The app has {len(caches)} caches. Say which one holds the sessions: "
            "P2PStreams(app, cache=...), or init_app(app, cache=...)."
        )
    if not caches and "CACHE_TYPE" in app.config:
        return cache_of_type(app)
    return caches[0] if caches else None


def _store_in(backend: object) -> AtomicStore:
    if isinstance(backend, RedisCache):
        _check_prefix(backend.key_prefix)
        _check_host(getattr(backend._write_client, "connection_pool", None))
        return RedisStore(backend)
    _refuse(backend, NullCache, "forgets everything, so every peer would be the host")
    _refuse(backend, FileSystemCache, "can make several peers the host at once")
    if type(backend).__name__ == "GoogleCloudStorageCache":
        _refuse(backend, type(backend), "can make several peers the host at once")
    if isinstance(backend, MemcachedCache):
        problem = prefix_problem(backend.key_prefix)
        if problem is not None:
            _refuse_prefix(problem)
    store = own_backend(backend)
    hint = _hint(backend)
    try:
        _probe(store, type(backend).__name__, hint)
    finally:
        let_go(backend, store)
    return MemcachedStore(store, hint)


def _check_prefix(prefix: object) -> None:
    # Flask-Caching also accepts a function, and calls it at each access.
    if not callable(prefix):
        if not isinstance(prefix, (str, type(None))):
            _refuse_prefix("is neither a text nor a function")
        return
    try:
        text = prefix()
    except Exception as error:
        _refuse_prefix(
            f"fails outside of a request ({type(error).__name__}), where sessions are kept, too"
        )
    if not isinstance(text, str):
        _refuse_prefix("returns something else than a text")


def _check_host(pool: object) -> None:
    # Checked here, as redis-py checks host and port only when it connects, and its error prints
    # what may be a password.
    settings = getattr(pool, "connection_kwargs", {})
    host, port = str(settings.get("host", "")), str(settings.get("port", 0))
    if "/" in host or "@" in host or host.count(":") == 1:
        raise ConfigurationError(
            "CACHE_REDIS_HOST must be the name or the address of a host alone. Set "
            "CACHE_REDIS_PORT to the port, or CACHE_REDIS_URL to the whole: redis://host:6379/0.",
            key="CACHE_REDIS_HOST",
        )
    if not port.isdecimal():
        raise ConfigurationError(
            f"CACHE_REDIS_PORT must be a whole number; it is {shown(settings['port'])}.",
            key="CACHE_REDIS_PORT",
        )


def _refuse_prefix(problem: str) -> NoReturn:
    raise ConfigurationError(
        f"CACHE_KEY_PREFIX {problem}. Set another one, or give the sessions a cache of their own: "
        "P2PStreams(app, cache=Cache(app, config={...})).",
        key="CACHE_KEY_PREFIX",
    ) from None


def _refuse(backend: object, kind: type, why: str) -> None:
    if isinstance(backend, kind):
        raise ConfigurationError(
            f"CACHE_TYPE is {kind.__name__}, which {why}. Set CACHE_TYPE to SimpleCache (one "
            "process) or RedisCache; or keep it for pages, and give the sessions a cache of "
            "their own: P2PStreams(app, cache=Cache(app, config={'CACHE_TYPE': 'SimpleCache'})).",
            key="CACHE_TYPE",
            value=backend,
        )


def _hint(backend: object) -> str:
    if isinstance(backend, MemcachedCache):
        return "Is memcached running? Look at CACHE_MEMCACHED_SERVERS."
    return f"Look at what {type(backend).__name__} needs."


def _probe(cache: Any, name: str, hint: str) -> None:
    # The key is added twice; the second time must fail.
    key, values = longest_key(), ["first", "second"]
    try:
        added = [bool(cache.add(key, value, timeout=60)) for value in values]
        kept = cache.get(key)
    except Exception as error:
        if isinstance(error, BUGS):
            raise ConfigurationError(
                f"{name} takes no key of the sessions ({type(error).__name__}). Look at "
                "CACHE_KEY_PREFIX, or set CACHE_TYPE to RedisCache.",
                key="CACHE_TYPE",
            ) from error
        logger.warning("The cache of the sessions fails (%s). %s", type(error).__name__, hint)
        return
    if isinstance(kept, bytes):
        kept = kept.decode(errors="replace")
    if added == [False, False] and kept is None:
        logger.warning("The cache of the sessions can't be reached. %s", hint)
    elif added != [True, False] or kept != values[0]:
        raise ConfigurationError(
            f"{name} takes a key twice, or doesn't return what it took, so it could make several "
            "peers the host at once. With pymemcache, give its client default_noreply=False; "
            "otherwise set CACHE_TYPE to RedisCache, or to MemcachedCache with pylibmc or "
            "python-memcached.",
            key="CACHE_TYPE",
            value=cache,
        )
