import math
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_p2p_streams.errors import ErrorCode, SignalingError
from flask_p2p_streams.metrics import Metrics
from flask_p2p_streams.runtime.identity import Identity
from flask_p2p_streams.sessions.outcomes import Suspected
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.signaling.host_probe import (
    MEMORY_TERM,
    PROBE_TIMEOUT,
    VERDICT_TERM,
    Finding,
    Probes,
)

HERE = Suspected(5, "sid", "me", "ann")
THERE = Suspected(5, "sid", "other", "ann")


class Asked:
    """An outbox that asks nobody: what it returns is the host's answer."""

    def __init__(self, answer: object = None, is_alone: bool = False) -> None:
        self.answer = answer
        self.is_alone = is_alone
        self.count = 0
        self.waited = 0.0
        self.ended = 0
        self.pinged = 0.0
        self.before: Callable[[], object] = lambda: None
        self.meanwhile: Callable[[], object] = lambda: None

    def ask(self, event: str, payload: dict[str, Any], sid: str) -> "Asked":
        assert (event, payload, sid) == ("host_probe", {"epoch": 5}, "sid")
        self.count += 1
        self.before()
        return self

    def wait(self, timeout: float) -> bool:
        self.waited += timeout
        self.meanwhile()
        return self.answer is not None

    def end(self) -> None:
        self.ended += 1

    def silence(self, sid: str) -> float:
        return self.pinged


class Sessions:
    """A store with one session."""

    def __init__(self) -> None:
        self.session: Session | None = Session("room", 5, "ann", "sid", None)

    def read(self, session_id: str) -> Session | None:
        assert session_id == "room"
        return self.session


def probes(
    outbox: Asked,
    *living: str,
    now: Callable[[], float] = lambda: 0.0,
    store: Sessions | None = None,
) -> Probes:
    asked: Any = outbox
    sessions: Any = store or Sessions()
    me = Identity(worker_id="me")
    return Probes(asked, sessions, me, living.__contains__, threading.Event, Metrics(), now)


@pytest.mark.parametrize("suspected", [HERE, THERE])
def test_a_host_that_answers_lives(suspected: Suspected) -> None:
    assert probes(Asked({"ok": True, "epoch": 5})).ask("room", suspected).verdict == "lives"


@pytest.mark.parametrize(
    "answer",
    [{"ok": True, "epoch": 4}, {"ok": False, "epoch": 5}, {"ok": True}, {}, [], "yes", True],
)
def test_a_page_that_hosts_something_else_is_no_host(answer: object) -> None:
    assert probes(Asked(answer), "other").ask("room", THERE).verdict == "silent"


def test_silence_here_is_a_page_that_hangs() -> None:
    assert probes(Asked()).ask("room", HERE).verdict == "silent"
    assert probes(Asked(is_alone=True)).ask("room", THERE).verdict == "silent"


def test_silence_of_another_worker_counts_once_that_worker_is_dead() -> None:
    assert probes(Asked(), "other").ask("room", THERE).verdict == "unknown"
    assert probes(Asked()).ask("room", THERE).verdict == "silent"
    assert probes(Asked()).ask("room", Suspected(5, "sid", None, "ann")).verdict == "silent"


def test_many_who_ask_at_once_are_answered_by_one_question() -> None:
    outbox = Asked({"ok": True, "epoch": 5})
    asked, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        go_on.wait(10)

    outbox.before = wait
    probe = probes(outbox)
    verdicts: list[str] = []

    def ask() -> None:
        verdicts.append(probe.ask("room", HERE).verdict)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert asked.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert verdicts == ["lives"] * 20
    assert outbox.count == 1


def test_an_answer_grows_old() -> None:
    outbox, time = Asked(), 0.0
    probe = probes(outbox, now=lambda: time)
    probe.ask("room", HERE)
    time = VERDICT_TERM
    probe.ask("room", HERE)
    assert outbox.count == 1
    time += 0.1
    probe.ask("room", HERE)
    assert outbox.count == 2


