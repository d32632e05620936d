"""The configuration as it was read at start; later changes are ignored and reported."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cachelib.file import FileSystemCache
from cachelib.simple import SimpleCache
from flask import Flask
from flask_caching.backends.nullcache import NullCache

from ..config import Config
from ..errors import ConfigurationError

PREFIXES = ("P2P_", "CACHE_")
NAMES = ("SECRET_KEY", "SECRET_KEY_FALLBACKS")
LOCAL = (None, "simple", "SimpleCache", "null", "NullCache", "filesystem", "FileSystemCache")
"""Values of ``CACHE_TYPE`` that keep the sessions in this process, whatever else is set."""
SHARED = re.compile("REDIS|MEMCACHED")
"""Parts of the names of keys that show that a shared cache is wanted."""


class Settings:
    """The settings that have decided how an app is set up.

    :param finds_cache: whether the app's own cache was looked for, or made after its
        configuration, as no cache and no store was given.
    """

    def __init__(self, app: Flask, *, finds_cache: bool) -> None:
        self._finds_cache = finds_cache
        self._had_cache = bool(app.extensions.get("cache"))
        self._read = self._values(app.config)

    def late(self, app: Flask) -> list[str]:
        """Return the keys whose value has changed since, in their order."""
        present = self._values(app.config)
        keys = present.keys() | self._read.keys()
        if _is_local(present) and _is_local(self._read):
            keys -= {key for key in keys if key.startswith("CACHE_") and not SHARED.search(key)}
        return sorted(key for key in keys if _effect(present, key) != _effect(self._read, key))

    def problems(self, app: Flask) -> Iterator[str]:
        """Yield what was set too late, with a hint."""
        late = self.late(app)
        if late:
            yield (
                f"{', '.join(late)} changed in app.config after P2PStreams was set up, which had "
                "read it by then: the change is ignored. Set it before P2PStreams(app), or before "
                "init_app(app)."
            )
        if self._finds_cache and not self._had_cache and any(map(_is_shared, _backends(app))):
            yield (
                "The app got a cache after P2PStreams was set up, so the sessions are in this "
                "process. Make Cache(app) before P2PStreams(app)."
            )

    def _values(self, config: Mapping[str, Any]) -> dict[str, Any]:
        prefixes = PREFIXES if self._finds_cache else PREFIXES[:1]
        return {
            key: _copied(value)
            for key, value in config.items()
            if key.startswith(prefixes) or key in NAMES
        }


def _copied(value: Any) -> Any:
    # Lists and dictionaries are copied, as they may be changed in place. Their items aren't, as
    # some can't be copied.
    if isinstance(value, Mapping):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, (list, tuple)) else value


def _is_local(values: Mapping[str, Any]) -> bool:
    return any(values.get("CACHE_TYPE") == kind for kind in LOCAL)


def _effect(values: Mapping[str, Any], key: str) -> Any:
    if not key.startswith(PREFIXES[0]):
        return values.get(key)
    try:
        # A key that is set to its default counts as not set.
        config = Config.from_app_config({key: values[key]} if key in values else {})
        return getattr(config, key.removeprefix(PREFIXES[0]).lower())
    except (ConfigurationError, AttributeError):
        return values.get(key)


def _backends(app: Flask) -> list[object]:
    return list(app.extensions.get("cache", {}).values())


def _is_shared(backend: object) -> bool:
    # Other caches can't hold sessions, which are in this process with or without such a cache.
    return not isinstance(backend, (SimpleCache, NullCache, FileSystemCache))
