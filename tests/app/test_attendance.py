"""Who comes and goes, as the app hears of it: each once, and in pairs."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask, current_app

import flask_p2p_streams as signals
from flask_p2p_streams import ErrorCode, P2PStreams, SignalingError
from flask_p2p_streams.signaling import attendance
from flask_p2p_streams.signaling.attendance import Attendance
from flask_p2p_streams.testing import join
from tests.kit.waiting import PATIENCE, until
from tests.unit.stores.test_session_store import Memory

GRACE = 0.5
LONG = 3600.0
Heard = list[tuple[str, str]]


@pytest.fixture
def grace() -> float:
    """Nobody comes back in time, unless a test says otherwise."""
    return 0.0


@pytest.fixture
def app(p2p: P2PStreams, grace: float) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", P2P_HOST_GRACE=grace)
    p2p.init_app(app)
    return app


@pytest.fixture
def heard(app: Flask) -> Iterator[Heard]:
    heard: Heard = []
    receivers: list[tuple[Any, Callable[..., None]]] = []
    for name in ("joined", "connected", "left"):

        def receive(sender: Flask, _name: str = name, **details: Any) -> None:
            assert current_app.name == sender.name
            heard.append((_name, details["peer_id"]))

        signal = getattr(signals, f"peer_{name}")
        signal.connect(receive, app)
        receivers.append((signal, receive))
    yield heard
    for signal, receive in receivers:
        signal.disconnect(receive, app)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass before those are given up that nobody tells of."""
    monkeypatch.setattr(attendance, "LOOK", 0.01)
    monkeypatch.setattr(attendance, "SETTLING", 0.0)


def awaited(app: Flask) -> int:
    return len(app.extensions["p2p_streams"].signaling._attendance)


def wait_for(heard: Heard, *news: tuple[str, str]) -> None:
    until(lambda: set(news) <= set(heard), lambda: f"Of {news} only {heard} has been heard.")


def connected(*peers: str) -> dict[str, str]:
    return dict.fromkeys(peers, "connected")


# Coming


def test_a_host_is_connected_as_it_comes(app: Flask, heard: Heard) -> None:
    join(app, "room", "ann")
    assert heard == [("joined", "ann"), ("connected", "ann")]


@pytest.mark.parametrize("keeps_signaling", [True, False])
def test_a_client_comes_and_is_connected(app: Flask, heard: Heard, keeps_signaling: bool) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    del heard[:]
    ann.report({"ann": "connected", "bob": "connecting"})
    assert heard == []
    if not keeps_signaling:
        bob.leave("connected")
    for _ in range(2):
        ann.report(connected("ann", "bob"))
    assert heard == [("connected", "bob")]


def test_a_client_that_joins_again_is_no_news(app: Flask, heard: Heard) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    bob.leave("connected")
    ann.report(connected("ann", "bob"))
    del heard[:]
    again = join(app, "room", "bob")
    again.rejoin()
    ann.report({"ann": "connected", "bob": "negotiating"})
    again.leave("connected")
    ann.report(connected("ann", "bob"))
    ann.rejoin(seat=ann.ready["seat"])
    assert heard == []


def test_who_is_refused_is_no_news(app: Flask, p2p: P2PStreams, heard: Heard) -> None:
    join(app, "room", "ann")
    p2p.authorize(lambda *_: False)
    join(app, "room", "eve")
    join(app, "room", "eve", token="forged")
    assert {peer for _, peer in heard} == {"ann"}


# Going


@pytest.mark.parametrize("goes", ["leave", "drop", "close"])
def test_a_client_with_a_socket_goes(app: Flask, heard: Heard, goes: str) -> None:
    _, bob = join(app, "room", "ann"), join(app, "room", "bob")
    del heard[:]
    getattr(bob, goes)()
    bob.drop()
    assert heard == [("left", "bob")]


@pytest.mark.parametrize("state", ["disconnected", "closed", "failed", None])
@pytest.mark.parametrize("was_told", [True, False])
def test_a_client_without_a_socket_goes(
    app: Flask, heard: Heard, state: str | None, was_told: bool
) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    bob.leave("connected")
    bob.drop()
    if was_told or state is None:
        ann.report(connected("ann", "bob"))
    del heard[:]
    for _ in range(2):
        ann.report({"ann": "connected"} | ({} if state is None else {"bob": state}))
    assert heard == [("left", "bob")]


