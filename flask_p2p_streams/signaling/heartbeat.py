"""A worker's heartbeat, which shows the other workers that this process lives."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .._version import __version__
from ..protocol.errors import SignalingError
from ..runtime.async_mode import patching_problem
from ..runtime.forks import renew_after_fork
from ..runtime.sharing import lack
from ..stores.worker_registry import MAX_LISTED, WorkerEntry, WorkerRegistry
from .members import Rooms
from .upkeep import Upkeep
from .workers import Workers

BEAT = 3.0
"""Seconds between two beats."""
OVERLAP = 45.0
"""Seconds for which an old worker may live beside its successor: gunicorn gives it 30."""

logger = logging.getLogger("flask_p2p_streams")


@dataclass(kw_only=True, eq=False)
class Heartbeat:
    """Show that this process lives, and look after its sockets at each beat.

    It beats while it holds sockets, and only where other processes share the store or
    the message queue.

    :param server: python-socketio's, which runs the task that beats.
    :param clock: a monotonic clock, in seconds.
    """

    server: Any
    rooms: Rooms
    workers: Workers
    registry: WorkerRegistry
    upkeep: Upkeep
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Begin anew: the task that beats runs in the parent process."""
        self._started_at = self.workers.now()
        self._is_beating = False
        self._beats = 0
        self._others: dict[str, tuple[float, int]] = {}
        self._has_told = False
        self._mutex = threading.Lock()

    def appear(self) -> None:
        """Show that this process lives before it accepts its first socket.

        By that the other workers judge whether the socket is open.
        """
        if self.workers.is_shared and not self._is_beating:
            # A failure has been logged, and the first beat tries again.
            with suppress(SignalingError):
                self.registry.write(self._entry())

    def wake(self) -> None:
        """Begin to beat, unless it beats already or there are no other processes."""
        if not self.workers.is_shared and not self.workers.has_queue:
            return
        with self._mutex:
            start, self._is_beating = not self._is_beating, True
        if start:
            self.server.start_background_task(self._run)

    def beat(self) -> None:
        """Beat once: write this worker's entry, and look after its sockets."""
        if self.workers.is_shared:
            # A failure has been logged, and the next beat tries again.
            with suppress(SignalingError):
                self._beats += 1
                self.registry.write(self._entry())
                self._look_for_others()
                self.upkeep.put_back_hosts()
                self.upkeep.renew_sockets()
        self.upkeep.close_removed()

    def _run(self) -> None:
        while self._goes_on():
            try:
                self.beat()
            except Exception:
                logger.exception("A worker's beat has failed; the next one tries again.")
            self.server.sleep(BEAT)

    def _goes_on(self) -> bool:
        with self._mutex:
            self._is_beating = len(self.rooms) > 0
            return self._is_beating

    def _entry(self) -> WorkerEntry:
        hosts = [member.session_id for member, _ in self.rooms.hosts()]
        return WorkerEntry(
            id=self.workers.id,
            name=f"{socket.gethostname()}:{os.getpid()}",
            started_at=self._started_at,
            async_mode=self.server.async_mode,
            has_queue=self.workers.has_queue,
            version=__version__,
            sockets=len(self.rooms),
            session_count=self.rooms.session_count,
            patching=patching_problem(self.server.async_mode),
            sessions=tuple(hosts[:MAX_LISTED]),
            beats=self._beats,
        )

    # Others that can't be reached

    def _look_for_others(self) -> None:
        if self._has_told or self.workers.has_queue:
            return
        now, mine = self.clock(), self.workers.id
        others = [entry for entry in self.registry.living() if entry.id != mine]
        seen = {each.id: self._others.get(each.id, (now, each.beats)) for each in others}
        # A worker that has ended stays listed for a while, but its number of beats stands still.
        if any(
            now - seen[each.id][0] > OVERLAP and each.beats != seen[each.id][1] for each in others
        ):
            self._has_told = True
            lacking = lack(is_shared=True, has_queue=False)
            logger.error("Several processes serve this app, %s", lacking)
        self._others = {each.id: (seen[each.id][0], each.beats) for each in others}
