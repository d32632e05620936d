"""How often a join asks the store: each time costs what the network to it costs."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_p2p_streams import P2PStreams
from flask_p2p_streams.testing import P2PTestPeer, join

STEPS = ("read_many", "replace", "write", "exchange")


class Counted:
    """A store that counts what it is asked."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.trips = 0

    def __getattr__(self, name: str) -> Any:
        step = getattr(self._store, name)
        return self._counted(step) if name in STEPS else step

    def _counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any) -> Any:
            self.trips += 1
            return step(*arguments)

        return count


@pytest.fixture
def p2p() -> P2PStreams:
    return P2PStreams()


@pytest.fixture
def app(p2p: P2PStreams) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="a key for tests", P2P_MAX_PEERS=3, P2P_HOST_GRACE=60)
    p2p.init_app(app)
    return app


@pytest.fixture
def store(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Counted:
    guarded = app.extensions["p2p_streams"].store.guarded
    counted = Counted(guarded._store)
    monkeypatch.setattr(guarded, "_store", counted)
    return counted


def trips(app: Flask, store: Counted, peer_id: str) -> tuple[P2PTestPeer, int]:
    before = store.trips
    return join(app, "room", peer_id), store.trips - before


def test_the_first_one_and_one_who_follows(app: Flask, store: Counted) -> None:
    # The session is read and written, and so is the peer's place; a token has been issued.
    assert trips(app, store, "ann")[1] == 4
    assert trips(app, store, "bob")[1] == 3


def test_a_full_session(app: Flask, store: Counted) -> None:
    for name in ("ann", "bob"):
        join(app, "room", name)
    # It may be full, so the roster is read; the session isn't read once more.
    third, count = trips(app, store, "cyd")
    assert (third.is_connected, count) == (True, 4)
    fourth, count = trips(app, store, "dan")
    assert (fourth.is_connected, count) == (False, 3)


def test_a_locked_session(app: Flask, p2p: P2PStreams, store: Counted) -> None:
    join(app, "room", "ann")
    p2p.lock("room")
    # The roster is read, and whether the peer was there a moment ago.
    bob, count = trips(app, store, "bob")
    assert (bob.is_connected, count) == (False, 4)


def test_relaying_asks_nothing(app: Flask, store: Counted) -> None:
    ann, bob = join(app, "room", "ann"), join(app, "room", "bob")
    before = store.trips
    batch = {"epoch": ann.epoch, "negotiation": "a-link", "n": 1, "ack": 0, "packets": ["x"]}
    for peer, other in ((ann, "bob"), (bob, "ann")) * 10:
        assert peer.emit("relay", {"to": other, **batch}) == {"ok": True}
    assert store.trips == before
    # Of an older epoch it knows, too; only a newer one may be news from another worker.
    assert bob.emit("relay", {"to": "ann", **batch, "epoch": 1})["ok"] is False
    assert store.trips == before
    assert bob.emit("relay", {"to": "ann", **batch, "epoch": ann.epoch + 1})["ok"] is False
    assert store.trips == before + 1
