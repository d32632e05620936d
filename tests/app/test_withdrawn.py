"""Whose token is withdrawn has to go, in whatever moment that happens."""

import threading
from collections.abc import Callable, Sequence

import pytest
from blinker import NamedSignal
from flask import Flask

from flask_p2p_streams import P2PStreams, host_elected, peer_joined, session_opened
from flask_p2p_streams.stores.base import AtomicStore
from flask_p2p_streams.stores.from_cache import cache_store
from flask_p2p_streams.testing import P2PTestPeer, join
from tests.kit.waiting import PATIENCE, until


class Watched:
    """A store that calls back once, just after a session has been written."""

    def __init__(self, store: AtomicStore) -> None:
        self._store = store
        self.is_shared = store.is_shared
        self.hint = store.hint
        self.then: Callable[[], object] | None = None

    def read_many(self, keys: Sequence[str]) -> list[str | None]:
        return self._store.read_many(keys)

    def write(self, key: str, value: str, expires_in: float) -> None:
        self._store.write(key, value, expires_in)

    def exchange(self, key: str, value: str, expires_in: float) -> str | None:
        return self._store.exchange(key, value, expires_in)

    def replace(self, key: str, before: str | None, after: str, expires_in: float) -> bool:
        done = self._store.replace(key, before, after, expires_in)
        then, self.then = self.then, None
        if then is not None:
            then()
        return done

    # What a store of one's own is checked for

    def fetch(self, key: str, expires_in: float, default: str) -> str:
        raise NotImplementedError

    def read(self, key: str) -> str | None:
        raise NotImplementedError


@pytest.fixture
def store() -> Watched:
    return Watched(cache_store(Flask("a_cache")))


@pytest.fixture
def p2p() -> P2PStreams:
    return P2PStreams()


@pytest.fixture
def app(p2p: P2PStreams, store: Watched) -> Flask:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = "a key for tests"
    p2p.init_app(app, store=store)
    return app


def held(app: Flask) -> int:
    return len(app.extensions["p2p_streams"].signaling.rooms)


def expired(peer: P2PTestPeer) -> bool:
    return peer.refusal is not None and peer.refusal["code"] == "session_expired"


@pytest.mark.parametrize("decision", ["close", "kick"])
def test_who_is_in_the_middle_of_joining(
    app: Flask, p2p: P2PStreams, store: Watched, decision: str
) -> None:
    def decide() -> None:
        if decision == "close":
            p2p.close("room")
        else:
            p2p.kick("room", "ann", ban_for=60)

    def meanwhile() -> None:
        thread.start()
        # It has to wait for the join, and then there is no need to wait for it here.
        thread.join(0.5)

    thread = threading.Thread(target=decide)
    store.then = meanwhile
    ann = join(app, "room", "ann")
    thread.join(PATIENCE)
    until(lambda: held(app) == 0 and not ann.is_connected, lambda: "It is still in.")


@pytest.mark.parametrize("signal", [session_opened, host_elected, peer_joined])
def test_an_app_that_closes_the_session_of_who_has_just_joined(
    app: Flask, p2p: P2PStreams, signal: NamedSignal
) -> None:
    def close(_: Flask, session_id: str, **__: object) -> None:
        p2p.close(session_id)

    with signal.connected_to(close, app):
        ann = join(app, "room", "ann")
    until(lambda: held(app) == 0 and not ann.is_connected, lambda: "It is still in.")


def test_a_host_that_comes_back_with_its_seat(app: Flask, p2p: P2PStreams) -> None:
    token = app.extensions["p2p_streams"].issuer.token("room", "ann", 60, 60)
    ann = join(app, "room", "ann", token=token)
    ann.drop()
    p2p.close("room")
    assert expired(join(app, "room", "ann", token=token, seat=ann.ready["seat"]))
    # The page that is rendered after it opens the session anew.
    assert join(app, "room", "ann").is_host


def test_who_joins_again_on_an_open_socket(
    app: Flask, p2p: P2PStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = join(app, "room", "ann")
    # The notice of it is lost on its way.
    outbox = app.extensions["p2p_streams"].signaling.moderation._outbox
    with monkeypatch.context() as patch:
        for name in ("close", "empty", "emit"):
            patch.setattr(outbox, name, lambda *_: None)
        p2p.close("room")
    answer = ann.rejoin(seat=ann.ready["seat"])
    assert answer["error"]["code"] == "session_expired"
