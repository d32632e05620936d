"""The name of this process among the workers that share a store."""

from secrets import token_hex

from .forks import renew_after_fork


class Identity:
    """The name of a worker; each process has one of its own, also after a fork.

    Workers with the same name would take each other's messages for their own, and drop them.
    """

    def __init__(self, worker_id: str | None = None) -> None:
        self.worker_id = worker_id or token_hex(8)
        """The id by which other workers find this one."""
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Take another name than the parent process."""
        self.worker_id = token_hex(8)
