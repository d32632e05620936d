"""What happens to a host's seat, whatever its page, its clients and two workers do.

The rules and the host probes are real; the page, its socket and the store are made of a clock.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from flask_p2p_streams.metrics import Metrics
from flask_p2p_streams.sessions.credentials import Seat
from flask_p2p_streams.sessions.host_liveness import MAX_QUORUM
from flask_p2p_streams.sessions.hosting import Incumbent, lose, renew
from flask_p2p_streams.sessions.joining import join
from flask_p2p_streams.sessions.outcomes import Doubted, Hosting, JoinOutcome, Suspected, Waiting
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.signaling.host_probe import HostProbe
from tests.kit.candidates import candidate, member

IDLE_TIMEOUT = 5.0
PING_INTERVAL, PING_TIMEOUT = 2.0, 5.0
GRACE = 2.0
LONGEST = PING_INTERVAL + PING_TIMEOUT + GRACE + 2.0
"""Seconds after its idle time-out in which a host that is dead is replaced."""
WORKERS = ("a", "b")
HONEST = ("bob", "cyd", "dan")
LIAR, STRANGER = "mal", "eve"


@dataclass
class Page:
    """The page that hosts: it stands still now and then, and answers late."""

    peer_id: str
    sid: str
    worker: str
    epoch: int
    awake_at: float
    frozen: bool = False


class World:
    """The clock, the store and the page."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.text: str | None = None
        self.roster: tuple[int, frozenset[str]] = (0, frozenset())
        self.page: Page | None = None
        self.sockets = 0
        self.wakes_at = float("inf")

    @property
    def session(self) -> Session | None:
        return Session.from_text(self.text)

    def update(self, apply: Callable[[Session | None], tuple[Session | None, Any]]) -> Any:
        before = self.session
        after, decision = apply(before)
        if after is not None and after is not before:
            self.text = after.to_text()
        return decision

    def advance(self, seconds: float) -> None:
        self.now += seconds
        page = self.page
        if page is not None and page.frozen and self.now >= self.wakes_at:
            page.frozen = False
        if page is not None and not page.frozen:
            page.awake_at, self.wakes_at = self.now, float("inf")

    def silence_of(self, page: Page) -> float:
        """Return for how long a ping is unanswered; they go out at even seconds."""
        if not page.frozen:
            return 0.0
        pinged_at = page.awake_at - page.awake_at % PING_INTERVAL + PING_INTERVAL
        return max(0.0, self.now - pinged_at)

    def new_socket(self) -> str:
        self.sockets += 1
        return f"sid-{self.sockets}"


class Question:
    def __init__(self, world: World, sid: str, epoch: int) -> None:
        self._world, self._sid, self._epoch, self._asked_at = world, sid, epoch, world.now

    @property
    def answer(self) -> object:
        page = self._world.page
        if page is None or page.sid != self._sid:
            return None
        if page.frozen and page.awake_at <= self._asked_at:
            return None
        return {"ok": page.epoch == self._epoch, "epoch": page.epoch}

    def wait(self, timeout: float) -> bool:
        if self.answer is None:
            self._world.advance(timeout)
        return self.answer is not None

    def end(self) -> None:
        pass


class Outbox:
    """What one worker can say and know; a message queue reaches the other one, or doesn't."""

    is_alone = False

    def __init__(self, world: World, worker: str) -> None:
        self._world, self._worker = world, worker
        self.queue_is_silent = False

    def ask(self, event: str, payload: dict[str, int], sid: str) -> Question:
        here = self._world.page is not None and self._world.page.worker == self._worker
        reached = here or not self.queue_is_silent
        return Question(self._world, sid if reached else "nobody", payload["epoch"])

    def silence(self, sid: str) -> float:
        page = self._world.page
        if page is None or (page.sid, page.worker) != (sid, self._worker):
            return 0.0
        return self._world.silence_of(page)


class Event(threading.Event):
    """An event that is waited for on the world's clock."""

    world: World

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set():
            self.world.advance(timeout or 0.0)
        return self.is_set()


