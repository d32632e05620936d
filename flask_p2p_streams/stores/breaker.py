"""A circuit breaker: after a failure, calls to a dead store fail at once for a while."""

import logging
import re
import threading
import time
from collections.abc import Callable

from ..runtime.forks import renew_after_fork
from .outages import outage_hint

OPEN_FOR = 1.0
"""Seconds for which a store isn't asked after it has failed."""

BUGS = (
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    TypeError,
    ValueError,
)
"""Errors that come from wrong code, not from a cache out of reach; logged with a traceback."""

logger = logging.getLogger("flask_p2p_streams")


class Breaker:
    """Makes calls to a dead store fail at once, and logs each outage once.

    Once every ``OPEN_FOR`` seconds it lets one call through; if that succeeds, it lets all through.
    ``hint`` is a sentence for the log, ``now`` a monotonic clock in seconds.
    """

    def __init__(self, hint: str, now: Callable[[], float] = time.monotonic) -> None:
        self._hint = hint
        self._now = now
        self._is_down = False
        self._open_until = 0.0
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Make a new mutex: the thread that held the old one is in the parent process."""
        self._lock = threading.Lock()

    def admits(self) -> bool:
        """Tell whether the store may be asked."""
        with self._lock:
            now = self._now()
            if not self._is_down:
                return True
            if now < self._open_until:
                return False
            # The other calls fail at once until this one has succeeded.
            self._open_until = now + OPEN_FOR
            return True

    def failed(self, error: Exception) -> None:
        """Take note that a call has failed."""
        with self._lock:
            is_first, self._is_down = not self._is_down, True
            self._open_until = self._now() + OPEN_FOR
        if is_first:
            logger.error(
                "The store of the sessions has failed: %s. %s",
                _told(error),
                outage_hint(error, self._hint),
                exc_info=error if isinstance(error, BUGS) else None,
            )

    def succeeded(self) -> None:
        """Take note that a call has succeeded."""
        with self._lock:
            was_down, self._is_down = self._is_down, False
        if was_down:
            logger.warning("The store of the sessions works again.")


def _told(error: Exception) -> str:
    # A URL in the error of a client library may hold a password.
    text = re.sub(r"://\S*@", "://…@", str(error)).strip().rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
