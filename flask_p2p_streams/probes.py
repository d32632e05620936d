"""Whether a host lives: it is asked, and else the worker that holds its socket vouches."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import messages
from .announcements import Outbox
from .decisions import Suspected
from .metrics import Metrics, Verdict
from .store import SessionStore

PAUSES = (0.03, 0.05, 0.1, 0.2, 0.3, 0.32)
"""Seconds that an answer is awaited; after each the host may have left by itself."""
PROBE_TIMEOUT = sum(PAUSES)
"""Seconds that a host has to answer."""
VERDICT_TERM = 1.0
"""Seconds that an answer is good for others who ask the same."""


@dataclass
class _Probe:
    """One question; ``over`` is an event of the server's async mode."""

    over: Any
    verdict: Verdict = "unknown"
    at: float | None = None


class Probes:
    """Ask hosts whether they live; of many who ask at once, one does so for all.

    A socket of this worker that is silent belongs to a page that hangs. One of another
    worker may be silent because the message queue is: there it counts whether that
    worker lives, for then it notices by itself when the socket dies.
    """

    def __init__(
        self,
        outbox: Outbox,
        store: SessionStore,
        worker_id: str,
        is_alive: Callable[[str], bool],
        create_event: Callable[[], Any],
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._worker_id = worker_id
        self._is_alive = is_alive
        self._create_event = create_event
        self._metrics = metrics
        self._clock = clock
        self._probes: dict[str, _Probe] = {}
        self._mutex = threading.Lock()

    def ask(self, session_id: str, suspected: Suspected) -> Verdict:
        """Return whether a host lives, after ``PROBE_TIMEOUT`` at the latest.

        It is "moved" if it has left meanwhile, or has come back by another socket.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        probe, is_mine = self._join(suspected.host_sid)
        if is_mine:
            try:
                probe.verdict = self._verdict(session_id, suspected)
            finally:
                self._metrics.probed(probe.verdict)
                probe.at = self._clock()
                probe.over.set()
        else:
            probe.over.wait(timeout=PROBE_TIMEOUT + VERDICT_TERM)
        return probe.verdict

    def _join(self, sid: str) -> tuple[_Probe, bool]:
        with self._mutex:
            self._forget_old()
            probe = self._probes.get(sid)
            if probe is not None:
                return probe, False
            probe = self._probes[sid] = _Probe(self._create_event())
            return probe, True

    def _forget_old(self) -> None:
        now = self._clock()
        for sid, probe in list(self._probes.items()):
            if probe.at is not None and now - probe.at > VERDICT_TERM:
                del self._probes[sid]

    def _verdict(self, session_id: str, suspected: Suspected) -> Verdict:
        question = messages.host_probe(suspected.epoch)
        asked = self._outbox.ask("host_probe", question, suspected.host_sid)
        try:
            for pause in PAUSES:
                if asked.wait(pause):
                    break
                if not self._is_seated(session_id, suspected):
                    return "moved"
        finally:
            asked.end()
        return self._judge(asked.answer, suspected)

    def _judge(self, answer: object, suspected: Suspected) -> Verdict:
        if messages.vouches(answer, suspected.epoch):
            return "lives"
        worker_id = suspected.host_worker
        if answer is not None or self._outbox.is_alone or worker_id in (None, self._worker_id):
            return "silent"
        return "unknown" if self._is_alive(str(worker_id)) else "silent"

    def _is_seated(self, session_id: str, suspected: Suspected) -> bool:
        session = self._store.read(session_id)
        return session is not None and session.host_sid == suspected.host_sid
