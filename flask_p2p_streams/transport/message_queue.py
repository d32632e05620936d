"""The message queue between workers: publishes events, and tells whether it answers."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from socketio import PubSubManager

from ..runtime.forks import renew_after_fork

MAX_WAITING = 10_000
"""Publications that wait for a stalled message queue; beyond that the newest are dropped."""

HINT_PAUSE = 60.0
"""Seconds between two hints in the log about a message queue that can't be reached."""

logger = logging.getLogger("flask_p2p_streams")


def has_queue(server: Any) -> bool:
    """Tell whether a Socket.IO server reaches other workers over a message queue."""
    return isinstance(server.manager, PubSubManager)


def count_listeners(server: Any, method: str) -> int | None:
    """Publish a method that no worker knows, and return how many workers have received it.

    Return None where the queue doesn't tell that.

    :raises OSError: if the message queue can't be reached.
    """
    manager = server.manager
    with _errors_of(manager._get_logger()) as errors:
        try:
            heard_by = manager._publish({"method": method, "host_id": manager.host_id})
        except Exception as error:
            raise OSError("The message queue has failed.") from error
    if errors:
        raise OSError("The message queue can't be reached.")
    return heard_by if type(heard_by) is int else None


class QueueHint(logging.Filter):
    """Log what to do when Socket.IO logs only that its message queue can't be reached."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._hinted_at: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with a hint logged after some."""
        about_queue = str(record.msg).startswith(("Cannot publish to", "Cannot receive from"))
        now = self._clock()
        if about_queue and (self._hinted_at is None or now - self._hinted_at > HINT_PAUSE):
            self._hinted_at = now
            logger.error(
                "The message queue can't be reached: check that the server named by "
                "SocketIO(message_queue=...) is running and reachable, and takes the password "
                "there. Running sessions go on; who joins at another worker than its host's has "
                "to wait."
            )
        return True


class Publisher:
    """Run publications one after the other, in a task beside the handlers of events.

    A stalled queue blocks its publisher for 10 s. A handler that waits so long reads no pong, so
    that Engine.IO would take its socket for dead. In a process without sockets, a publication
    runs at once.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._inherited: frozenset[str] = frozenset()
        self._begin()
        renew_after_fork(self)

    def __len__(self) -> int:
        """Return how many publications wait."""
        return len(self._waiting)

    def after_fork(self) -> None:
        """Leave the waiting publications and the sockets to the parent process.

        Also take a new name on the queue: python-socketio drops what comes under its own name.
        """
        if has_queue(self._server):
            self._server.manager.host_id = uuid4().hex
        self._inherited = frozenset(self._server.environ)
        self._begin()

    def _begin(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._mutex = threading.Lock()
        self._running = False
        self._overflows = False

    def post(self, publish: Callable[[], object]) -> None:
        """Run a publication when those before it are done."""
        if not self._running and self._inherited.issuperset(self._server.environ):
            publish()
            return
        with self._mutex:
            if len(self._waiting) >= MAX_WAITING:
                self._complain()
                return
            self._waiting.append(publish)
            start, self._running = not self._running, True
        if start:
            self._server.start_background_task(self._run)

    def _complain(self) -> None:
        if not self._overflows:
            self._overflows = True
            logger.error(
                "The message queue is stalled; what other workers should hear is dropped. Check "
                "that the server named by SocketIO(message_queue=...) is running and reachable."
            )

    def _run(self) -> None:
        while (publish := self._next()) is not None:
            try:
                publish()
            except Exception:
                logger.exception(
                    "A publication has failed; check the server of SocketIO(message_queue=...)."
                )

    def _next(self) -> Callable[[], object] | None:
        with self._mutex:
            if self._waiting:
                return self._waiting.popleft()
            self._running = self._overflows = False
            return None


@contextmanager
def _errors_of(logger: logging.Logger) -> Iterator[list[str]]:
    # The managers of python-socketio raise no errors: their failures are only in their log.
    errors: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR:
            return True
        errors.append(record.getMessage())
        return False

    logger.addFilter(keep)
    try:
        yield errors
    finally:
        logger.removeFilter(keep)
