"""Hints for errors of a store whose server still answers."""

HINTS = {
    "AuthenticationError": (
        "Redis refuses the user or the password. Correct them in CACHE_REDIS_URL, or in "
        "CACHE_REDIS_PASSWORD."
    ),
    "NoPermissionError": (
        "The user of Redis may not do that. Let it run scripts, and read and write all keys "
        "that begin with CACHE_KEY_PREFIX and p2p:."
    ),
    "OutOfMemoryError": (
        "Redis is full. Raise its maxmemory, or give the sessions a Redis of their own."
    ),
    "ReadOnlyError": (
        "That Redis is a replica. Name its master in CACHE_REDIS_URL, or set CACHE_TYPE to "
        "RedisSentinelCache, which finds it."
    ),
}
"""Hints by the class of redis-py's error."""
WITHOUT_DATABASE = "DB index"
"""How the answer of Redis begins if there is no database of that number."""


def outage_hint(error: BaseException | None, otherwise: str) -> str:
    """Return what to do about an error of the store's client.

    :param otherwise: the hint for when the server may be down.
    """
    if str(error).startswith((WITHOUT_DATABASE, f"invalid {WITHOUT_DATABASE}")):
        return (
            "Redis has no database of that number. Correct it in CACHE_REDIS_URL or CACHE_REDIS_DB."
        )
    names = [each.__name__ for each in type(error).__mro__]
    return next((HINTS[name] for name in names if name in HINTS), otherwise)
