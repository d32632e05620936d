import logging

import pytest
from flask import Flask

from flask_p2p_streams.testing import join
from tests.conftest import AppFactory


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    return make_app(P2P_HOST_GRACE=3600, P2P_ICE_SERVERS=[{"urls": "stun:s.example"}])


def code(refusal: object) -> object:
    return refusal["code"] if isinstance(refusal, dict) else refusal


def test_the_first_one_hosts(app: Flask) -> None:
    ann = join(app, "room", "ann")
    seat = ann.ready["seat"]
    assert ann.received("session_ready") == [
        {
            "peer_id": "ann",
            "host_peer_id": "ann",
            "epoch": ann.epoch,
            "ice_servers": [{"urls": ["stun:s.example"]}],
            "relay": "fallback",
            "can_send": True,
            "seat": seat,
        }
    ]
    changed = {"host_peer_id": "ann", "epoch": ann.epoch, "reason": "elected"}
    assert ann.received("host_changed") == [changed]


def test_a_client_and_its_host_hear_of_each_other(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    notice = {**ann.received("session_ready")[0], "peer_id": "bob"}
    del notice["seat"]
    assert ann.received("session_ready")[1:] == [notice]
    assert bob.received("session_ready") == [notice]
    assert bob.received("host_changed") == []


def test_only_the_host_hears_of_a_newcomer(app: Flask) -> None:
    join(app, "room", "ann")
    bob, _ = join(app, "room", "bob"), join(app, "room", "eve")
    assert len(bob.received("session_ready")) == 1


def test_sessions_do_not_meet(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "hall", "bob")
    assert ann.is_host
    assert bob.is_host
    assert ann.offer("bob")["error"]["code"] == "no_such_peer"


@pytest.mark.parametrize("token", ["", "forged", "x" * 5000, "é", "\0"])
def test_a_wrong_token(app: Flask, token: str) -> None:
    eve = join(app, "room", "eve", token=token)
    assert not eve.is_connected
    assert code(eve.refusal) in ("unauthorized", "too_large")
    assert set(eve.refusal or ()) == {"code", "message", "hint", "retry"}


def test_an_expired_token(app: Flask) -> None:
    token = app.extensions["p2p_streams"].signer.token("room", "eve", -1, 60)
    assert code(join(app, "room", "eve", token=token).refusal) == "token_expired"


def test_a_token_decides_alone_who_joins_what(app: Flask) -> None:
    token = app.extensions["p2p_streams"].signer.token("hall", "eve", 60, 60)
    eve = join(app, "room", "eve", token=token)
    ann = join(app, "room", "ann")
    assert ann.is_host
    assert eve.offer("ann")["error"]["code"] == "no_such_peer"


def test_a_refused_socket_leaves_nothing_behind(app: Flask) -> None:
    ann = join(app, "room", "ann")
    ann.drop()
    bob = join(app, "room", "bob")
    assert code(bob.refusal) == "unavailable"
    assert bob.refusal is not None
    assert 0 < bob.refusal["retry_after_ms"] <= 3_600_000
    rooms = app.extensions["p2p_streams"].rooms
    assert len(rooms) == 0
    assert app.extensions["socketio"].server.manager.rooms == {}


# Coming again


def test_a_host_that_comes_back_with_its_seat_keeps_its_epoch(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.drop()
    again = join(app, "room", "ann", seat=ann.ready["seat"])
    assert again.is_host
    assert again.epoch == ann.epoch
    assert [change["reason"] for change in bob.received("host_changed")] == ["lost", "resumed"]


def test_a_host_that_joins_again_by_the_same_socket_is_no_news(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flask_p2p_streams")
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    caplog.clear()
    for seat in (ann.ready["seat"], None):
        assert ann.rejoin(seat=seat)["epoch"] == ann.epoch
    assert bob.received("host_changed") == []
    assert caplog.text == ""
    assert ann.leave() == {"ok": True}
    assert ann.rejoin(seat=ann.ready["seat"])["role"] == "host"
    assert [change["reason"] for change in bob.received("host_changed")] == ["left", "resumed"]


def test_a_seat_is_good_where_the_cache_lost_its_memory(app: Flask) -> None:
    ann = join(app, "room", "ann")
    ann.drop()
    app.extensions["p2p_streams"].store.guarded._store.clear()
    again = join(app, "room", "ann", seat=ann.ready["seat"])
    assert again.epoch == ann.epoch
    assert not join(app, "room", "bob").is_host


@pytest.mark.parametrize("seat", ["forged", "x" * 5000, ""])
def test_a_wrong_seat(app: Flask, seat: str) -> None:
    refusal = join(app, "room", "eve", seat=seat).refusal
    assert code(refusal) in ("unauthorized", "too_large", "bad_request")


def test_a_seat_of_somebody_else(app: Flask) -> None:
    ann = join(app, "room", "ann")
    assert code(join(app, "room", "eve", seat=ann.ready["seat"]).refusal) == "unauthorized"
    assert code(join(app, "hall", "ann", seat=ann.ready["seat"]).refusal) == "unauthorized"


def test_an_old_seat_joins_as_a_client(app: Flask) -> None:
    ann = join(app, "room", "ann")
    ann.leave()
    bob = join(app, "room", "bob")
    again = join(app, "room", "ann", seat=ann.ready["seat"])
    assert bob.is_host
    assert not again.is_host
    assert again.epoch == bob.epoch > ann.epoch


def test_who_lost_the_host_too_does_not_wait(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    bob.leave("connected")
    ann.report({"ann": "connected", "bob": "connected"})
    ann.drop()
    again = join(app, "room", "bob", lost_epoch=ann.epoch)
    assert again.is_host
    assert again.epoch > ann.epoch


def test_a_host_whose_server_forgot_it_is_lost(app: Flask) -> None:
    ann = join(app, "room", "ann")
    ann.report({"bob": "connected"})
    # As after a restart: the shared cache remembers a socket that nobody holds.
    app.extensions["socketio"].server.manager.rooms.clear()
    assert code(join(app, "room", "bob").refusal) == "unavailable"
    assert join(app, "room", "bob", lost_epoch=ann.epoch).is_host


def test_a_client_that_is_still_connected_is_not_offered_again(app: Flask) -> None:
    ann = join(app, "room", "ann")
    bob = join(app, "room", "bob", connected_epoch=ann.epoch)
    assert len(ann.received("session_ready")) == 1
    assert not bob.is_host
    join(app, "room", "eve", connected_epoch=ann.epoch - 1)
    assert len(ann.received("session_ready")) == 2


# The same peer twice


def test_a_later_socket_takes_the_place_of_an_earlier_one(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    again = join(app, "room", "bob")
    assert [code(error) for error in bob.received("session_error")] == ["peer_replaced"]
    assert not bob.is_connected
    assert again.is_connected
    assert ann.received("peer_left") == []
    ann.offer("bob")
    assert len(again.received("sdp_offer")) == 1
    assert bob.received("sdp_offer") == []


def test_a_reloaded_host_is_elected_afresh(app: Flask) -> None:
    ann = join(app, "room", "ann")
    again = join(app, "room", "ann")
    assert again.is_host
    assert again.epoch > ann.epoch
    assert not ann.is_connected
    assert [change["reason"] for change in again.received("host_changed")] == ["elected"]


def test_joining_again_on_an_open_socket(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    assert bob.rejoin() == {
        "ok": True,
        "role": "client",
        "peer_id": "bob",
        "host_peer_id": "ann",
        "epoch": ann.epoch,
    }
    assert len(ann.received("session_ready")) == 3
    answer = ann.rejoin(seat=ann.ready["seat"])
    assert answer["role"] == "host"
    assert answer["epoch"] == ann.epoch
    assert answer["seat"]


def test_joining_again_after_a_goodbye(app: Flask) -> None:
    ann = join(app, "room", "ann")
    ann.leave()
    before = ann.epoch
    assert ann.rejoin()["epoch"] > before


def test_joining_again_while_a_host_is_awaited(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.drop()
    assert bob.rejoin()["error"]["code"] == "unavailable"
    assert join(app, "room", "ann", seat=ann.ready["seat"]).is_host
    assert bob.received("host_changed")[-1]["reason"] == "resumed"


@pytest.mark.parametrize("peer_id", ["a b", "é☃", "p2p:room", "../x", "<b>", "x" * 128, "\1\n"])
def test_strange_ids(app: Flask, peer_id: str) -> None:
    host, client = join(app, peer_id, "host"), join(app, peer_id, peer_id)
    assert host.offer(peer_id) == {"ok": True}
    assert client.received("sdp_offer")[0]["from"] == "host"
    assert client.answer("host") == {"ok": True}
    assert host.received("sdp_answer")[0]["from"] == peer_id