def test_a_store_that_fails_leaves_it_open_and_nobody_waiting() -> None:
    def fail(worker_id: str) -> bool:
        raise SignalingError(ErrorCode.UNAVAILABLE)

    me, metrics = Identity(worker_id="me"), Metrics()
    probe = Probes(Asked(), Sessions(), me, fail, threading.Event, metrics, lambda: 0.0)  # type: ignore[arg-type]
    with pytest.raises(SignalingError):
        probe.ask("room", THERE)
    assert probe.ask("room", THERE).verdict == "unknown"


@pytest.mark.parametrize("after", [None, Session("room", 5, "ann", "another", None)])
def test_a_host_that_leaves_meanwhile_is_waited_for_no_longer(after: Session | None) -> None:
    outbox, store = Asked(), Sessions()

    def leave() -> None:
        store.session = after

    outbox.meanwhile = leave
    assert probes(outbox, store=store).ask("room", HERE).verdict == "moved"
    assert outbox.waited < 0.1
    assert outbox.ended == 1


def test_a_host_has_a_second() -> None:
    outbox = Asked()
    assert probes(outbox).ask("room", HERE).verdict == "silent"
    assert outbox.waited == pytest.approx(PROBE_TIMEOUT) == pytest.approx(1.0)


# For how long


def test_silence_is_counted_from_the_first_question_without_an_answer() -> None:
    outbox, time = Asked(), 10.0
    probe = probes(outbox, now=lambda: time)
    assert probe.ask("room", HERE) == Finding("silent", 0.0)
    for time in (12.0, 14.0, 14.5):
        assert probe.ask("room", HERE) == Finding("silent", time - 10)
    outbox.pinged = 7.0
    assert probe.ask("room", HERE) == Finding("silent", 7.0)


def test_a_ping_that_is_overdue_does_for_a_question() -> None:
    outbox = Asked({"ok": True, "epoch": 5})
    outbox.pinged = 5.0
    assert probes(outbox).ask("room", HERE) == Finding("silent", 5.0)
    assert outbox.count == 0
    outbox.pinged = 4.9
    assert probes(outbox).ask("room", HERE).verdict == "lives"


def test_a_pong_that_this_worker_had_no_time_to_read_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outbox = Asked({"ok": True, "epoch": 5})
    pings = iter([6.0, 6.1, 0.0])
    monkeypatch.setattr(outbox, "silence", lambda sid: next(pings, 0.0))
    assert probes(outbox).ask("room", HERE) == Finding("lives", 0.0)


def test_a_late_answer_ends_the_silence() -> None:
    outbox, time = Asked(), 10.0
    probe = probes(outbox, now=lambda: time)
    probe.ask("room", HERE)
    time = 10.5
    outbox.answer = {"ok": True, "epoch": 5}
    # What was found out before it is good no more.
    assert probe.ask("room", HERE) == Finding("lives", 0.0)
    assert outbox.count == 2
    outbox.answer, time = None, 16.0
    assert probe.ask("room", HERE) == Finding("silent", 0.0)


@pytest.mark.parametrize("answer", [{"ok": False, "epoch": 5}, {"ok": True, "epoch": 6}])
def test_who_says_that_it_is_no_host_is_not_waited_for(answer: object) -> None:
    assert probes(Asked(answer)).ask("room", HERE) == Finding("silent", math.inf)


def test_nor_is_a_worker_that_is_dead() -> None:
    assert probes(Asked()).ask("room", THERE) == Finding("silent", math.inf)


def test_unanswered_questions_are_not_remembered_for_ever() -> None:
    outbox, time = Asked(), 0.0
    probe = probes(outbox, now=lambda: time)
    probe.ask("room", HERE)
    time = MEMORY_TERM + 1
    assert probe.ask("room", HERE) == Finding("silent", 0.0)
