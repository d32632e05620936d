import pytest
from flask import Flask

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.testing import join
from tests.conftest import AppFactory

CROWD = 9


@pytest.fixture
def strict(make_app: AppFactory) -> Flask:
    """An app where a bucket holds one token, and gets no other in the time of a test."""
    return make_app(P2P_SIGNAL_RATE=0.001)


def test_a_client_that_sends_too_much(strict: Flask) -> None:
    join(strict, "room", "ann")
    bob = join(strict, "room", "bob")
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
        "limited": {"join": 0, "signal": 0, "session_signal": 0},
        "relayed": {"sdp_offer": 1, "sdp_answer": 0, "ice_candidate": 1},
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
