"""Whoever says that the host is lost while its page is busy: the host keeps its seat."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.cluster.claims import Claims
from tests.cluster.cluster import Cluster, Worker, running_cluster
from tests.cluster.pages import Page, Session
from tests.cluster.peers import token
from tests.kit.packets import Closed, Packets
from tests.kit.waiting import PATIENCE

MODES = ("eventlet", "gevent", "threading")
PAUSE = 0.05
"""Seconds between two words of an attacker."""
PATIENT = {"heartbeat": {"idle_timeout_mls": 15_000}}
"""For pages of which one is busy: nor is it lost where the machine adds some seconds."""
STRANGERS = tuple(f"eve-{number}" for number in range(4))
BUSY = "mls => { const end = performance.now() + mls; while (performance.now() < end); }"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster(*MODES) as cluster:
        yield cluster


@pytest.fixture
def session(browser: Browser) -> Iterator[Session]:
    session = Session(browser, Claims(), f"seat-{next(_numbers)}")
    yield session
    session.close()


class Liar(threading.Thread):
    """A raw socket that joins and says again and again that it has lost the host."""

    def __init__(self, worker: Worker, session_id: str, peer_id: str, epoch: int) -> None:
        super().__init__(daemon=True)
        self._worker, self._epoch = worker, epoch
        self._token = token(session_id, peer_id)
        self._wire: Packets | None = None
        self._over = threading.Event()
        self.said = 0
        self.heard: list[Any] = []
        self.trouble: BaseException | None = None

    def run(self) -> None:
        try:
            with ExitStack() as stack:
                while not self._over.is_set():
                    self._say(stack)
        except BaseException as error:
            self.trouble = error

    def end(self) -> None:
        self._over.set()
        self.join(PATIENCE)
        assert self.trouble is None, self.trouble

    def _say(self, stack: ExitStack) -> None:
        if self._wire is None:
            self._wire = Packets(self._worker.url)
            stack.callback(self._wire.close)
            self._wire.enter({"token": self._token, "lost_epoch": self._epoch})
        try:
            packet = self._wire.receive(PAUSE)
            if packet is None:
                self._wire.emit("session_join", {"lost_epoch": self._epoch})
                self.said += 1
            elif packet.kind == "connect_error":
                self._wire = None
            else:
                self.heard.append((packet.event, packet.payload))
        except Closed:
            self._wire = None


@contextmanager
def lying(worker: Worker, session: Session, epoch: int, *peer_ids: str) -> Iterator[list[Liar]]:
    liars = [Liar(worker, session.id, peer_id, epoch) for peer_id in peer_ids]
    for liar in liars:
        liar.start()
    try:
        yield liars
    finally:
        for liar in liars:
            liar.end()


def be_busy(page: Page, liars: list[Liar]) -> None:
    """Let a page stand still, until somebody has said meanwhile that it is lost."""
    before = sum(liar.said for liar in liars)
    while sum(liar.said for liar in liars) == before:
        page.page.evaluate(BUSY, 2500)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
def test_a_busy_host_is_not_followed_by_who_never_was_connected(
    cluster: Cluster, session: Session, mode: str, elsewhere: bool
) -> None:
    worker = cluster.of_mode(mode)
    other = cluster.of_mode(MODES[MODES.index(mode) - 1])
    ann, bob = (session.join(name, worker, config=PATIENT) for name in ("ann", "bob"))
    epoch = ann.epoch
    session.begin_to_watch()
    with lying(other if elsewhere else worker, session, epoch, *STRANGERS) as liars:
        be_busy(ann, liars)
    session.talk("we are all here", ann, bob)
    for page in (ann, bob):
        page.assert_undisturbed()
    assert ann.epoch == bob.epoch == epoch
    assert not any(name == "host_changed" for liar in liars for name, _ in liar.heard)


@pytest.mark.parametrize("mode", MODES)
def test_nor_is_one_that_is_alone_with_them(cluster: Cluster, session: Session, mode: str) -> None:
    worker = cluster.of_mode(mode)
    ann = session.join("ann", worker, config=PATIENT)
    epoch = ann.epoch
    session.begin_to_watch()
    with lying(worker, session, epoch, *STRANGERS) as liars:
        be_busy(ann, liars)
        be_busy(ann, liars)
    ann.assert_undisturbed()
    assert ann.epoch == epoch


def test_nor_by_a_client_while_the_others_hear_it(cluster: Cluster, session: Session) -> None:
    here, there = cluster.of_mode("eventlet"), cluster.of_mode("gevent")
    ann, bob, cem = (session.join(name, here, config=PATIENT) for name in ("ann", "bob", "cem"))
    epoch = ann.epoch
    ann.begin_to_watch()
    cem.begin_to_watch()
    # Who has bob's token is bob, at two workers.
    with lying(here, session, epoch, "bob") as some, lying(there, session, epoch, "bob") as others:
        be_busy(ann, [*some, *others])
    bob.wait_for_state("closed")
    session.talk("we still hear each other", ann, cem)
    for page in (ann, cem):
        page.assert_undisturbed()
    assert ann.epoch == cem.epoch == epoch


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
def test_a_page_that_stands_still_for_longer_is_followed(
    cluster: Cluster, session: Session, elsewhere: bool
) -> None:
    worker = cluster.of_mode("gevent")
    other = cluster.of_mode("eventlet") if elsewhere else worker
    ann, bob = session.join("ann", worker), session.join("bob", other)
    epoch = ann.epoch
    ann.freeze()
    bob.wait_for_role("host")
    assert bob.epoch > epoch
    ann.thaw()
    ann.wait_for_role("client")
    session.talk("all again", ann, bob)


def test_so_it_is_by_a_newcomer_whom_it_offers_nothing(cluster: Cluster, session: Session) -> None:
    worker = cluster.of_mode("gevent")
    ann = session.join("ann", worker)
    ann.freeze()
    session.open("eve", worker).wait_for_role("host")
    ann.thaw()
    ann.wait_for_role("client")
