"""Clients that find no path to their host, and say so when they join again."""

import logging

import pytest
from flask import Flask

from flask_p2p_streams.sessions import reach
from flask_p2p_streams.testing import P2PTestPeer, join
from tests.conftest import AppFactory


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a new host have no time to get connected, but where a test says so."""
    monkeypatch.setattr(reach, "UNREACHED_AFTER", 0.0)


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    return make_app(P2P_HOST_GRACE=3600, P2P_RELAY="off")


@pytest.fixture
def sym(app: Flask) -> P2PTestPeer:
    """A host that has told of two clients it negotiates with."""
    host = join(app, "room", "sym")
    for peer_id in ("bob", "cyd"):
        join(app, "room", peer_id)
    assert host.report({"bob": "connecting", "cyd": "connecting"}) == {"ok": True}
    return host


def miss(app: Flask, host: P2PTestPeer, peer_id: str, **changes: bool) -> P2PTestPeer:
    return join(app, "room", peer_id, unreached_epoch=host.epoch, **changes)


def test_two_words_are_followed_by_another_host(
    app: Flask, sym: P2PTestPeer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flask_p2p_streams")
    bob = miss(app, sym, "bob")
    assert bob.ready["host_peer_id"] == "sym"
    cyd = miss(app, sym, "cyd")
    assert cyd.is_host
    assert cyd.epoch > sym.epoch
    told = {"host_peer_id": "cyd", "epoch": cyd.epoch, "reason": "elected"}
    assert [each.received("host_changed")[-1] for each in (sym, bob, cyd)] == [told] * 3
    assert "host 'cyd' follows one that too few of its clients could reach" in caplog.text


def test_the_former_host_is_a_client_then(app: Flask, sym: P2PTestPeer) -> None:
    seat = sym.ready["seat"]
    miss(app, sym, "bob")
    cyd = miss(app, sym, "cyd")
    assert sym.report({"bob": "connected"})["error"]["code"] == "forbidden"
    answer = sym.rejoin(seat=seat)
    assert (answer["role"], answer["host_peer_id"]) == ("client", "cyd")
    assert cyd.received("session_ready")[-1]["peer_id"] == "sym"
    assert app.extensions["p2p_streams"].store.read("room").deposed.keys() == {"sym"}


def test_a_new_host_has_its_time(
    app: Flask, sym: P2PTestPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "UNREACHED_AFTER", 3600.0)
    for peer_id in ("bob", "cyd", "dan"):
        assert not miss(app, sym, peer_id).is_host
    monkeypatch.setattr(reach, "UNREACHED_AFTER", 0.0)
    assert miss(app, sym, "bob").is_host


def test_one_peer_alone_can_not_do_it(app: Flask, sym: P2PTestPeer) -> None:
    bob = miss(app, sym, "bob")
    for _ in range(5):
        bob = miss(app, sym, "bob")
        assert bob.emit("session_join", {"unreached_epoch": sym.epoch})["role"] == "client"
    assert sym.report({"bob": "connecting", "cyd": "connecting"}) == {"ok": True}


def test_nor_can_two_where_others_are_connected(app: Flask, sym: P2PTestPeer) -> None:
    assert sym.report({"ann": "connected", "dan": "connected"}) == {"ok": True}
    for _ in range(3):
        for peer_id in ("bob", "cyd"):
            assert not miss(app, sym, peer_id).is_host


def test_who_let_go_of_the_server_is_connected(app: Flask, sym: P2PTestPeer) -> None:
    for peer_id in ("ann", "dan"):
        join(app, "room", peer_id).leave("connected")
    assert not miss(app, sym, "bob").is_host
    assert not miss(app, sym, "cyd").is_host


def test_a_host_that_is_back_has_not_said_yet_whom_it_reaches(
    sym: P2PTestPeer, make_app: AppFactory
) -> None:
    assert sym.report({"ann": "connected", "dan": "connected"}) == {"ok": True}
    # As after a restart of the server, which remembers nothing.
    restarted = make_app(P2P_HOST_GRACE=3600, P2P_RELAY="off")
    back = join(restarted, "room", "sym", seat=sym.ready["seat"])
    assert (back.is_host, back.epoch) == (True, sym.epoch)
    for _ in range(2):
        for peer_id in ("bob", "cyd"):
            assert not miss(restarted, back, peer_id).is_host
    assert back.report({"bob": "connecting", "cyd": "connecting"}) == {"ok": True}
    assert miss(restarted, back, "bob").is_host


def test_who_may_not_host_is_heard_all_the_same(app: Flask, sym: P2PTestPeer) -> None:
    reader = miss(app, sym, "bob", can_host=False)
    assert reader.ready["host_peer_id"] == "sym"
    assert sym.received("session_ready")[-1]["can_host"] is False
    assert miss(app, sym, "cyd").is_host


def test_two_hosts_in_a_row_take_some_time(
    app: Flask, sym: P2PTestPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    miss(app, sym, "bob")
    cyd = miss(app, sym, "cyd")
    assert cyd.report({"bob": "connecting", "sym": "connecting"}) == {"ok": True}
    assert not miss(app, cyd, "bob").is_host
    assert not miss(app, cyd, "ann").is_host
    monkeypatch.setattr(reach, "DEPOSING_PAUSE", 0.0)
    assert not miss(app, cyd, "sym").is_host
    assert miss(app, cyd, "ann").is_host


def test_the_seat_goes_to_whom_the_host_has_chosen(app: Flask, sym: P2PTestPeer) -> None:
    bob = miss(app, sym, "bob")
    assert sym.emit("session_leave", {"reason": "closed", "successor": "bob"}) == {"ok": True}
    cyd = miss(app, sym, "cyd")
    assert cyd.refusal is not None
    assert (cyd.refusal["code"], cyd.refusal["retry_after_ms"]) == ("unavailable", 500)
    assert bob.emit("session_join", {"connected_epoch": bob.epoch})["role"] == "host"
    assert join(app, "room", "cyd").ready["host_peer_id"] == "bob"


def test_where_there_is_nobody_else_one_is_enough(app: Flask) -> None:
    sym = join(app, "room", "sym")
    assert sym.report({}) == {"ok": True}
    assert miss(app, sym, "bob").is_host
