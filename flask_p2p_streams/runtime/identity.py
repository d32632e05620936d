"""The name of this process among the workers that share a store."""

from secrets import token_hex

from .forks import renew_after_fork


class Identity:
    """The name of a worker, which each process has to itself, one that is forked as well.

    Workers with one name take each other's news for their own, and drop it.
    """

    def __init__(self, worker_id: str | None = None) -> None:
        self.worker_id = worker_id or token_hex(8)
        """What other workers find this one by."""
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Take another name than the process that this one was forked from."""
        self.worker_id = token_hex(8)
