"""Asks the app's function for a peer's ICE servers, for a limited time, and keeps its answers."""

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask

from ..ice.provided import Provided, provided
from ..limits.budgets import (
    ICE_ANSWER_BYTES,
    ICE_ANSWERS,
    ICE_CALL_TIMEOUT,
    ICE_CALLS,
    ICE_LASTING,
    ICE_RECALL,
    ICE_RETRY,
)
from ..protocol.fields import Payload
from ..runtime.forks import renew_after_fork
from .ice_provider import IceProvider

KEPT_SHARE = 0.8
"""The part of an answer's life for which it is kept: a peer gets no credentials near their end."""
QUIET = 60.0
"""Seconds between two lines of the log."""

logger = logging.getLogger("flask_p2p_streams")

Key = tuple[str, str]


class Answer(NamedTuple):
    """What is known for a peer until ``until``; its servers end at ``ends_at``, or never."""

    servers: tuple[Payload, ...]
    until: float
    ends_at: float | None


class _Call:
    """One call of the function; ``over`` is an event of the server's async mode."""

    def __init__(self, key: Key, over: Any) -> None:
        self.key = key
        self.over = over
        self.is_late = False


class ProviderCalls:
    """Call the function in tasks of their own, of which there is a bounded number.

    A function can't be stopped. One that hangs is left behind in its task, and what it returns
    later is kept; its peer goes without. Those that ask for the same peer share one call.

    :param server: the Socket.IO server, which knows how to start a task.
    :param clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        provider: IceProvider,
        app: Flask,
        server: Any,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._app = app
        self._server = server
        self._clock = clock
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Begin anew: the tasks belong to the parent process."""
        self._answers: dict[Key, Answer] = {}
        self._calls: dict[Key, _Call] = {}
        self._waiting: deque[_Call] = deque()
        self._tasks = 0
        self._late = 0
        self._quiet_until = 0.0
        # It is held for arithmetic only, so that it fits all async modes.
        self._mutex = threading.Lock()

    @property
    def is_wanted(self) -> bool:
        """Whether the app has such a function."""
        return self._provider.function is not None

    def answer(self, session_id: str, peer_id: str, patience: float | None = None) -> Answer:
        """Return what is known for a peer; ask the function if nothing is.

        It raises nothing: if the function fails, the answer has no servers, and ends soon.

        :param patience: the most seconds that this takes; ``ICE_CALL_TIMEOUT`` if it isn't given.
        """
        seconds = ICE_CALL_TIMEOUT if patience is None else patience
        key = (session_id, peer_id)
        with self._mutex:
            known = self._answers.get(key)
            if known is not None and self._clock() < known.until:
                return known
            call, needs_task = self._call(key)
        if call is None:
            return self._failed(key, f"hangs in all {ICE_CALLS} calls that may run at once")
        if needs_task and not self._start_task():
            self._give_up(call)
            return self._failed(key, "gets no task, as the system has no more threads")
        if not call.over.wait(timeout=seconds):
            self._give_up(call)
            return self._failed(key, f"takes longer than {seconds:g} s")
        with self._mutex:
            return self._answers.get(key) or self._without()

    # Calls

    def _call(self, key: Key) -> tuple[_Call | None, bool]:
        call = self._calls.get(key)
        if call is not None:
            return call, False
        if self._late >= ICE_CALLS:
            return None, False
        call = self._calls[key] = _Call(key, self._server.eio.create_event())
        self._waiting.append(call)
        needs_task = self._tasks < ICE_CALLS
        self._tasks += needs_task
        return call, needs_task

    def _start_task(self) -> bool:
        try:
            self._server.start_background_task(self._work)
        except RuntimeError:
            with self._mutex:
                self._tasks -= 1
            return False
        return True

    def _give_up(self, call: _Call) -> None:
        with self._mutex:
            if self._calls.get(call.key) is not call:
                # Others that waited for it have given it up, or it is over at this moment.
                return
            del self._calls[call.key]
            if call in self._waiting:
                self._waiting.remove(call)
                call.over.set()
            else:
                call.is_late = True
                self._late += 1

    def _work(self) -> None:
        while (call := self._next()) is not None:
            self._run(call)

    def _next(self) -> _Call | None:
        with self._mutex:
            if self._waiting:
                return self._waiting.popleft()
            self._tasks -= 1
            return None

    def _run(self, call: _Call) -> None:
        try:
            self._ask(call.key)
        except BaseException as error:
            # The time-outs of gevent and eventlet are no Exceptions. The text of an error isn't
            # logged, as it may hold an address with a credential.
            self._failed(call.key, f"raises {type(error).__name__}{_place(error)}")
        finally:
            with self._mutex:
                self._late -= call.is_late
                if self._calls.get(call.key) is call:
                    del self._calls[call.key]
            call.over.set()

    def _ask(self, key: Key) -> None:
        began, function = self._clock(), self._provider.function
        if function is None:
            return
        with self._app.app_context():
            answer = function(*key)
        try:
            found = provided(answer, ICE_ANSWER_BYTES)
        except ValueError as error:
            self._failed(key, f"returns what it may not: it {error}")
        else:
            self._keep(key, found, began)

    # Answers

    def _keep(self, key: Key, found: Provided, began: float) -> None:
        life = ICE_LASTING if found.seconds is None else found.seconds
        ends_at = None if found.seconds is None else began + life
        with self._mutex:
            self._put(key, Answer(found.servers, began + KEPT_SHARE * life, ends_at))

    def _failed(self, key: Key, problem: str) -> Answer:
        with self._mutex:
            now = self._clock()
            known = self._answers.get(key)
            if known is not None and _is_good(known, now):
                # What it said before is still of use.
                answer = known._replace(until=now + ICE_RETRY)
            else:
                answer = self._without()
            self._put(key, answer)
            is_said, self._quiet_until = (
                (True, now + QUIET) if now >= self._quiet_until else (False, self._quiet_until)
            )
        if is_said:
            logger.error(
                "The function %s of p2p.ice_servers %s. Peers go without its servers meanwhile. "
                "(This is said once a minute.)",
                self._provider.name,
                problem,
            )
        return answer

    def _without(self) -> Answer:
        now = self._clock()
        return Answer((), now + ICE_RETRY, now + ICE_RECALL)

    def _put(self, key: Key, answer: Answer) -> None:
        self._answers.pop(key, None)
        self._answers[key] = answer
        if len(self._answers) > ICE_ANSWERS:
            del self._answers[next(iter(self._answers))]


def _is_good(answer: Answer, now: float) -> bool:
    return bool(answer.servers) and (answer.ends_at is None or answer.ends_at > now)


def _place(error: BaseException) -> str:
    # The first two frames are of this module, the third one is the function's own.
    own = traceback.extract_tb(error.__traceback__, limit=3)[2:]
    return f" in line {own[0].lineno} of {Path(own[0].filename).name}" if own else ""
