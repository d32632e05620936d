"""The server's path: who may relay what to whom, and what it costs."""

from typing import Any

import pytest
from flask import Flask

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.limits.budgets import (
    BATCH_BYTES,
    BATCHES,
    HOST_BATCHES,
    PATIENCE,
    RELAY_BURST,
    RELAY_PATIENCE,
    RELAY_WAIT,
    SESSION_RELAY_BURST,
)
from flask_p2p_streams.limits.throttle import Throttle
from flask_p2p_streams.protocol.errors import ErrorCode, SignalingError
from flask_p2p_streams.protocol.relay import MAX_BATCH_BYTES
from flask_p2p_streams.testing import P2PTestPeer, join
from tests.conftest import AppFactory

FULL = ["x" * MAX_BATCH_BYTES]


def relay(peer: P2PTestPeer, to: str, packets: list[str] | None = None, **changes: Any) -> Any:
    batch = {"to": to, "epoch": peer.epoch, "negotiation": "a-link", "n": 1, "ack": 0}
    return peer.emit("relay", {**batch, "packets": packets or ['{"a":1}'], **changes})


def code(answer: Any) -> object:
    assert answer["ok"] is False
    return answer["error"]["code"]


@pytest.fixture
def eve(app: Flask, bob: P2PTestPeer) -> P2PTestPeer:
    return join(app, "room", "eve")