def test_a_client_that_keeps_its_socket_goes(app: Flask, heard: Heard) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.report(connected("ann", "bob"))
    del heard[:]
    # Its connection lives on, until its host says otherwise.
    bob.drop()
    assert heard == []
    ann.report({"ann": "connected", "bob": "disconnected"})
    assert heard == [("left", "bob")]


def test_a_client_with_a_socket_that_its_host_has_lost_stays(app: Flask, heard: Heard) -> None:
    ann, _ = join(app, "room", "ann"), join(app, "room", "bob")
    ann.report(connected("ann", "bob"))
    del heard[:]
    ann.report({"ann": "connected", "bob": "disconnected"})
    assert heard == []


@pytest.mark.parametrize("goes", ["leave", "drop"])
def test_a_host_goes(app: Flask, heard: Heard, goes: str) -> None:
    ann = join(app, "room", "ann")
    del heard[:]
    getattr(ann, goes)()
    ann.drop()
    assert heard == [("left", "ann")]


def test_who_comes_again_has_come_anew(app: Flask, heard: Heard) -> None:
    ann = join(app, "room", "ann")
    for _ in range(2):
        join(app, "room", "bob").leave("connected")
        ann.report(connected("ann", "bob"))
        ann.report({"ann": "connected", "bob": "disconnected"})
    assert heard[2:] == [("joined", "bob"), ("connected", "bob"), ("left", "bob")] * 2


def test_who_comes_anew_before_its_host_tells_of_its_going(
    app: Flask, p2p: P2PStreams, heard: Heard
) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.report(connected("ann", "bob"))
    bob.leave()
    del heard[:]
    join(app, "room", "bob")
    session = p2p.session("room")
    assert session is not None
    assert session.peers == {"ann": "connected", "bob": "negotiating"}
    assert heard == [("joined", "bob")]
    # A host tells of the end, within 300 ms, and of what has come of it meanwhile.
    ann.report(connected("ann", "bob"))
    assert heard == [("joined", "bob"), ("connected", "bob")]


def test_a_connection_that_comes_back_by_itself(app: Flask, heard: Heard) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    bob.leave("connected")
    for state in ("connected", "disconnected", "connected"):
        ann.report({"ann": "connected", "bob": state})
    assert [news for news, peer in heard if peer == "bob"] == [
        "joined",
        "connected",
        "left",
        "joined",
        "connected",
    ]