class Worker:
    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.outbox = Outbox(world, name)
        anything: Any = self

        def event() -> Event:
            made = Event()
            made.world = world
            return made

        outbox: Any = self.outbox
        self.id = name
        self.probe = HostProbe(
            outbox=outbox,
            store=anything,
            workers=anything,
            create_event=event,
            metrics=Metrics(),
            clock=lambda: world.now,
        )

    def is_alive(self, worker_id: str) -> bool:
        return True

    def read(self, session_id: str) -> Session | None:
        return self.world.session

    def join(self, peer_id: str, **shown: Any) -> JoinOutcome:
        """Let a peer join as ``Arrivals`` does."""
        decision = self._attempt(peer_id, shown)
        if not isinstance(decision, Suspected):
            return decision
        finding = self.probe.ask("room", decision)
        if finding.verdict == "unknown":
            return Doubted(1000)
        told: dict[str, Any] = {}
        if finding.verdict == "lives":
            told = {"vouched": decision.host_sid}
        if finding.verdict == "silent":
            told = {"silent": decision.host_sid, "silence": finding.silence}
        return self._attempt(peer_id, shown | told)

    def _attempt(self, peer_id: str, shown: dict[str, Any]) -> JoinOutcome:
        epoch, connected = self.world.roster
        witnesses = connected if shown.get("lost_epoch") == epoch else frozenset()
        who = candidate(
            peer_id,
            sid=self.world.new_socket(),
            now=self.world.now,
            grace=GRACE,
            worker=self.id,
            witnesses=witnesses,
            **shown,
        )
        decision: JoinOutcome = self.world.update(lambda session: join(session, who))
        if isinstance(decision, Hosting):
            self.world.page = Page(peer_id, who.sid, self.id, decision.epoch, self.world.now)
        return decision


