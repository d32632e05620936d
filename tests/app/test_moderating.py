from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import flask_p2p_streams as signals
from flask_p2p_streams import ArgumentError, ErrorCode, P2PStreams, SignalingError
from flask_p2p_streams.testing import P2PTestPeer, join
from tests.unit.stores.test_session_store import Memory


@pytest.fixture(autouse=True)
def nothing_is_held(app: Flask) -> Iterator[None]:
    yield
    rooms = app.extensions["p2p_streams"].signaling.rooms
    for member in list(rooms._members.values()):
        app.extensions["socketio"].server.disconnect(member.sid, namespace="/p2p")
    assert (len(rooms), rooms.session_count) == (0, 0)
    assert app.extensions["socketio"].server.manager.rooms == {}


def worker(store: Memory) -> tuple[Flask, P2PStreams]:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    return app, P2PStreams(app, store=store)


def codes(errors: list[Any]) -> list[str]:
    return [error["code"] for error in errors]


def refusal(peer: P2PTestPeer) -> str:
    assert peer.refusal is not None
    return str(peer.refusal["code"])


# Removing


def test_a_client_with_a_socket(app: Flask, p2p: P2PStreams, ann: Any, bob: Any) -> None:
    eve = join(app, "room", "eve")
    p2p.kick("room", "bob")
    assert codes(bob.received("session_error")) == ["forbidden"]
    assert not bob.is_connected
    [notice] = ann.received("peer_expelled")
    assert notice == {"peer_id": "bob", "error": bob.received("session_error")[0]}
    assert eve.received("session_error") == eve.received("peer_expelled") == []
    assert ann.is_connected
    assert join(app, "room", "bob").is_connected