@pytest.fixture
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no bucket fill again while a test stands still."""
    monkeypatch.setattr(Throttle.__init__, "__defaults__", (lambda: 0.0,))


# What gets through


def test_a_batch_goes_to_its_receiver_alone(
    ann: P2PTestPeer, bob: P2PTestPeer, eve: P2PTestPeer
) -> None:
    packets = ['{"type":"Text","é":"☃"}', "bAAEC"]
    assert relay(bob, "ann", packets, n=3, ack=2, lane="bulk", part=True) == {"ok": True}
    assert ann.received("relay") == [
        {
            "from": "bob",
            "epoch": ann.epoch,
            "negotiation": "a-link",
            "n": 3,
            "ack": 2,
            "lane": "bulk",
            "packets": packets,
            "part": True,
        }
    ]
    assert bob.received("relay") == eve.received("relay") == []


def test_a_host_relays_to_each_of_its_clients(
    ann: P2PTestPeer, bob: P2PTestPeer, eve: P2PTestPeer
) -> None:
    assert relay(ann, "bob") == relay(ann, "eve") == {"ok": True}
    assert [each["from"] for each in bob.received("relay")] == ["ann"]
    assert [each["from"] for each in eve.received("relay")] == ["ann"]


def test_an_acknowledgement_has_no_packets(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    batch = {"to": "ann", "epoch": bob.epoch, "negotiation": "a-link", "n": 0, "ack": 7}
    assert bob.emit("relay", batch) == {"ok": True}
    (heard,) = ann.received("relay")
    assert heard == {"from": "bob", **{key: batch[key] for key in batch if key != "to"}}


def test_each_peer_is_told_whether_the_server_relays(make_app: AppFactory) -> None:
    for mode in ("off", "fallback", "first"):
        app = make_app(P2P_RELAY=mode)
        ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
        assert {each["relay"] for each in ann.received("session_ready")} == {mode}
        assert bob.ready["relay"] == mode


# What doesn't


def test_clients_do_not_relay_to_each_other(bob: P2PTestPeer, eve: P2PTestPeer) -> None:
    assert code(relay(bob, "eve")) == "forbidden"
    assert code(relay(bob, "bob")) == "forbidden"
    assert eve.received("relay") == []


def test_nobody_relays_into_another_session(app: Flask, ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    cyd, dan = join(app, "elsewhere", "cyd"), join(app, "elsewhere", "dan")
    assert code(relay(bob, "cyd")) == "forbidden"
    assert code(relay(ann, "dan")) == "no_such_peer"
    assert cyd.received("relay") == dan.received("relay") == []


def test_a_peer_that_has_not_joined(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    assert code(relay(ann, "nobody")) == "no_such_peer"
    bob.leave("connected")
    assert code(relay(ann, "bob")) == "no_such_peer"
    assert code(relay(bob, "ann")) == "not_joined"


def test_a_host_that_has_dropped(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    ann.drop()
    assert code(relay(bob, "ann")) == "no_such_peer"


@pytest.mark.parametrize("difference", [-1, 1])
def test_another_epoch(ann: P2PTestPeer, bob: P2PTestPeer, difference: int) -> None:
    assert code(relay(ann, "bob", epoch=ann.epoch + difference)) == "stale_epoch"
    assert code(relay(bob, "ann", epoch=bob.epoch + difference)) == "stale_epoch"


def test_clients_learn_of_an_election_that_another_worker_held(
    app: Flask, ann: P2PTestPeer, bob: P2PTestPeer
) -> None:
    app.extensions["p2p_streams"].rooms._rooms["room"].epoch -= 5
    assert relay(bob, "ann") == {"ok": True}


def test_nothing_is_relayed_where_that_is_off(make_app: AppFactory) -> None:
    app = make_app(P2P_RELAY="off")
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    assert code(relay(bob, "ann")) == code(relay(ann, "bob")) == "relay_off"
    assert ann.received("relay") == []


def test_what_is_too_large(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    assert relay(bob, "ann", FULL) == {"ok": True}
    assert code(relay(bob, "ann", [*FULL, "x"])) == "too_large"
    assert code(relay(bob, "ann", ["x"] * 65)) == "too_large"
    assert len(ann.received("relay")) == 1


# How much


@pytest.mark.usefixtures("timeless")
def test_a_link_that_relays_too_much(make_app: AppFactory) -> None:
    app = make_app(P2P_RELAY_RATE=1024)
    ann, bob, eve = (join(app, "room", name) for name in ("ann", "bob", "eve"))
    fitting = int(RELAY_BURST // (MAX_BATCH_BYTES + BATCH_BYTES))
    assert [relay(bob, "ann", FULL) for _ in range(fitting)] == [{"ok": True}] * fitting
    error = relay(bob, "ann", FULL)["error"]
    assert (error["code"], error["retry"]) == ("relay_full", True)
    assert 100 < error["retry_after_ms"] <= 60_000
    assert len(ann.received("relay")) == fitting
    # Neither the other direction nor another link is concerned.
    assert relay(ann, "bob", FULL) == relay(eve, "ann", FULL) == {"ok": True}


@pytest.mark.usefixtures("timeless")
def test_a_session_that_relays_too_much(make_app: AppFactory) -> None:
    app = make_app(P2P_RELAY_RATE=None, P2P_SESSION_RELAY_RATE=MAX_BATCH_BYTES)
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    dan = [join(app, "elsewhere", name) for name in ("cyd", "dan")][1]
    burst = max(RELAY_BURST, MAX_BATCH_BYTES * SESSION_RELAY_BURST)
    fitting = int(burst // (MAX_BATCH_BYTES + BATCH_BYTES))
    answers = [relay(bob, "ann", FULL) for _ in range(fitting)]
    assert answers == [{"ok": True}] * fitting
    assert code(relay(bob, "ann", FULL)) == code(relay(ann, "bob", FULL)) == "relay_full"
    assert relay(dan, "cyd", FULL) == {"ok": True}


@pytest.mark.usefixtures("timeless")
def test_batches_count_for_themselves(make_app: AppFactory) -> None:
    app = make_app(P2P_SIGNAL_RATE=0.001, P2P_SESSION_SIGNAL_RATE=0.001)
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    sent = [relay(bob, "ann")["ok"] for _ in range(int(BATCHES.burst) + 2)]
    assert sent == [True] * int(BATCHES.burst) + [False] * 2
    # A host sends those of many links.
    assert all(relay(ann, "bob")["ok"] for _ in range(int(HOST_BATCHES.burst)))
    assert code(relay(ann, "bob")) == "relay_full"
    # None of them has counted as a signal.
    assert ann.offer("bob") == {"ok": True}


@pytest.mark.usefixtures("timeless")
@pytest.mark.parametrize(
    ("who", "other", "is_closed"), [("ann", "bob", False), ("bob", "ann", True)]
)
def test_only_a_client_is_closed_for_relaying_too_much(
    make_app: AppFactory, monkeypatch: pytest.MonkeyPatch, who: str, other: str, is_closed: bool
) -> None:
    # A host has many links, and each of them may be full now and then.
    app = make_app(P2P_RELAY_RATE=1024)
    peers = {name: join(app, "room", name) for name in ("ann", "bob")}
    throttle = app.extensions["p2p_streams"].throttle
    monkeypatch.setattr(throttle, "batch", lambda eio_sid, *, is_host: None)
    attempts = int(RELAY_BURST // MAX_BATCH_BYTES + PATIENCE.burst / RELAY_PATIENCE) + 10
    for _ in range(attempts):
        relay(peers[who], other, FULL)
    assert bool(throttle._flooding) is is_closed


def test_a_batch_waits_for_its_turn_unless_that_is_too_far_away(
    make_app: AppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    asked = []

    def turn(share: float, longest: float) -> tuple[float, SignalingError | None]:
        asked.append((share, longest))
        is_late = len(asked) % 2 == 0
        return 0.01, SignalingError(ErrorCode.RELAY_FULL) if is_late else None

    monkeypatch.setattr(app.extensions["p2p_streams"].throttle, "turn", turn)
    assert relay(bob, "ann") == {"ok": True}
    assert code(relay(bob, "ann")) == "relay_full"
    assert relay(ann, "bob") == {"ok": True}
    # A host has many links: the more, the less it waits.
    assert asked == [(1.0, RELAY_WAIT)] * 2 + [(0.5, RELAY_WAIT)]
    # Where more of a client is read while one of its events is handled, nothing waits.
    monkeypatch.setattr(app.extensions["socketio"].server, "async_handlers", True)
    relay(bob, "ann")
    assert asked[-1] == (1.0, 0.0)


def test_what_was_relayed_is_counted(p2p: P2PStreams, app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    relay(bob, "ann", ["1234", "é"])
    relay(bob, "ann", ["1234"])
    relay(ann, "bob", ["12"])
    relay(bob, "bob")
    counted = p2p.metrics()
    assert (counted["relay_links"], counted["relay_batches"], counted["relay_bytes"]) == (1, 3, 12)
    assert counted["refused"] == {"forbidden": 1}
    relay(bob, "ann", negotiation="another")
    assert p2p.metrics()["relay_links"] == 2


# Links that are to be repaired


def test_a_host_is_asked_to_repair_a_link(app: Flask, ann: P2PTestPeer) -> None:
    join(app, "room", "bob", connected_epoch=ann.epoch)
    assert len(ann.received("session_ready")) == 1
    bob = join(app, "room", "bob")
    before = len(ann.received("session_ready"))
    answer = bob.emit("session_join", {"connected_epoch": ann.epoch, "link": "a-link"})
    assert answer["ok"] is True
    told = ann.received("session_ready")[before:]
    assert [(each["peer_id"], each["link"]) for each in told] == [("bob", "a-link")]
    assert "link" not in bob.ready


def test_another_host_is_not_told_of_a_link(app: Flask, ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    told = len(ann.received("session_ready"))
    bob.emit("session_join", {"connected_epoch": ann.epoch - 1, "link": "a-link"})
    assert ["link" in each for each in ann.received("session_ready")[told:]] == [False]


def test_an_offer_tells_which_link_it_is_for(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    ann.offer("bob", link="a-link", restart=True)
    (offer,) = bob.received("sdp_offer")
    assert (offer["link"], offer["restart"]) == ("a-link", True)
