"""A store in the app's Flask-Caching cache, and which caches can be one."""

import math
from typing import cast

from cachelib.base import BaseCache
from cachelib.file import FileSystemCache
from cachelib.simple import SimpleCache
from flask import Flask
from flask_caching import Cache
from flask_caching.backends.nullcache import NullCache

from .errors import ConfigurationError

OWN_CACHE_THRESHOLD = 100_000
"""Keys that the extension's own cache holds before it forgets some."""


class CacheStore:
    """A :class:`Store` in a Flask-Caching cache of an app.

    Every write names its own time-out, as the default of 300 s would end a
    session behind its back. ``cache.clear()`` forgets the sessions too. ``is_shared``
    is False for a cache in this process.
    """

    def __init__(self, app: Flask, cache: Cache) -> None:
        backend = app.extensions.get("cache", {}).get(cache)
        if backend is None:
            raise ConfigurationError(
                "The cache is not set up for this app. Call cache.init_app(app) before "
                "P2PStreams is set up."
            )
        self._backend = cast(BaseCache, _electing(backend))
        self.is_shared = not isinstance(backend, SimpleCache)

    def fetch(self, key: str, expires_in: float, default: str) -> str:
        """Return the value of a key, written in one atomic step where there is none.

        :raises OSError: if the cache neither takes nor returns a value.
        """
        if self._backend.add(key, default, timeout=math.ceil(expires_in)):
            return default
        value = self._backend.get(key)
        if value is None:
            raise OSError("The cache has neither taken nor returned a value.")
        return cast(str, value)

    def write(self, key: str, value: str, expires_in: float) -> None:
        """Set a key, for ``expires_in`` seconds, rounded up.

        :raises OSError: if the cache does not take it.
        """
        if self._backend.set(key, value, timeout=math.ceil(expires_in)) is False:
            raise OSError("The cache has not taken a value.")

    def read(self, key: str) -> str | None:
        """Return the value of a key, or None."""
        return cast("str | None", self._backend.get(key))


def find_cache(app: Flask) -> Cache:
    """Return the app's cache; where there is none, make one for a single process.

    :raises ConfigurationError: if the app has several.
    """
    caches = list(app.extensions.get("cache", {}))
    if len(caches) > 1:
        raise ConfigurationError(
            f"The app has {len(caches)} caches. Say which one holds the sessions: "
            "P2PStreams(app, cache=...)."
        )
    return caches[0] if caches else _own_cache(app)


def _own_cache(app: Flask) -> Cache:
    if "CACHE_TYPE" in app.config:
        return Cache(app, with_jinja2_ext=False)
    options = {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": OWN_CACHE_THRESHOLD}
    return Cache(app, with_jinja2_ext=False, config=options)


def _electing(backend: object) -> object:
    if isinstance(backend, NullCache):
        raise ConfigurationError(
            "CACHE_TYPE is NullCache, which forgets everything, so every peer would be the "
            "host. Set CACHE_TYPE to SimpleCache (one process) or RedisCache.",
            key="CACHE_TYPE",
            value=backend,
        )
    if isinstance(backend, FileSystemCache):
        raise ConfigurationError(
            "CACHE_TYPE is FileSystemCache, which can make several peers the host at once. "
            "Set CACHE_TYPE to SimpleCache (one process) or RedisCache.",
            key="CACHE_TYPE",
            value=backend,
        )
    return backend