def test_a_client_that_has_let_go(p2p: P2PStreams, ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    bob.leave("connected")
    p2p.kick("room", "bob")
    assert ann.received("peer_expelled")[0]["peer_id"] == "bob"
    assert not bob.is_connected


@pytest.mark.parametrize("ban_for", [60, timedelta(minutes=1)])
def test_a_ban(
    app: Flask, p2p: P2PStreams, ann: P2PTestPeer, bob: P2PTestPeer, ban_for: Any
) -> None:
    p2p.kick("room", "bob", ban_for=ban_for)
    assert refusal(join(app, "room", "bob")) == "forbidden"
    assert join(app, "hall", "bob").is_connected
    assert join(app, "room", "eve").is_connected


def test_a_ban_before_anybody_is_there(app: Flask, p2p: P2PStreams) -> None:
    p2p.kick("room", "bob", ban_for=60)
    assert p2p.session("room") is None
    assert refusal(join(app, "room", "bob")) == "forbidden"
    assert join(app, "room", "ann").is_host


def test_a_ban_that_is_lifted(app: Flask, p2p: P2PStreams, ann: Any, bob: P2PTestPeer) -> None:
    p2p.kick("room", "bob", ban_for=600)
    # That shortens nothing.
    p2p.kick("room", "bob", ban_for=0)
    assert refusal(join(app, "room", "bob")) == "forbidden"
    assert p2p.unban("room", "bob")
    assert join(app, "room", "bob").is_connected
    assert not p2p.unban("room", "bob")
    assert not p2p.unban("hall", "bob")


def test_a_ban_that_is_lifted_before_anybody_is_there(app: Flask, p2p: P2PStreams) -> None:
    p2p.kick("room", "bob", ban_for=600)
    assert p2p.unban("room", "bob")
    assert p2p.session("room") is None
    assert join(app, "room", "bob").is_host


def test_a_ban_that_another_worker_lifts() -> None:
    store = Memory()
    apps, workers = zip(*(worker(store) for _ in range(2)), strict=True)
    workers[0].kick("room", "bob", ban_for=600)
    assert refusal(join(apps[1], "room", "bob")) == "forbidden"
    assert workers[1].unban("room", "bob")
    assert join(apps[0], "room", "bob").is_host


@pytest.mark.parametrize("ids", [("", "bob"), ("room", "x" * 129), ("room", None)])
def test_no_ids_of_a_ban(p2p: P2PStreams, ids: tuple[Any, Any]) -> None:
    with pytest.raises(ArgumentError, match="_id"):
        p2p.unban(*ids)


def test_a_ban_in_a_store_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    _, p2p = worker(Memory())

    def fail(store: Memory, key: str) -> None:
        raise OSError("gone")

    monkeypatch.setattr(Memory, "read", fail)
    with pytest.raises(SignalingError) as raised:
        p2p.unban("room", "bob")
    assert raised.value.code is ErrorCode.UNAVAILABLE


def test_the_host(app: Flask, p2p: P2PStreams, ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    p2p.kick("room", "ann", ban_for=60)
    assert codes(ann.received("session_error")) == ["forbidden"]
    assert not ann.is_connected
    assert [change["reason"] for change in bob.received("host_changed")] == ["left"]
    assert bob.rejoin()["role"] == "host"
    again = join(app, "room", "ann", seat=ann.ready["seat"])
    assert refusal(again) == "forbidden"


@pytest.mark.parametrize("ban_for", [-1, "1", True, float("nan"), 10**12])
def test_no_time_for_a_ban(p2p: P2PStreams, ban_for: Any) -> None:
    with pytest.raises(ArgumentError, match="ban_for"):
        p2p.kick("room", "bob", ban_for=ban_for)


# Closing


def test_everybody_has_to_go(app: Flask, p2p: P2PStreams, ann: Any, bob: Any) -> None:
    ann.report({"bob": "connected"})
    elsewhere = join(app, "hall", "bob")
    p2p.close("room")
    for peer in (ann, bob):
        assert codes(peer.received("session_error")) == ["session_expired"]
        assert not peer.is_connected
    assert elsewhere.is_connected
    assert p2p.session("room") is None


def test_no_token_from_before_is_good(app: Flask, p2p: P2PStreams) -> None:
    token = app.extensions["p2p_streams"].issuer.token("room", "ann", 60, 60)
    p2p.close("room")
    assert refusal(join(app, "room", "ann", token=token)) == "session_expired"
    assert join(app, "room", "ann").is_host
    assert refusal(join(app, "room", "bob", token=token)) == "session_expired"


# Locking


def test_nobody_new(app: Flask, p2p: P2PStreams, ann: P2PTestPeer, bob: P2PTestPeer) -> None:
    ann.report({"cyd": "connected", "dan": "disconnected"})
    p2p.lock("room")
    assert refusal(join(app, "room", "eve")) == "forbidden"
    # Who loads its page anew is away for a moment, and nobody new.
    for peer_id in ("bob", "cyd", "dan"):
        assert join(app, "room", peer_id).is_connected
    assert join(app, "room", "ann", seat=ann.ready["seat"]).is_host
    p2p.lock("room", False)
    assert join(app, "room", "eve").is_connected


def test_who_was_removed_is_not_in_it(
    app: Flask, p2p: P2PStreams, ann: P2PTestPeer, bob: P2PTestPeer
) -> None:
    bob.leave("connected")
    ann.report({"bob": "connected"})
    p2p.lock("room")
    p2p.kick("room", "bob")
    assert refusal(join(app, "room", "bob")) == "forbidden"


# What the app hears


def test_the_app_hears_of_it(app: Flask, p2p: P2PStreams, ann: P2PTestPeer, bob: Any) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []

    def note(name: str) -> Any:
        def receive(_: Flask, **details: Any) -> None:
            heard.append((name, details))

        return receive

    with (
        signals.peer_kicked.connected_to(note("peer_kicked"), app),
        signals.peer_left.connected_to(note("peer_left"), app),
        signals.host_lost.connected_to(note("host_lost"), app),
        signals.session_closed.connected_to(note("session_closed"), app),
    ):
        p2p.kick("room", "bob", ban_for=60)
        p2p.close("room")
    assert [name for name, _ in heard] == [
        "peer_kicked",
        "peer_left",
        "session_closed",
        "host_lost",
        "peer_left",
    ]
    assert heard[0][1] == {"session_id": "room", "peer_id": "bob", "ban_for": 60}
    assert heard[2][1] == {"session_id": "room"}
    assert heard[4][1] == {"session_id": "room", "peer_id": "ann"}
