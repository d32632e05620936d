"""What names this process among those that share a store and a message queue."""

from secrets import token_hex
from typing import Any
from uuid import uuid4

from socketio import PubSubManager

from .forks import renew_after_fork


class Identity:
    """The names of a worker, which each process has to itself, one that is forked as well.

    Workers with one name take each other's news for their own, and drop it.

    :param manager: python-socketio's, which has a name of its own on the message queue.
    """

    def __init__(self, manager: Any = None, worker_id: str | None = None) -> None:
        self._manager = manager
        self.worker_id = worker_id or token_hex(8)
        """What other workers find this one by."""
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Take other names than the process that this one was forked from."""
        self.worker_id = token_hex(8)
        if isinstance(self._manager, PubSubManager):
            self._manager.host_id = uuid4().hex
