"""Whether a host lives: it is asked, and else the worker that holds its socket vouches."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..metrics import Metrics, Verdict
from ..protocol import messages
from ..runtime.identity import Identity
from ..sessions.outcomes import Suspected
from ..stores.session_store import SessionStore
from .announcements import Outbox, Question

PAUSES = (0.03, 0.05, 0.1, 0.2, 0.3, 0.32)
"""Seconds that an answer is awaited; after each the host may have left by itself."""
PROBE_TIMEOUT = sum(PAUSES)
"""Seconds that a host has to answer."""
VERDICT_TERM = 1.0
"""Seconds that an answer is good for others who ask the same."""
MEMORY_TERM = 120.0
"""Seconds that a question without an answer is remembered: no page may stand still that long."""


@dataclass(frozen=True)
class Finding:
    """What has become of a question; nothing has been heard of the host for ``silence`` seconds.

    That is counted from the oldest question of the server that it hasn't answered yet, and
    without end where it says itself that it isn't the host, or its worker is dead.
    """

    verdict: Verdict
    silence: float = 0.0


@dataclass
class _Probe:
    """One question; ``over`` is an event of the server's async mode."""

    over: Any
    verdict: Verdict = "unknown"
    at: float | None = None
    is_certain: bool = False


class Probes:
    """Ask hosts whether they live; of many who ask at once, one does so for all.

    A socket of this worker that is silent belongs to a page that hangs. One of another
    worker may be silent because the message queue is: there it counts whether that
    worker lives, for then it notices by itself when the socket dies.

    A page that has stood still answers late, in the order in which it was asked. So the
    first question without an answer tells how long it has been silent.
    """

    def __init__(
        self,
        outbox: Outbox,
        store: SessionStore,
        identity: Identity,
        is_alive: Callable[[str], bool],
        create_event: Callable[[], Any],
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._identity = identity
        self._is_alive = is_alive
        self._create_event = create_event
        self._metrics = metrics
        self._clock = clock
        self._probes: dict[str, _Probe] = {}
        self._unanswered: dict[str, tuple[float, Question]] = {}
        self._mutex = threading.Lock()

    def ask(self, session_id: str, suspected: Suspected) -> Finding:
        """Find out whether a host lives, after ``PROBE_TIMEOUT`` at the latest.

        It is "moved" if it has left meanwhile, or has come back by another socket.

        :raises SignalingError: ``unavailable`` if the store fails.
        """
        probe, is_mine = self._join(suspected.host_sid)
        if is_mine:
            try:
                self._find_out(probe, session_id, suspected)
            finally:
                self._metrics.probed(probe.verdict)
                probe.at = self._clock()
                probe.over.set()
        else:
            probe.over.wait(timeout=PROBE_TIMEOUT + VERDICT_TERM)
        silence = math.inf if probe.is_certain else self._silence(suspected.host_sid)
        return Finding(probe.verdict, silence)

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
            asked_for = self._clock() - self._unanswered[sid][0] if self._is_silent(sid) else 0.0
        return max(asked_for, self._outbox.silence(sid))

    def _is_overdue(self, suspected: Suspected) -> bool:
        # Engine.IO closes a socket that is sent something after its ping time-out. So the ping
        # has to do for a question; whoever has answered while this worker stood still is read
        # in the meantime.
        for pause in PAUSES[:3]:
            if self._outbox.silence(suspected.host_sid) < suspected.idle_timeout:
                return False
            self._create_event().wait(timeout=pause)
        return self._outbox.silence(suspected.host_sid) >= suspected.idle_timeout

    def _find_out(self, probe: _Probe, session_id: str, suspected: Suspected) -> None:
        if self._is_overdue(suspected):
            probe.verdict = "silent"
            return
        since = self._clock()
        question = messages.host_probe(suspected.epoch)
        asked = self._outbox.ask("host_probe", question, suspected.host_sid)
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
        elif self._outbox.is_alone or worker_id in (None, self._identity.worker_id):
            probe.verdict = "silent"
        elif not self._is_alive(str(worker_id)):
            probe.verdict, probe.is_certain = "silent", True

    def _is_seated(self, session_id: str, suspected: Suspected) -> bool:
        session = self._store.read(session_id)
        return session is not None and session.host_sid == suspected.host_sid
