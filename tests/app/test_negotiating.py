import pytest
from flask import Flask

from flask_p2p_streams.testing import CANDIDATE, SDP, P2PTestPeer, join
from tests.conftest import AppFactory


@pytest.fixture
def eve(app: Flask, bob: P2PTestPeer) -> P2PTestPeer:
    return join(app, "room", "eve")


def code(answer: object) -> object:
    assert isinstance(answer, dict)
    assert answer["ok"] is False
    return answer["error"]["code"]


def test_an_offer_goes_to_its_peer_alone(
    ann: P2PTestPeer, bob: P2PTestPeer, eve: P2PTestPeer
) -> None:
    assert ann.offer("bob", negotiation="n1") == {"ok": True}
    assert bob.received("sdp_offer") == [
        {
            "from": "ann",
            "epoch": ann.epoch,
            "negotiation": "n1",
            "description": {"type": "offer", "sdp": SDP},
        }
    ]
    assert ann.received("sdp_offer") == eve.received("sdp_offer") == []


def test_an_answer_goes_to_the_host(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    ann.offer("bob", negotiation="n1")
    assert bob.answer("ann", negotiation="n1") == {"ok": True}
    assert [answer["from"] for answer in ann.received("sdp_answer")] == ["bob"]


def test_candidates_go_both_ways(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    ann.offer("bob")
    assert ann.candidates("bob") == bob.candidates("ann") == {"ok": True}
    assert bob.received("ice_candidate")[0]["candidates"] == [CANDIDATE]
    assert ann.received("ice_candidate")[0]["from"] == "bob"


# Direction


def test_a_client_may_not_offer(bob: P2PTestPeer, eve: P2PTestPeer) -> None:
    assert code(bob.offer("eve")) == "forbidden"
    assert code(bob.offer("ann")) == "forbidden"
    assert eve.received("sdp_offer") == []


def test_a_client_signals_to_its_host_alone(
    ann: P2PTestPeer, bob: P2PTestPeer, eve: P2PTestPeer
) -> None:
    assert code(bob.answer("eve")) == "forbidden"
    assert code(bob.candidates("eve")) == "forbidden"
    assert code(bob.candidates("bob")) == "forbidden"
    assert eve.received("sdp_answer") == eve.received("ice_candidate") == []


def test_a_host_does_not_answer(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    assert code(ann.answer("bob")) == "forbidden"
    assert code(ann.answer("ann")) == "forbidden"
    assert code(ann.offer("ann")) == "forbidden"
    assert code(ann.candidates("ann")) == "forbidden"


def test_nobody_there(ann: P2PTestPeer) -> None:
    assert code(ann.offer("nobody")) == "no_such_peer"
    assert code(ann.candidates("nobody")) == "no_such_peer"


def test_a_host_that_has_dropped(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    ann.drop()
    assert code(bob.answer("ann")) == "no_such_peer"


def test_who_has_detached_signals_no_more(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    assert bob.leave("connected") == {"ok": True}
    assert code(bob.answer("ann")) == "not_joined"
    assert code(ann.offer("bob")) == "no_such_peer"


# Epochs


@pytest.mark.parametrize("difference", [-1, 1])
def test_another_epoch(ann: P2PTestPeer, bob: P2PTestPeer, difference: int) -> None:
    epoch = ann.epoch + difference
    assert code(ann.offer("bob", epoch=epoch)) == "stale_epoch"
    assert code(ann.candidates("bob", epoch=epoch)) == "stale_epoch"
    assert code(bob.answer("ann", epoch=epoch)) == "stale_epoch"


def test_an_old_host_speaks_no_more(make_app: AppFactory) -> None:
    app = make_app(P2P_HOST_GRACE=0)
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.leave()
    assert bob.rejoin()["role"] == "host"
    old = ann.epoch
    assert ann.rejoin()["role"] == "client"
    assert code(ann.offer("bob", epoch=old)) == "stale_epoch"
    assert code(ann.offer("bob")) == "forbidden"
    assert bob.offer("ann") == {"ok": True}


def test_clients_learn_of_an_election_that_another_worker_held(
    app: Flask, ann: P2PTestPeer, bob: P2PTestPeer
) -> None:
    room = app.extensions["p2p_streams"].rooms._rooms["room"]
    room.epoch -= 5
    # Whose offers didn't come by here, either.
    del room.sids["ann"]
    assert bob.candidates("ann") == {"ok": True}


# What isn't understood


@pytest.mark.parametrize(
    "event",
    ["sdp_offer", "sdp_answer", "ice_candidate", "session_leave", "session_roster", "session_join"],
)
@pytest.mark.parametrize("payload", [None, [], "x", 7, b"x", {"to": "bob"}, {"x": 1}])
def test_the_wrong_shape(ann: P2PTestPeer, bob: P2PTestPeer, event: str, payload: object) -> None:
    for peer in (ann, bob):
        assert code(peer.emit(event, payload)) == "bad_request"
    assert ann.offer("bob") == {"ok": True}


@pytest.mark.parametrize("event", ["hello", "error", "on_connect", "trigger_event", "emit", ""])
def test_an_unknown_event(ann: P2PTestPeer, event: str) -> None:
    assert code(ann.emit(event, {})) == "bad_request"


def test_a_reserved_event_runs_no_handler(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    ann.offer("bob")
    for event in ("connect", "disconnect"):
        assert code(bob.emit(event, {})) == "bad_request"
        assert code(ann.emit(event, "transport close")) == "bad_request"
    assert bob.is_connected
    assert ann.received("peer_left") == bob.received("host_changed") == []
    assert bob.candidates("ann") == {"ok": True}


def test_too_large(make_app: AppFactory) -> None:
    app = make_app(P2P_MAX_SIGNAL_BYTES=1024)
    ann, _ = join(app, "room", "ann"), join(app, "room", "bob")
    sdp = {"type": "offer", "sdp": "v" * 1025}
    assert code(ann.offer("bob", description=sdp)) == "too_large"
    assert code(ann.candidates("bob", candidates=[{"candidate": "c" * 600}] * 2)) == "too_large"


def test_no_refusal_repeats_what_was_sent(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    for payload in ({"secret": 1}, {"to": "secret" * 50}, {"reason": "secret"}):
        for event in ("sdp_offer", "session_leave", "secret"):
            assert "secret" not in str(ann.emit(event, payload))


def test_an_error_of_our_own_is_answered(
    app: Flask,
    ann: P2PTestPeer,
    bob: P2PTestPeer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = app.extensions["p2p_streams"].store
    token = app.extensions["p2p_streams"].issuer.token("room", "eve", 60, 60)

    def fail(*_: object) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr(store, "read", fail)
    assert code(ann.offer("bob")) == "internal"
    assert "a bug" in caplog.text
    monkeypatch.setattr(store, "update", fail)
    eve = join(app, "room", "eve", token=token)
    assert eve.refusal is not None
    assert eve.refusal["code"] == "internal"
    assert "a bug" not in str(eve.refusal)


# Only what was offered is answered


def test_nobody_answers_what_was_not_offered(
    ann: P2PTestPeer, bob: P2PTestPeer, eve: P2PTestPeer
) -> None:
    assert ann.offer("bob") == {"ok": True}
    assert code(eve.answer("ann")) == "forbidden"
    assert bob.answer("ann") == {"ok": True}
    assert [answer["from"] for answer in ann.received("sdp_answer")] == ["bob"]


def test_the_answer_to_an_older_offer_is_dropped(ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    ann.offer("bob", negotiation="n1")
    ann.offer("bob", negotiation="n2")
    assert bob.answer("ann", negotiation="n1") == {"ok": True}
    assert ann.received("sdp_answer") == []
    assert bob.answer("ann", negotiation="n2") == {"ok": True}
    assert len(ann.received("sdp_answer")) == 1


def test_a_page_answers_no_offer_to_the_one_before(
    app: Flask, ann: P2PTestPeer, bob: P2PTestPeer
) -> None:
    ann.offer("bob")
    assert code(join(app, "room", "bob").answer("ann")) == "forbidden"


def test_the_offers_of_a_host_elsewhere_did_not_come_by_here(
    app: Flask, ann: P2PTestPeer, bob: P2PTestPeer
) -> None:
    room = app.extensions["p2p_streams"].rooms._rooms["room"]
    del room.sids["ann"]
    assert bob.answer("ann") == {"ok": True}
