"""Makes the cache that ``CACHE_TYPE`` names, or raises an error that says why it can't."""

import difflib
from importlib.util import find_spec
from typing import NoReturn

from flask import Flask
from flask_caching import Cache, backends
from flask_caching.backends.base import BaseCache
from werkzeug.utils import ImportStringError

from ..errors import ConfigurationError
from ..evidence import shown, url_problem, withheld

NEEDS = {
    "RedisCache": "redis",
    "RedisSentinelCache": "redis",
    "RedisClusterCache": "redis",
    "MemcachedCache": "memcached",
    "SASLMemcachedCache": "memcached",
    "SpreadSASLMemcachedCache": "memcached",
}
MEMCACHED_CLIENTS = ("pylibmc", "memcache", "libmc")
OF_ONE_S_CHOICE = "Set it to RedisCache, or for one process leave it out."
SETTINGS = {
    "RedisCache": "CACHE_REDIS_URL or CACHE_REDIS_HOST",
    "RedisSentinelCache": "CACHE_REDIS_SENTINELS and CACHE_REDIS_SENTINEL_MASTER",
    "RedisClusterCache": "CACHE_REDIS_CLUSTER, and whether the cluster runs",
    "MemcachedCache": "CACHE_MEMCACHED_SERVERS",
    "SASLMemcachedCache": "CACHE_MEMCACHED_SERVERS, _USERNAME and _PASSWORD",
}


def cache_of_type(app: Flask) -> Cache:
    """Return a cache made after the app's ``CACHE_TYPE``.

    :raises ConfigurationError: with a hint, and without any value that may hold a password.
    """
    kind = app.config["CACHE_TYPE"]
    if not isinstance(kind, str):
        _refuse(f"CACHE_TYPE must be a text, not {shown(kind)}. {OF_ONE_S_CHOICE}", None)
    _check_package(kind.rpartition(".")[2])
    _check_address(app, is_used=NEEDS.get(kind) == "redis")
    if NEEDS.get(kind) == "memcached":
        _check_servers(app.config.get("CACHE_MEMCACHED_SERVERS"))
    try:
        return Cache(app, with_jinja2_ext=False)
    except ImportStringError:
        _refuse(_unknown(kind), kind)
    except Exception as error:
        name = kind.rpartition(".")[2]
        where = SETTINGS.get(name, f"what {name} needs")
        if app.config.get("CACHE_OPTIONS"):
            where += ", or at CACHE_OPTIONS"
        _refuse(f"{name} can't be made ({type(error).__name__}). Look at {where}.", kind)


def _unknown(kind: str) -> str:
    known = [name for name, each in vars(backends).items() if _is_backend(each)]
    nearest = difflib.get_close_matches(kind[:60], known, n=1, cutoff=0.75)
    # The names of types before Flask-Caching 2, such as "redis" or "simple".
    nearest = nearest or [name for name in known if name.lower().startswith(kind.lower() or "?")]
    if not kind:
        return f"CACHE_TYPE is empty. {OF_ONE_S_CHOICE}"
    hint = f"Did you mean {nearest[0]}?" if nearest else f"It knows {', '.join(known)}."
    return f"CACHE_TYPE is {shown(kind)}, which Flask-Caching can't import. {hint}"


def _is_backend(each: object) -> bool:
    return isinstance(each, type) and issubclass(each, BaseCache) and each is not BaseCache


def _check_package(name: str) -> None:
    needed = NEEDS.get(name)
    if needed == "redis" and find_spec("redis") is None:
        _refuse(
            f"CACHE_TYPE is {name}, and the package redis isn't installed. Run pip install "
            '"flask-p2p-streams[redis]".',
            name,
        )
    if needed == "memcached" and not any(find_spec(each) for each in MEMCACHED_CLIENTS):
        _refuse(
            f"CACHE_TYPE is {name}, and no client of memcached is installed. Run pip install "
            "pylibmc, or python-memcached.",
            name,
        )


def _check_address(app: Flask, *, is_used: bool) -> None:
    url = app.config.get("CACHE_REDIS_URL")
    problem = url_problem(url) if isinstance(url, str) else None
    if problem is not None:
        raise ConfigurationError(f"CACHE_REDIS_URL {problem}.", key="CACHE_REDIS_URL")
    if is_used and url and not str(url).startswith(("redis://", "rediss://", "unix://")):
        raise ConfigurationError(
            "CACHE_REDIS_URL must begin with redis://, rediss:// or unix://.",
            key="CACHE_REDIS_URL",
        )


def _check_servers(servers: object) -> None:
    # In a text, each letter would count as a server. An object is a memcached client.
    if isinstance(servers, (str, bytes)):
        raise ConfigurationError(
            "CACHE_MEMCACHED_SERVERS must be a list, such as ['127.0.0.1:11211']; it is "
            f"{withheld(servers)}.",
            key="CACHE_MEMCACHED_SERVERS",
        )


def _refuse(text: str, kind: str | None) -> NoReturn:
    raise ConfigurationError(text, key="CACHE_TYPE", value=kind) from None
