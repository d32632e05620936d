from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from flask_p2p_streams import ConfigurationError
from flask_p2p_streams.limits.budgets import MORE_PEERS
from flask_p2p_streams.testing import P2PTestPeer, join
from tests.conftest import AppFactory

PLACES = 4
CROWD = 50


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    return make_app(P2P_MAX_PEERS=PLACES, P2P_JOIN_RATE=None)


@pytest.fixture
def peers(app: Flask) -> list[P2PTestPeer]:
    return [join(app, "room", name) for name in ("ann", "bob", "cyd", "dan")]


def is_full(app: Flask, peer_id: str = "eve") -> bool:
    refusal = join(app, "room", peer_id).refusal
    assert refusal is None or (refusal["code"], refusal["retry"]) == ("session_full", True)
    assert refusal is None or refusal["retry_after_ms"] > 0
    return refusal is not None


def test_the_host_is_counted(app: Flask, peers: list[P2PTestPeer]) -> None:
    assert all(peer.is_connected for peer in peers)
    assert is_full(app)
    assert join(app, "hall", "eve").is_connected


def test_who_is_counted_comes_again(app: Flask, peers: list[P2PTestPeer]) -> None:
    assert not is_full(app, "bob")
    ann, _, cyd, dan = peers
    assert cyd.rejoin()["ok"]
    dan.leave("connected")
    assert not is_full(app, "dan")
    ann.drop()
    assert join(app, "room", "ann", seat=ann.ready["seat"]).is_host


def test_who_has_detached_keeps_a_place(app: Flask, peers: list[P2PTestPeer]) -> None:
    ann, *others = peers
    for peer in others:
        peer.leave("connected")
        peer.close()
    assert is_full(app)
    ann.report({"bob": "connected", "cyd": "connecting", "dan": "connected"})
    assert is_full(app)


@pytest.mark.parametrize("state", ["disconnected", "closed", "failed"])
def test_who_has_gone_keeps_none(app: Flask, peers: list[P2PTestPeer], state: str) -> None:
    ann, bob, *_ = peers
    bob.leave("connected")
    ann.report({"bob": state})
    assert not is_full(app)
    assert is_full(app, "fay")


def test_a_client_that_goes_frees_a_place(app: Flask, peers: list[P2PTestPeer]) -> None:
    peers[1].leave("closed")
    assert not is_full(app)


def test_the_clients_of_a_host_that_has_gone(app: Flask, peers: list[P2PTestPeer]) -> None:
    ann, *others = peers
    ann.report({"bob": "connected", "cyd": "connected", "dan": "connected", "ann": "connected"})
    for peer in others:
        peer.leave("connected")
    ann.leave()
    assert join(app, "room", "bob", lost_epoch=ann.epoch).is_host
    assert is_full(app)
    assert not is_full(app, "cyd")


@pytest.mark.parametrize("value", [1, 0, -5, True, 2.0, "10"])
def test_no_limit_that_makes_sense(make_app: AppFactory, value: object) -> None:
    with pytest.raises(ConfigurationError, match="P2P_MAX_PEERS"):
        make_app(P2P_MAX_PEERS=value)


def test_without_a_limit(make_app: AppFactory) -> None:
    app = make_app(P2P_MAX_PEERS=None, P2P_JOIN_RATE=None)
    assert all(join(app, "room", str(number)).is_connected for number in range(CROWD))


def test_many_at_once(app: Flask) -> None:
    with ThreadPoolExecutor(CROWD) as pool:
        crowd = list(pool.map(lambda n: join(app, "room", str(n)), range(CROWD)))
    assert sum(peer.is_connected for peer in crowd) == PLACES
    refusals = [peer.refusal for peer in crowd if peer.refusal is not None]
    assert {refusal["code"] for refusal in refusals} == {"session_full"}
    rooms = app.extensions["p2p_streams"].rooms
    assert len(rooms) == PLACES


# What a host tells of peers that never were here


def made_up(count: int) -> dict[str, str]:
    return {f"ghost-{number}": "connected" for number in range(count)}


def test_a_host_tells_of_no_more_than_there_is_room_for(app: Flask) -> None:
    ann = join(app, "room", "ann")
    assert ann.report(made_up(PLACES + MORE_PEERS + 1))["error"]["code"] == "too_large"
    assert app.extensions["p2p_streams"].store.read_roster("room") == {}
    assert not is_full(app)


def test_a_roster_of_too_many_bytes(make_app: AppFactory) -> None:
    app = make_app(P2P_MAX_PEERS=None)
    ann = join(app, "room", "ann")
    peers = {f"{number:04}" + "x" * 120: "connected" for number in range(1_100)}
    assert ann.report(peers)["error"]["code"] == "too_large"
    assert ann.report(dict(list(peers.items())[:1000])) == {"ok": True}


@pytest.mark.parametrize("goes", ["leave", "drop"])
def test_a_host_that_has_gone_keeps_nobody_out(make_app: AppFactory, goes: str) -> None:
    app = make_app(P2P_MAX_PEERS=PLACES, P2P_JOIN_RATE=None, P2P_HOST_GRACE=0)
    ann = join(app, "room", "ann")
    assert ann.report(made_up(PLACES)) == {"ok": True}
    assert is_full(app)
    getattr(ann, goes)()
    eve = join(app, "room", "eve")
    assert eve.is_host
    # The next host has told of its own peers.
    assert eve.report({"eve": "connected"}) == {"ok": True}
    assert not is_full(app, "fay")


# What nobody keeps any more


@pytest.mark.parametrize("goes", ["leave", "drop"])
@pytest.mark.parametrize("reported", [True, False])
def test_a_full_session_that_empties_at_once(
    make_app: AppFactory, goes: str, reported: bool
) -> None:
    app = make_app(P2P_MAX_PEERS=3, P2P_HOST_GRACE=0)
    ann, bob, cyd = (join(app, "room", name) for name in ("ann", "bob", "cyd"))
    for client in (bob, cyd):
        client.leave("connected")
    if reported:
        ann.report(dict.fromkeys(("ann", "bob", "cyd"), "connected"))
    for page in (bob, cyd):
        page.drop()
    getattr(ann, goes)()
    assert join(app, "room", "eve").is_host


def test_clients_that_are_not_connected_yet_keep_their_places(make_app: AppFactory) -> None:
    app = make_app(P2P_MAX_PEERS=3, P2P_HOST_GRACE=0)
    ann, *_ = (join(app, "room", name) for name in ("ann", "bob", "cyd"))
    ann.leave()
    assert join(app, "room", "eve").is_host
    assert is_full(app, "fay")