class SeatStory(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.workers = {name: Worker(self.world, name) for name in WORKERS}
        self.hosts: dict[int, str] = {}
        self.doubters: dict[str, str] = {}
        self.deaf: set[str] = set()
        self.said: set[str] = set()
        self.clients: frozenset[str] = frozenset()

    @property
    def page(self) -> Page:
        assert self.world.page is not None
        return self.world.page

    # What is so at first

    @initialize(worker=st.sampled_from(WORKERS), count=st.integers(0, len(HONEST)))
    def begin(self, worker: str, count: int) -> None:
        assert isinstance(self.workers[worker].join("ann"), Hosting)
        self._report({LIAR, *HONEST[:count]})

    # What the page does

    @precondition(lambda self: not self.page.frozen)
    @rule(wakes_after=st.sampled_from([0.3, 2.5, 4.9, 7.0, 1000.0]))
    def freeze(self, wakes_after: float) -> None:
        self.page.frozen = True
        self.world.wakes_at = self.world.now + wakes_after

    @precondition(lambda self: self.page.frozen)
    @rule()
    def thaw(self) -> None:
        self.world.wakes_at = self.world.now
        self._pass(0.0)

    @precondition(lambda self: not self.page.frozen)
    @rule(clients=st.sets(st.sampled_from([LIAR, *HONEST])))
    def connect(self, clients: set[str]) -> None:
        self._report(clients)

    @precondition(lambda self: self._is_seated())
    @rule()
    def drop(self) -> None:
        sid = self.page.sid
        self.world.update(lambda session: lose(session, sid, self.world.now))

    @precondition(lambda self: not self.page.frozen and not self._is_seated())
    @rule(worker=st.sampled_from(WORKERS))
    def come_back(self, worker: str) -> None:
        page, proof = self.page, Seat("room", self.page.peer_id, self.page.epoch)
        self._ask(page.peer_id, worker, seat=proof)

    # What the others do

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 2.5, 4.9]))
    def wait(self, seconds: float) -> None:
        self._pass(seconds)

    @precondition(lambda self: self._silent_for() >= IDLE_TIMEOUT)
    @rule(peer_id=st.sampled_from(HONEST), worker=st.sampled_from(WORKERS))
    def doubt(self, peer_id: str, worker: str) -> None:
        if peer_id in self.world.roster[1]:
            self.doubters[peer_id] = worker
            self._ask(peer_id, worker, lost_epoch=self.page.epoch)

    @rule(
        liars=st.lists(st.sampled_from([LIAR, STRANGER]), min_size=1, max_size=6),
        worker=st.sampled_from(WORKERS),
        pause=st.sampled_from([0.05, 0.5]),
    )
    def lie(self, liars: list[str], worker: str, pause: float) -> None:
        for peer_id in liars:
            self._ask(peer_id, worker, lost_epoch=self.page.epoch)
            self._pass(pause)

    @precondition(lambda self: self._is_seated() and not self.page.frozen)
    @rule(
        seconds=st.sampled_from([1.5, 2.5, 4.9]),
        before=st.sampled_from([0.0, 1.2, 3.7]),
        deaf=st.sets(st.sampled_from(HONEST), max_size=1),
        liars=st.lists(st.sampled_from([LIAR, STRANGER]), min_size=1, max_size=6),
    )
    def be_busy_among_liars(
        self, seconds: float, before: float, deaf: set[str], liars: list[str]
    ) -> None:
        """Stand still for less than may be, while one client's own link is cut, perhaps."""
        self.freeze(seconds)
        self.deaf = deaf & self.world.roster[1]
        self.doubters |= dict.fromkeys(self.deaf, self.page.worker)
        self._pass(min(before, seconds))
        for peer_id in [*self.deaf, *liars]:
            self._ask(peer_id, self.page.worker, lost_epoch=self.page.epoch)
            self._pass(0.05)
        self._pass(seconds)
        self.deaf.clear()

    @rule(worker=st.sampled_from(WORKERS))
    def come_anew(self, worker: str) -> None:
        self._ask("fay", worker)

    @rule(silent=st.booleans())
    def lose_the_queue(self, silent: bool) -> None:
        for worker in self.workers.values():
            worker.outbox.queue_is_silent = silent

    # What is dead is followed

    @precondition(lambda self: self._is_seated())
    @rule(worker=st.sampled_from(WORKERS), clients=st.integers(0, len(HONEST)))
    def die(self, worker: str, clients: int) -> None:
        self.page.frozen, self.world.wakes_at = True, float("inf")
        page, began = self.page, self.world.now
        while self.world.page is page:
            assert self.world.now - began <= IDLE_TIMEOUT + LONGEST, "It is never replaced."
            self._pass(0.5)
            if self._silent_for() >= IDLE_TIMEOUT:
                for peer_id in [*HONEST[:clients], "fay", "gil"]:
                    if self.world.page is page:
                        self._ask(peer_id, worker, lost_epoch=page.epoch)

    # What holds

    @invariant()
    def one_host_per_epoch(self) -> None:
        page = self.world.page
        if page is not None:
            assert self.hosts.setdefault(page.epoch, page.peer_id) == page.peer_id

    @invariant()
    def words_are_bounded(self) -> None:
        session = self.world.session
        if session is not None:
            epoch, connected = self.world.roster
            assert len(session.doubts) <= min(MAX_QUORUM, len(connected))
            assert not session.doubts or epoch == session.epoch
            assert session.doubts.keys() <= connected - {session.host}

    # The parts

    def _ask(self, peer_id: str, worker: str, **shown: Any) -> None:
        page, session = self.page, self.world.session
        if peer_id == page.peer_id and "seat" not in shown:
            # Another page of the host itself may take its seat.
            return
        seated, absent = self._is_seated(), session.absent_since if session else None
        self.clients = self.world.roster[1]
        if "lost_epoch" in shown:
            self.said.add(peer_id)
        decision = self.workers[worker].join(peer_id, **shown)
        if isinstance(decision, Hosting) and not decision.resumed:
            said, self.said = self.said, set()
            self.doubters.clear()
            if seated:
                self._expect_gone(page, decision)
            else:
                self._expect_absent(said, absent)
        elif isinstance(decision, (Doubted, Waiting)):
            assert 0 < decision.retry_after_ms <= 2000

    def _expect_gone(self, page: Page, decision: Hosting) -> None:
        """A page that has its socket has stood still for as long as it may."""
        assert decision.against in ("majority", "silence")
        assert page.frozen
        if self.world.now - page.awake_at < IDLE_TIMEOUT:
            # Unless most of its clients don't hear it, of whom one may lie.
            clients = self.clients - {page.peer_id}
            assert 2 * len(clients & {LIAR, *self.deaf}) > len(clients) > 1

    def _expect_absent(self, said: set[str], absent: float | None) -> None:
        """A seat that is reserved stays so for its time, or until most have lost the host."""
        assert absent is not None
        if self.world.now - absent < GRACE:
            clients = self.clients - {self.hosts[max(self.hosts)]}
            assert 2 * len(clients & said) > len(clients)

    def _report(self, clients: set[str]) -> None:
        page = self.page
        if not self._is_seated():
            return
        socket = member(page.sid, page.peer_id)
        host = Incumbent(socket, page.worker, page.epoch, self.world.now)
        self.world.update(lambda session: renew(session, host, len(clients)))
        self.world.roster = (page.epoch, frozenset({page.peer_id, *clients}))

    def _pass(self, seconds: float) -> None:
        self.world.advance(seconds)
        page = self.world.page
        if page is None:
            return
        if self._is_seated() and self.world.silence_of(page) > PING_TIMEOUT:
            sid = page.sid
            self.world.update(lambda session: lose(session, sid, self.world.now))
        if not page.frozen and self._is_seated():
            # Who has said that it lost the host comes again, and is offered anew.
            for peer_id, worker in list(self.doubters.items()):
                self._ask(peer_id, worker, lost_epoch=page.epoch)
            self.doubters.clear()

    def _is_seated(self) -> bool:
        session = self.world.session
        return session is not None and session.host_sid == self.page.sid

    def _silent_for(self) -> float:
        return self.world.now - self.page.awake_at if self.page.frozen else 0.0


