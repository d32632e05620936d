from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

import flask_p2p_streams as p2p
from flask_p2p_streams.sessions.record import Session
from flask_p2p_streams.testing import join
from tests.conftest import AppFactory
from tests.kit.waiting import until


def reasons(changes: list[Any]) -> list[tuple[object, object]]:
    return [(change["reason"], change["host_peer_id"]) for change in changes]


def test_a_host_that_says_goodbye_frees_the_seat(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    assert ann.leave() == {"ok": True}
    assert reasons(bob.received("host_changed")) == [("left", None)]
    assert join(app, "room", "eve").is_host
    assert bob.received("host_changed")[-1]["host_peer_id"] == "eve"


def test_a_host_that_drops_keeps_its_seat_for_a_moment(make_app: AppFactory) -> None:
    app = make_app(P2P_HOST_GRACE=3600)
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.drop()
    changed = {"host_peer_id": None, "epoch": ann.epoch, "reason": "lost"}
    assert bob.received("host_changed") == [changed]
    assert join(app, "room", "eve").refusal is not None


def test_after_the_grace_the_next_one_hosts(make_app: AppFactory) -> None:
    app = make_app(P2P_HOST_GRACE=0)
    join(app, "room", "ann").drop()
    assert join(app, "room", "bob").is_host


def test_a_goodbye_and_then_the_drop(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.leave()
    ann.drop()
    assert reasons(bob.received("host_changed")) == [("left", None)]


def test_a_late_report_of_a_loss_harms_no_successor(app: Flask) -> None:
    ann = join(app, "room", "ann")
    again = join(app, "room", "ann", seat=ann.ready["seat"])
    app.extensions["p2p_streams"].signaling.disconnect("the old socket")
    assert not join(app, "room", "bob").is_host
    assert again.received("host_changed")[-1]["reason"] == "resumed"


@pytest.mark.parametrize("how", ["leave", "close", "drop"])
def test_a_client_that_goes_before_it_is_connected(app: Flask, how: str) -> None:
    ann, bob, eve = (join(app, "room", name) for name in ("ann", "bob", "eve"))
    getattr(bob, how)()
    assert ann.received("peer_left") == [{"peer_id": "bob", "epoch": ann.epoch}]
    assert eve.received("peer_left") == []


def test_a_client_that_is_connected_goes_quietly(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    assert bob.leave("connected") == {"ok": True}
    assert bob.leave("connected")["error"]["code"] == "not_joined"
    bob.drop()
    assert ann.received("peer_left") == []
    ann.leave()
    assert bob.received("host_changed") == []


def test_a_host_cannot_detach(app: Flask) -> None:
    ann = join(app, "room", "ann")
    assert ann.leave("connected")["error"]["code"] == "bad_request"
    assert not join(app, "room", "bob").is_host


def test_nothing_is_left_behind(app: Flask) -> None:
    peers = [join(app, "room", str(n)) for n in range(5)]
    again = join(app, "room", "3")
    peers[1].leave("connected")
    peers[2].leave()
    for peer in (*peers, again):
        peer.drop()
    rooms = app.extensions["p2p_streams"].rooms
    manager = app.extensions["socketio"].server.manager
    assert (len(rooms), rooms.session_count) == (0, 0)
    assert (manager.rooms, manager.pending_connect, manager.pending_disconnect) == ({}, {}, {})


# The roster


def test_the_roster_keeps_the_session_alive(app: Flask) -> None:
    ann = join(app, "room", "ann")
    app.extensions["p2p_streams"].store.guarded._store.clear()
    assert ann.report({"bob": "connected"}) == {"ok": True}
    assert not join(app, "room", "eve").is_host
    assert app.extensions["p2p_streams"].store.read_roster("room") == {"bob": "connected"}


def test_only_the_host_of_this_epoch_reports(app: Flask) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    assert bob.report({})["error"]["code"] == "forbidden"
    stale = {"epoch": ann.epoch - 1, "peers": {}}
    assert ann.emit("session_roster", stale)["error"]["code"] == "stale_epoch"
    ann.leave()
    assert ann.report({})["error"]["code"] == "not_joined"


def test_a_host_that_another_worker_has_replaced(app: Flask) -> None:
    ann = join(app, "room", "ann")
    store = app.extensions["p2p_streams"].store
    later = Session("room", ann.epoch + 1, "eve", "a socket elsewhere", None)
    store.update("room", lambda _: (later, None), 60)
    assert ann.report({})["error"]["code"] == "stale_epoch"
    assert ann.offer("bob")["error"]["code"] == "stale_epoch"


# What the app hears

NAMES = [
    "session_opened",
    "peer_joined",
    "host_elected",
    "host_lost",
    "peer_connected",
    "peer_left",
]


@pytest.fixture
def heard(app: Flask) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    news: list[tuple[str, dict[str, Any]]] = []
    receivers = []
    for name in NAMES:

        def receive(sender: Flask, _name: str = name, **details: Any) -> None:
            assert sender is app
            news.append((_name, details))

        receivers.append(receive)
        getattr(p2p, name).connect(receive, app)
    yield news
    for name, receiver in zip(NAMES, receivers, strict=True):
        getattr(p2p, name).disconnect(receiver, app)


def test_a_session_s_life(app: Flask, heard: list[tuple[str, dict[str, Any]]]) -> None:
    ann, bob, eve = (join(app, "room", name) for name in ("ann", "bob", "eve"))
    bob.leave("connected")
    eve.drop()
    ann.leave()
    who = {name: {"session_id": "room", "peer_id": name} for name in ("ann", "bob", "eve")}
    # Each of them might have come back.
    until(lambda: ("peer_left", who["ann"]) in heard, lambda: f"Only {heard} has been heard.")
    assert heard == [
        ("session_opened", {"session_id": "room"}),
        ("peer_joined", {**who["ann"], "host": True}),
        ("peer_connected", who["ann"]),
        ("host_elected", {**who["ann"], "epoch": ann.epoch}),
        ("peer_joined", {**who["bob"], "host": False}),
        ("peer_joined", {**who["eve"], "host": False}),
        ("peer_connected", who["bob"]),
        ("host_lost", {**who["ann"], "epoch": ann.epoch, "reason": "left"}),
        ("peer_left", who["eve"]),
        ("peer_left", who["ann"]),
    ]


def test_a_receiver_that_fails_harms_nobody(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail(sender: Flask, **_: Any) -> None:
        raise RuntimeError("a receiver's bug")

    with p2p.peer_joined.connected_to(fail, app):
        assert join(app, "room", "ann").is_host
    assert "a receiver's bug" in caplog.text


def test_nothing_secret_is_logged(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "flask_p2p_streams")
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    ann.offer("bob")
    bob.candidates("ann")
    ann.drop()
    assert "ann" in caplog.text
    for secret in (ann.ready["seat"], "v=0", "candidate:", "127.0.0.1"):
        assert secret not in caplog.text