@pytest.mark.usefixtures("soon")
def test_a_client_that_no_host_ever_tells_of(
    app: Flask, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_p2p_streams.signaling.service.RELEASED_TERM", 0.0)
    _, bob = join(app, "room", "ann"), join(app, "room", "bob")
    bob.leave("connected")
    wait_for(heard, ("left", "bob"))
    assert awaited(app) == 0


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("goes", ["leave", "drop"])
def test_all_pages_are_closed_at_once(app: Flask, heard: Heard, goes: str) -> None:
    ann, bob, cyd = (join(app, "room", name) for name in ("ann", "bob", "cyd"))
    for client in (bob, cyd):
        client.leave("connected")
    ann.report(connected("ann", "bob", "cyd"))
    clock = app.extensions["p2p_streams"].signaling._attendance
    clock._clock = lambda clock=clock._clock: clock() + 5.0
    del heard[:]
    getattr(ann, goes)()
    clock._clock = lambda clock=clock._clock: clock() + 5.0
    wait_for(heard, ("left", "ann"), ("left", "bob"), ("left", "cyd"))
    assert len(heard) == 3
    assert awaited(app) == 0


# Coming back in time


@pytest.mark.parametrize("grace", [LONG])
@pytest.mark.parametrize("goes", ["leave", "drop"])
@pytest.mark.parametrize("who", ["ann", "bob"])
def test_a_reload_is_no_news(app: Flask, heard: Heard, goes: str, who: str) -> None:
    peers = {name: join(app, "room", name) for name in ("ann", "bob")}
    del heard[:]
    getattr(peers[who], goes)()
    assert join(app, "room", who).is_connected
    assert heard == []


@pytest.mark.parametrize("grace", [LONG])
def test_a_reload_of_who_has_let_go_is_no_news(app: Flask, heard: Heard) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    bob.leave("connected")
    ann.report(connected("ann", "bob"))
    del heard[:]
    ann.report({"ann": "connected", "bob": "disconnected"})
    again = join(app, "room", "bob")
    ann.report({"ann": "connected", "bob": "negotiating"})
    again.leave("connected")
    ann.report(connected("ann", "bob"))
    assert heard == []


@pytest.mark.parametrize("grace", [GRACE])
def test_a_slow_reload_is_both(app: Flask, heard: Heard) -> None:
    _, bob = join(app, "room", "ann"), join(app, "room", "bob")
    del heard[:]
    bob.leave()
    wait_for(heard, ("left", "bob"))
    join(app, "room", "bob")
    assert heard == [("left", "bob"), ("joined", "bob")]


# A change of host


@pytest.mark.parametrize("grace", [LONG])
def test_a_change_of_host_is_no_news(app: Flask, heard: Heard) -> None:
    ann, bob, cyd = (join(app, "room", name) for name in ("ann", "bob", "cyd"))
    for client in (bob, cyd):
        client.leave("connected")
    ann.report(connected("ann", "bob", "cyd"))
    del heard[:]
    ann.leave()
    bob = join(app, "room", "bob", lost_epoch=ann.epoch)
    assert bob.is_host
    # Its first roster is earlier than the other client.
    bob.report(connected("bob"))
    cyd = join(app, "room", "cyd", lost_epoch=ann.epoch)
    cyd.leave("connected")
    bob.report(connected("bob", "cyd"))
    assert heard == []
    assert join(app, "room", "ann").is_connected
    assert heard == []


@pytest.mark.usefixtures("soon")
def test_who_does_not_come_to_the_new_host_has_left(app: Flask, heard: Heard) -> None:
    ann, bob, cyd = (join(app, "room", name) for name in ("ann", "bob", "cyd"))
    cyd.leave("connected")
    ann.report(connected("ann", "bob", "cyd"))
    attended = app.extensions["p2p_streams"].signaling._attendance
    ann.leave()
    later = attended._clock() + 30.0
    bob.rejoin(lost_epoch=ann.epoch)
    bob.report(connected("bob"))
    attended._clock = lambda: later
    wait_for(heard, ("left", "ann"), ("left", "cyd"))
    assert heard.count(("left", "cyd")) == 1
    assert ("left", "bob") not in heard


def test_a_locked_session_lets_those_back_in_whom_the_new_host_has_not_seen(
    app: Flask, p2p: P2PStreams
) -> None:
    ann, bob, cyd = (join(app, "room", name) for name in ("ann", "bob", "cyd"))
    for client in (bob, cyd):
        client.leave("connected")
    ann.report(connected("ann", "bob", "cyd"))
    p2p.lock("room")
    ann.leave()
    bob = join(app, "room", "bob", lost_epoch=ann.epoch)
    bob.report(connected("bob"))
    assert join(app, "room", "cyd", lost_epoch=ann.epoch).is_connected
    refusal = join(app, "room", "eve").refusal
    assert refusal is not None
    assert refusal["code"] == "forbidden"


@pytest.mark.parametrize("grace", [LONG])
def test_the_only_peer_of_a_locked_session_comes_back(app: Flask, p2p: P2PStreams) -> None:
    ann = join(app, "room", "ann")
    p2p.lock("room")
    ann.leave()
    assert join(app, "room", "eve").refusal is not None
    assert join(app, "room", "ann").is_host


# The app's decisions


@pytest.mark.parametrize("grace", [LONG])
@pytest.mark.parametrize("has_let_go", [True, False])
@pytest.mark.parametrize("who", ["ann", "bob"])
def test_who_is_kicked_has_left(
    app: Flask, p2p: P2PStreams, heard: Heard, who: str, has_let_go: bool
) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    if has_let_go:
        bob.leave("connected")
    ann.report(connected("ann", "bob"))
    del heard[:]
    p2p.kick("room", who)
    assert heard == [("left", who)]
    if who == "bob":
        # A host that says otherwise brings nobody back.
        for state in ("disconnected", "connected"):
            ann.report({"ann": "connected", "bob": state})
        assert heard == [("left", who)]
    join(app, "room", who)
    assert heard[1] == ("joined", who)


@pytest.mark.parametrize("grace", [LONG])
def test_when_a_session_is_closed_all_have_left(app: Flask, p2p: P2PStreams, heard: Heard) -> None:
    ann, bob, _ = (join(app, "room", name) for name in ("ann", "bob", "cyd"))
    bob.leave("connected")
    ann.report(connected("ann", "bob"))
    del heard[:]
    p2p.close("room")
    assert sorted(heard) == [("left", "ann"), ("left", "bob"), ("left", "cyd")]


# What a host makes up


def test_whom_a_host_makes_up_is_nobody(app: Flask, heard: Heard) -> None:
    ann = join(app, "room", "ann")
    del heard[:]
    ghosts = [f"ghost-{number}" for number in range(1000)]
    for state in ("connected", "disconnected", "connected"):
        ann.report(dict.fromkeys(ghosts, state))
    ann.report({})
    assert heard == []


def test_a_store_that_fails_harms_nobody(
    app: Flask, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bob = join(app, "room", "ann"), join(app, "room", "bob")
    del heard[:]

    def fail(*_: object) -> None:
        raise OSError("gone")

    store = app.extensions["p2p_streams"].store.guarded._store
    for name in ("read_many", "replace", "write"):
        monkeypatch.setattr(store, name, fail)
    assert bob.leave("connected") == {"ok": True}
    bob.drop()
    assert heard == []


@pytest.mark.parametrize("goes", ["leave", "drop"])
def test_whose_coming_could_not_be_told_goes_without_a_word(
    app: Flask, heard: Heard, monkeypatch: pytest.MonkeyPatch, goes: str
) -> None:
    join(app, "room", "ann")
    del heard[:]

    def fail(*_: object) -> None:
        raise SignalingError(ErrorCode.UNAVAILABLE)

    with monkeypatch.context() as full:
        full.setattr(Attendance, "_changed", fail)
        bob = join(app, "room", "bob")
    getattr(bob, goes)()
    assert heard == []
    assert join(app, "room", "bob").refusal is None
    assert heard == [("joined", "bob")]


def test_a_cache_that_was_cleared(app: Flask, heard: Heard) -> None:
    _, bob = join(app, "room", "ann"), join(app, "room", "bob")
    app.extensions["p2p_streams"].store.guarded._store.clear()
    bob.drop()
    assert heard[-1] == ("left", "bob")


def test_nothing_is_awaited_for_ever(app: Flask, heard: Heard) -> None:
    peers = [join(app, "room", str(number)) for number in range(5)]
    peers[1].leave("connected")
    peers[0].report(connected("0", "1"))
    for peer in peers:
        peer.drop()
    held = app.extensions["p2p_streams"].signaling._attendance
    held._clock = lambda clock=held._clock: clock() + LONG
    held._look("room")
    assert awaited(app) == 0
    assert sum(1 for news, _ in heard if news == "left") == 5


def test_a_newer_socket_of_a_peer_that_comes_in_between_keeps_the_place(
    app: Flask, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter, is_late, newer_is_in = Attendance.enter, threading.Event(), threading.Event()

    def late(self: Attendance, member: Any, *, hosts: bool) -> Any:
        if not is_late.is_set():
            is_late.set()
            assert newer_is_in.wait(PATIENCE)
        return enter(self, member, hosts=hosts)

    monkeypatch.setattr(Attendance, "enter", late)
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(join, app, "room", "ann")
        assert is_late.wait(PATIENCE)
        newer = join(app, "room", "ann")
        newer_is_in.set()
        older.exception(20)
    newer.drop()
    told = [news for news, who in heard if who == "ann"]
    assert told == ["joined", "connected", "left"]


# Two workers


class Shared(Memory):
    """A store that two workers share."""

    def __init__(self) -> None:
        super().__init__()
        self._mutex = threading.RLock()

    def lock(self, key: str) -> threading.RLock:
        return self._mutex


def test_of_two_workers_that_do_the_same_at_once_one_tells_it() -> None:
    store, told = Shared(), Counter[tuple[str, str]]()
    mutex = threading.Lock()

    def note(signal: str) -> Callable[..., None]:
        def receive(_: Flask, peer_id: str, **__: object) -> None:
            with mutex:
                told[signal, peer_id] += 1

        return receive

    workers = []
    with ExitStack() as stack:
        for _ in range(2):
            app = Flask("an_app")
            app.config.update(SECRET_KEY="k", P2P_HOST_GRACE=0, P2P_JOIN_RATE=None)
            p2p = P2PStreams(app, store=store)
            workers.append((app, p2p))
            for name in ("joined", "left"):
                signal = getattr(signals, f"peer_{name}")
                stack.enter_context(signal.connected_to(note(name), app))

        def live(number: int) -> None:
            dice = random.Random(number)
            for _ in range(30):
                app, p2p = dice.choice(workers)
                who = dice.choice("abc")
                peer = join(app, "room", who)
                if dice.random() < 0.2:
                    p2p.kick("room", who)
                peer.drop()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(live, range(6)))
    for who in "abc":
        assert told["joined", who] == told["left", who] > 0