TestSeatStory = SeatStory.TestCase
TestSeatStory.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


# The same by hand


def test_words_of_two_workers_are_words_of_one_session() -> None:
    world = World()
    here, there = Worker(world, "a"), Worker(world, "b")
    assert isinstance(here.join("ann"), Hosting)
    assert world.page is not None
    epoch = world.page.epoch
    world.roster = (epoch, frozenset({"ann", "bob", "cyd"}))
    for outbox in (here.outbox, there.outbox):
        outbox.queue_is_silent = True
    world.page.frozen = True
    # From elsewhere nobody can tell whether the page stands still, or the queue does.
    assert there.join("bob", lost_epoch=epoch) == Doubted(1000)
    assert here.join("eve", lost_epoch=epoch) == Doubted(500)
    decision = here.join("cyd", lost_epoch=epoch)
    assert isinstance(decision, Hosting)
    assert decision.against == "majority"


def test_one_word_that_is_said_at_both_workers_is_one() -> None:
    world = World()
    here, there = Worker(world, "a"), Worker(world, "b")
    assert isinstance(here.join("ann"), Hosting)
    assert world.page is not None
    epoch = world.page.epoch
    world.roster = (epoch, frozenset({"ann", "bob", "cyd"}))
    world.page.frozen = True
    for worker in (there, here, there, here):
        assert isinstance(worker.join("bob", lost_epoch=epoch), Doubted)
    assert world.session is not None
    assert list(world.session.doubts) == ["bob"]


def test_the_only_client_is_not_believed_before_the_page_has_stood_still_for_too_long() -> None:
    world = World()
    here = Worker(world, "a")
    assert isinstance(here.join("ann"), Hosting)
    assert world.page is not None
    epoch, began = world.page.epoch, world.now
    world.roster = (epoch, frozenset({"ann", "bob"}))
    world.page.frozen = True
    while isinstance(decision := here.join("bob", lost_epoch=epoch), Doubted):
        assert world.now - began < IDLE_TIMEOUT + PING_INTERVAL + 1
        world.advance(decision.retry_after_ms / 1000)
    assert isinstance(decision, Hosting)
    assert decision.against == "silence"
    assert world.now - began >= IDLE_TIMEOUT
