"""Finds out whether a host lives: asks it, and if it doesn't answer, looks at its worker."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..metrics import Metrics, Verdict
from ..protocol import messages
from ..sessions.outcomes import Suspected
from ..stores.session_store import SessionStore
from .ports import Outbox, Question
from .workers import Workers

PAUSES = (0.03, 0.05, 0.1, 0.2, 0.3, 0.32)
"""Seconds of the waits for an answer; after each it is looked whether the host has left."""
PROBE_TIMEOUT = sum(PAUSES)
"""Seconds that a host has for its answer."""
VERDICT_TERM = 1.0
"""Seconds for which an outcome also counts for other peers that ask the same."""
MEMORY_TERM = 120.0
"""Seconds for which an unanswered question is remembered: no page may stand still longer."""


@dataclass(frozen=True)
class Finding:
    """The outcome of a question; nothing has been heard of the host for ``silence`` seconds.

    They are counted from the oldest question of the server that the host hasn't answered yet.
    They are infinite if it says itself that it isn't the host, or if its worker has ended.
    """

    verdict: Verdict
    silence: float = 0.0


@dataclass
class _Probe:
    """One question to a host; ``over`` is an event of the server's async mode."""

    over: Any
    verdict: Verdict = "unknown"
    at: float | None = None
    is_certain: bool = False


@dataclass(kw_only=True, eq=False)
class HostProbe:
    """Ask hosts whether they live; if many peers want to know at once, a host is asked once.

    If a socket of this worker doesn't answer, its page hangs. If a socket of another worker
    doesn't answer, the message queue may have failed. So in that case it counts whether the
    worker lives: a worker that lives notices by itself when a socket is lost.

    A page that has stood still answers all questions later, in their order. So the oldest
    question without an answer tells how long the page has been silent.

    :param create_event: makes an event of the server's async mode.
    :param clock: a monotonic clock, in seconds.
    """

    outbox: Outbox
    store: SessionStore
    workers: Workers
    create_event: Callable[[], Any]
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._probes: dict[str, _Probe] = {}
        self._unanswered: dict[str, tuple[float, Question]] = {}
        self._mutex = threading.Lock()

    def ask(self, session_id: str, suspected: Suspected) -> Finding:
        """Find out whether a host lives, after ``PROBE_TIMEOUT`` at the latest.

        The verdict is "moved" if the host has left meanwhile, or has come back by another socket.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        probe, is_mine = self._begin(suspected.host_sid)
        if is_mine:
            try:
                self._find_out(probe, session_id, suspected)
            finally:
                self.metrics.probed(probe.verdict)
                probe.at = self.clock()
                probe.over.set()
        else:
            probe.over.wait(timeout=PROBE_TIMEOUT + VERDICT_TERM)
        silence = math.inf if probe.is_certain else self._silence(suspected.host_sid)
        return Finding(probe.verdict, silence)

    def _begin(self, sid: str) -> tuple[_Probe, bool]:
        with self._mutex:
            self._forget_old()
            probe = self._probes.get(sid)
            if probe is not None:
                return probe, False
            probe = self._probes[sid] = _Probe(self.create_event())
            return probe, True

    def _forget_old(self) -> None:
        now = self.clock()
        for sid, probe in list(self._probes.items()):
            if probe.at is None:
                continue
            answers_late = probe.verdict == "silent" and not self._is_silent(sid)
            if now - probe.at > VERDICT_TERM or answers_late:
                del self._probes[sid]
        for sid, (since, question) in list(self._unanswered.items()):
            if question.answer is not None or now - since > MEMORY_TERM:
                del self._unanswered[sid]

    def _is_silent(self, sid: str) -> bool:
        unanswered = self._unanswered.get(sid)
        return unanswered is not None and unanswered[1].answer is None

    def _silence(self, sid: str) -> float:
        with self._mutex:
            asked_for = self.clock() - self._unanswered[sid][0] if self._is_silent(sid) else 0.0
        return max(asked_for, self.outbox.silence(sid))

    def _is_overdue(self, suspected: Suspected) -> bool:
        # Engine.IO closes a connection if something is sent to it after its ping time-out. So
        # no question is sent, and the unanswered ping counts as one. The pauses give this worker
        # time to read answers that came while it stood still itself.
        for pause in PAUSES[:3]:
            if self.outbox.silence(suspected.host_sid) < suspected.idle_timeout:
                return False
            self.create_event().wait(timeout=pause)
        return self.outbox.silence(suspected.host_sid) >= suspected.idle_timeout

    def _find_out(self, probe: _Probe, session_id: str, suspected: Suspected) -> None:
        if self._is_overdue(suspected):
            probe.verdict = "silent"
            return
        since = self.clock()
        question = messages.host_probe(suspected.epoch)
        asked = self.outbox.ask("host_probe", question, suspected.host_sid)
        try:
            for pause in PAUSES:
                if asked.wait(pause):
                    break
                if not self._is_seated(session_id, suspected):
                    probe.verdict = "moved"
                    return
        finally:
            asked.end()
        self._judge(probe, asked.answer, suspected)
        if probe.verdict == "silent" and not probe.is_certain:
            with self._mutex:
                self._unanswered.setdefault(suspected.host_sid, (since, asked))

    def _judge(self, probe: _Probe, answer: object, suspected: Suspected) -> None:
        worker_id = suspected.host_worker
        if messages.vouches(answer, suspected.epoch):
            probe.verdict = "lives"
        elif answer is not None:
            probe.verdict, probe.is_certain = "silent", True
        elif self.outbox.is_alone or worker_id in (None, self.workers.id):
            probe.verdict = "silent"
        elif not self.workers.is_alive(str(worker_id)):
            probe.verdict, probe.is_certain = "silent", True

    def _is_seated(self, session_id: str, suspected: Suspected) -> bool:
        session = self.store.read(session_id)
        return session is not None and session.host_sid == suspected.host_sid
