from typing import Any

import pytest
from flask import Flask

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.limits.budgets import MAX_CANDIDATES, MAX_DESCRIPTIONS, REJOINS, ROSTERS
from flask_p2p_streams.limits.throttle import Throttle
from flask_p2p_streams.metrics import LIMITS
from flask_p2p_streams.testing import CANDIDATE, join
from tests.conftest import AppFactory

CROWD = 9


@pytest.fixture(autouse=True)
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no bucket fill again while a test stands still."""
    monkeypatch.setattr(Throttle.__init__, "__defaults__", (lambda: 0.0,))


@pytest.fixture
def strict(make_app: AppFactory) -> Flask:
    """An app where a bucket holds one token."""
    return make_app(P2P_SIGNAL_RATE=0.001)


def test_a_client_that_sends_too_much(strict: Flask) -> None:
    ann, bob = join(strict, "room", "ann"), join(strict, "room", "bob")
    ann.offer("bob")
    assert bob.candidates("ann") == {"ok": True}
    error = bob.answer("ann")["error"]
    assert (error["code"], error["retry"], error["retry_after_ms"]) == (
        "rate_limited",
        True,
        60_000,
    )
    assert bob.rejoin()["error"]["code"] == "rate_limited"
    assert bob.emit("hello", {})["error"]["code"] == "rate_limited"


def test_a_host_may_send_more_the_more_peers_it_has(strict: Flask) -> None:
    ann = join(strict, "room", "ann")
    for number in range(CROWD):
        join(strict, "room", str(number))
    answers = [ann.offer(str(number)) for number in range(CROWD)]
    assert answers == [{"ok": True}] * CROWD


def test_a_session_that_sends_too_much(make_app: AppFactory) -> None:
    app = make_app(P2P_SESSION_SIGNAL_RATE=0.001)
    ann, bob, eve = (join(app, room, name) for room, name in ("1a", "1b", "2e"))
    assert ann.offer("b") == {"ok": True}
    assert bob.answer("a")["error"]["code"] == "rate_limited"
    assert eve.report({}) == {"ok": True}


def test_what_has_happened_is_told() -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    p2p = P2PStreams(app)
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    join(app, "room", "eve", token="forged")
    ann.offer("bob")
    bob.offer("ann")
    bob.candidates("ann")
    assert p2p.metrics() == {
        "joins": 2,
        "refused": {"unauthorized": 1, "forbidden": 1},
        "limited": dict.fromkeys(LIMITS, 0),
        "relayed": {"sdp_offer": 1, "sdp_answer": 0, "ice_candidate": 1},
        "relay_links": 0,
        "relay_batches": 0,
        "relay_bytes": 0,
        "elections": 1,
        "probes": {"lives": 0, "silent": 0, "moved": 0, "unknown": 0},
        "store_failures": 0,
        "evicted": 0,
        "bad_packets": 0,
        "sockets": 2,
        "sessions": 1,
    }
    ann.close()
    bob.close()
    assert (p2p.metrics()["sockets"], p2p.metrics()["sessions"]) == (0, 0)


# What one peer may cost


def over(answers: list[Any]) -> list[bool]:
    codes = [None if each["ok"] else each["error"]["code"] for each in answers]
    assert set(codes) <= {None, "rate_limited"}
    return [each is not None for each in codes]


def test_who_joins_again_and_again(make_app: AppFactory) -> None:
    app = make_app(P2P_JOIN_RATE=None, P2P_SIGNAL_RATE=None)
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    burst = int(REJOINS.burst)
    # It has come once before.
    assert sum(over([bob.rejoin() for _ in range(2 * burst)])) == burst + 1
    # Whether on this socket or on another; and ann hasn't been asked to offer more often.
    refusal = join(app, "room", "bob").refusal
    assert refusal is not None
    assert (refusal["code"], refusal["retry"], refusal["retry_after_ms"] > 0) == (
        "rate_limited",
        True,
        True,
    )
    asked = [each for each in ann.received("session_ready") if each["peer_id"] == "bob"]
    assert len(asked) == burst
    metrics = app.extensions["p2p_streams"].metrics.snapshot(sockets=0, sessions=0)
    assert metrics["limited"]["rejoin"] == burst + 2
    # Nobody else notices.
    assert join(app, "room", "eve").is_connected
    assert join(app, "hall", "bob").is_connected
    assert ann.rejoin(seat=ann.ready["seat"])["ok"]


def test_more_candidates_than_anybody_has(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.offer("bob")
    for sender, receiver in ((ann, bob), (bob, ann)):
        answers = [
            sender.candidates(receiver.peer_id, candidates=[candidate(number)])
            for number in range(MAX_CANDIDATES + 5)
        ]
        assert over(answers) == [False] * MAX_CANDIDATES + [True] * 5
        assert len(receiver.received("ice_candidate")) == MAX_CANDIDATES
    metrics = app.extensions["p2p_streams"].metrics.snapshot(sockets=0, sessions=0)
    assert metrics["limited"]["candidates"] == 10
    # The next negotiation has its own.
    ann.offer("bob", negotiation="n2")
    assert ann.candidates("bob", negotiation="n2") == {"ok": True}
    assert bob.candidates("ann", negotiation="n2") == {"ok": True}


def test_candidates_are_repeated_as_often_as_a_client_does(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.offer("bob")
    all_of_them = [candidate(number) for number in range(60)]
    # Every 2 s, until the attempt has had its time twice.
    answers = [bob.candidates("ann", candidates=all_of_them) for _ in range(15)]
    assert not any(over(answers))


def test_candidates_for_what_nobody_has_offered(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    assert bob.candidates("ann")["error"]["code"] == "forbidden"
    assert ann.candidates("bob")["error"]["code"] == "forbidden"
    ann.offer("bob", negotiation="n1")
    assert bob.candidates("ann", negotiation="n2") == {"ok": True}
    assert ann.candidates("bob", negotiation="n2") == {"ok": True}
    assert ann.received("ice_candidate") == bob.received("ice_candidate") == []


def test_a_host_elsewhere_is_not_sent_more_under_other_names(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    room = app.extensions["p2p_streams"].rooms._rooms["room"]
    del room.sids["ann"]
    answers = [
        bob.candidates("ann", candidates=[candidate(number)], negotiation=str(number))
        for number in range(MAX_CANDIDATES + 5)
    ]
    assert over(answers) == [False] * MAX_CANDIDATES + [True] * 5
    answers = [bob.answer("ann", negotiation=str(number)) for number in range(MAX_DESCRIPTIONS + 5)]
    assert over(answers) == [False] * MAX_DESCRIPTIONS + [True] * 5
    bob.rejoin()
    assert bob.candidates("ann") == {"ok": True}
    assert ann.is_connected


def test_descriptions_that_are_repeated_without_an_end(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    count = MAX_DESCRIPTIONS + 5
    passing = [False] * MAX_DESCRIPTIONS + [True] * 5
    assert over([ann.offer("bob") for _ in range(count)]) == passing
    assert over([bob.answer("ann") for _ in range(count)]) == passing
    assert len(ann.received("sdp_answer")) == len(bob.received("sdp_offer")) == MAX_DESCRIPTIONS


def test_rosters_without_an_end(app: Flask) -> None:
    ann = join(app, "room", "ann")
    burst = int(ROSTERS.burst)
    refused = over([ann.report({"bob": "connected"}) for _ in range(burst + 10)])
    assert refused == [False] * burst + [True] * 10
    metrics = app.extensions["p2p_streams"].metrics.snapshot(sockets=0, sessions=0)
    assert metrics["limited"]["roster"] == 10


def candidate(number: int) -> dict[str, Any]:
    return {**CANDIDATE, "candidate": f"{CANDIDATE['candidate']} {number}"}
