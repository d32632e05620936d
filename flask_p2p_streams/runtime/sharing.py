"""What several processes need so that they can serve one app together."""

CACHE_HINT = "set CACHE_TYPE to RedisCache"
QUEUE_HINT = (
    "pass message_queue='redis://...' to SocketIO(), or set it in P2P_SOCKETIO_OPTIONS where "
    "the app makes none"
)


def lack(*, is_shared: bool, has_queue: bool) -> str | None:
    """Return what several processes lack to reach each other, and a hint; None if nothing.

    :param is_shared: whether all processes see the same sessions.
    :param has_queue: whether there is a message queue.
    """
    if is_shared and has_queue:
        return None
    if is_shared:
        return (
            "without a message queue, so that peers at different ones never meet. "
            f"{_sentence(QUEUE_HINT)}, or run one."
        )
    if has_queue:
        return (
            "and each keeps sessions of its own, so that one session becomes several. "
            f"{_sentence(CACHE_HINT)}, or run one."
        )
    return (
        "and each keeps sessions of its own, so that one session becomes several. "
        f"{_sentence(CACHE_HINT)}, and {QUEUE_HINT}; or run one."
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
