"""Makes connections of our own, with short time-outs, to the Redis of an app's cache."""

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

TIMEOUT = 1.0
"""Seconds that connecting to Redis may take, and each answer."""
CONNECTIONS = 50
"""The most connections that a process opens; further calls wait for their turn."""
SENTINEL_TIMEOUT = 0.5
"""Seconds that each Sentinel may take to tell where the master is."""


def own_client(client: Any) -> Any:
    """Return a client of the same server with short time-outs, or the same if none can be made.

    The client of a cluster asks for the nodes when it is made, and can't be made without an answer.
    """
    import redis
    from redis.sentinel import SentinelConnectionPool

    if isinstance(client, redis.RedisCluster):
        return _own_cluster(client)
    pool = getattr(client, "connection_pool", None)
    if isinstance(pool, SentinelConnectionPool):
        return _own_master(pool)
    # A connection class of the app's own may need settings that aren't copied here.
    if not isinstance(pool, redis.ConnectionPool) or not _is_known(pool.connection_class):
        return client
    own = redis.ConnectionPool(
        connection_class=pool.connection_class, **_settings(pool.connection_kwargs)
    )
    return redis.Redis(connection_pool=own)


def _own_master(pool: Any) -> Any:
    sentinels: Any = import_module("redis.sentinel")
    theirs = pool.sentinel_manager
    addresses = [each.connection_pool.connection_kwargs for each in theirs.sentinels]
    sentinel = sentinels.Sentinel(
        [(each["host"], each["port"]) for each in addresses],
        min_other_sentinels=theirs.min_other_sentinels,
        sentinel_kwargs=_settings(theirs.sentinel_kwargs, SENTINEL_TIMEOUT),
    )
    settings = {**_settings(theirs.connection_kwargs), **_settings(pool.connection_kwargs)}
    # Only the class of a pool shows that its connections use TLS.
    settings["connection_class"] = pool.connection_class
    return sentinel.master_for(pool.service_name, **settings)


def _own_cluster(client: Any) -> Any:
    redis: Any = import_module("redis")
    settings = _settings(client.get_connection_kwargs())
    if int(redis.__version__.partition(".")[0]) < 6:
        settings["cluster_error_retry_attempts"] = 0
    remap = getattr(client.nodes_manager, "address_remap", None)
    if remap is not None:
        settings["address_remap"] = remap
    try:
        own = redis.RedisCluster(
            startup_nodes=[
                redis.cluster.ClusterNode(node.host, node.port) for node in client.get_nodes()
            ],
            require_full_coverage=False,
            **{name: each for name, each in settings.items() if name not in ("host", "port", "db")},
        )
    except (redis.RedisError, redis.exceptions.RedisClusterException):
        # The second means that no node answers; it isn't a subclass of the first.
        return client
    own.nodes_manager.initialize = _alone(own.nodes_manager.initialize)
    return own


def _alone(look_around: Callable[..., None]) -> Callable[..., None]:
    # After a failure, each call of redis-py looks for the cluster's nodes again, one call after
    # the other. With fifty calls and a node that hangs, this takes a minute.
    lock = threading.Lock()

    def look_around_alone(*arguments: Any, **options: Any) -> None:
        if lock.acquire(blocking=False):
            try:
                look_around(*arguments, **options)
            finally:
                lock.release()

    return look_around_alone


_KEPT = {
    "client_name",
    "credential_provider",
    "db",
    "driver_info",
    "health_check_interval",
    "host",
    "password",
    "path",
    "port",
    "protocol",
    "redis_connect_func",
    "socket_keepalive",
    "socket_keepalive_options",
    "socket_type",
    "ssl",
    "username",
}


def _settings(theirs: dict[str, Any], timeout: float = TIMEOUT) -> dict[str, Any]:
    # Only known settings are copied: newer versions of redis-py also keep objects of the pool
    # there, and a time-out that a server may make longer.
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    kept = {name: theirs[name] for name in theirs if name in _KEPT or name.startswith("ssl_")}
    return {
        **kept,
        **_no_maintenance(),
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        # One more, with which the client of a cluster looks for the nodes.
        "max_connections": CONNECTIONS + 1,
    }


def _no_maintenance() -> dict[str, Any]:
    try:
        from redis.maint_notifications import MaintNotificationsConfig
    except ImportError:
        return {}
    return {"maint_notifications_config": MaintNotificationsConfig(enabled=False)}


def _is_known(connection_class: type) -> bool:
    return connection_class.__module__ == "redis.connection"


def hint_of(client: Any) -> str:
    """Return a sentence that says where this Redis should run, without its password."""
    redis: Any = import_module("redis")
    if isinstance(client, redis.RedisCluster):
        nodes = ", ".join(sorted(str(node.name) for node in client.get_nodes()))
        return f"Is the Redis cluster running ({nodes})? Look at CACHE_REDIS_CLUSTER."
    pool = getattr(client, "connection_pool", None)
    name = getattr(pool, "service_name", None)
    if name is not None:
        return f"Do the Sentinels know a master {name} that runs? Look at CACHE_REDIS_SENTINELS."
    settings = getattr(pool, "connection_kwargs", {})
    address = settings.get("path") or f"{settings.get('host')}:{settings.get('port')}"
    return f"Is Redis running at {address}? Look at CACHE_REDIS_URL or CACHE_REDIS_HOST."
