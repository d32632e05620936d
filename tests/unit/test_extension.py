import gc
import subprocess
import sys
import weakref
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, current_app
from flask_caching import Cache
from flask_socketio import SocketIO

from flask_p2p_streams import ArgumentError, ConfigurationError, P2PStreams, SessionInfo
from flask_p2p_streams.testing import join
from flask_p2p_streams.web.arguments import Id
from tests.conftest import AppFactory
from tests.unit.stores.test_session_store import Memory


def plain_app(**config: Any) -> Flask:
    app = Flask("an_app")
    app.config.update(SECRET_KEY="k", **config)
    return app


def test_an_app_that_serves_pages_loads_no_commands() -> None:
    program = """
import sys
from flask import Flask
from flask_p2p_streams import P2PStreams
app = Flask("an_app")
app.config["SECRET_KEY"] = "k"
P2PStreams(app)
assert "p2p" in app.cli.commands
print([name for name in sys.modules if name.startswith("flask_p2p_streams.c")])
print([name for name in sys.modules if name.startswith("flask_p2p_streams.d")])
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "['flask_p2p_streams.config']\n[]\n"


def test_an_app_without_a_key() -> None:
    with pytest.raises(ConfigurationError, match=r"no SECRET_KEY.*secrets"):
        P2PStreams(Flask("an_app"))


@pytest.mark.parametrize("key", [5, 0.5, ["a key"], bytearray(b"a key")])
def test_a_key_that_signs_nothing(key: object) -> None:
    app = plain_app()
    app.config["SECRET_KEY"] = key
    with pytest.raises(ConfigurationError, match="SECRET_KEY must be text or bytes"):
        P2PStreams(app)


@pytest.mark.parametrize(
    "fallbacks",
    ["oldkey", b"oldkey", [""], ["good", b""], [None], [["good"]], [5], {"good": 1}, 5, True],
)
def test_older_keys_that_anybody_could_sign_with(fallbacks: object) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FALLBACKS") as raised:
        P2PStreams(plain_app(SECRET_KEY_FALLBACKS=fallbacks))
    assert "oldkey" not in str(raised.value)


@pytest.mark.parametrize("fallbacks", [None, [], (), ["older", b"old"], ("older",)])
def test_older_keys(fallbacks: object) -> None:
    P2PStreams(plain_app(SECRET_KEY_FALLBACKS=fallbacks))


def test_a_misspelt_key() -> None:
    with pytest.raises(ConfigurationError, match="P2P_ICE_SERVERS"):
        P2PStreams(plain_app(P2P_ICE_SERVER=[]))


def test_a_second_registration(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match="already"):
        P2PStreams(app)


def test_what_is_refused_leaves_the_app_as_it_was() -> None:
    app = plain_app(P2P_NAMESPACE="p2p")
    with pytest.raises(ConfigurationError):
        P2PStreams(app)
    assert not {"p2p_streams", "socketio", "cache"} & set(app.extensions)


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({}, "/p2p"),
        ({}, "p2p"),
        ({"P2P_URL_PREFIX": "/live/p2p"}, "live"),
        ({"P2P_URL_PREFIX": "/socket.io"}, None),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_paths_of_which_one_takes_the_others(config: Any, path: str | None, own: bool) -> None:
    app = plain_app(**config)
    options: dict[str, Any] = {} if path is None else {"path": path}
    if own:
        SocketIO(app, async_mode="threading", async_handlers=False, **options)
    else:
        app.config["P2P_SOCKETIO_OPTIONS"] = options
    with pytest.raises(ConfigurationError, match="P2P_URL_PREFIX"):
        P2PStreams(app)
    assert "p2p_streams" not in app.extensions


@pytest.mark.parametrize("path", ["p2p/socket.io", "p2", "p2p-live", "sockets"])
def test_paths_that_are_apart(path: str) -> None:
    app = plain_app(P2P_SOCKETIO_OPTIONS={"path": path})
    P2PStreams(app)
    with app.test_client().get("/p2p/0.1.0/p2p.js") as response:
        assert response.status_code == 200


def test_a_null_cache() -> None:
    app = plain_app(CACHE_TYPE="NullCache", CACHE_NO_NULL_WARNING=True)
    Cache(app)
    with pytest.raises(ConfigurationError, match="NullCache"):
        P2PStreams(app)


def test_a_cache_may_be_chosen() -> None:
    app = plain_app()
    Cache(app, config={"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True})
    other = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    P2PStreams(app, cache=other)
    assert join(app, "room", "ann").is_host


@pytest.mark.parametrize("late", [True, False])
def test_a_store_of_one_s_own(late: bool) -> None:
    memory = Memory()
    app = plain_app()
    if late:
        P2PStreams().init_app(app, store=memory)
    else:
        P2PStreams(app, store=memory)
    assert join(app, "room", "ann").is_host
    assert not join(app, "room", "bob").is_host
    assert sum(key.startswith("p2p:session:") for key in memory.values) == 1
    assert "cache" not in app.extensions


class Bare(dict[str, str]):
    """A store that is empty, and so counts for nothing where it is asked whether it is there."""

    def fetch(self, key: str, expires_in: float, default: str) -> str:
        return self.setdefault(key, default)

    def write(self, key: str, value: str, expires_in: float) -> None:
        self[key] = value

    def read(self, key: str) -> str | None:
        return self.get(key)


@pytest.mark.parametrize("late", [True, False])
def test_a_store_that_has_nothing_yet(late: bool) -> None:
    store, app = Bare(), plain_app()
    if late:
        P2PStreams().init_app(app, store=store)
    else:
        P2PStreams(app, store=store)
    assert join(app, "room", "ann").is_host
    assert store


def test_a_store_and_a_cache() -> None:
    app = plain_app()
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    with pytest.raises(ConfigurationError, match="a store and a cache"):
        P2PStreams(app, store=Memory(), cache=cache)
    with pytest.raises(ConfigurationError, match="a store and a cache"):
        P2PStreams().init_app(app, store=Memory(), cache=cache)


@pytest.mark.parametrize("given", ["store", "cache"])
def test_what_init_app_is_given_goes_before_the_rest(given: str) -> None:
    memory, app = Memory(), plain_app()
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    if given == "store":
        P2PStreams(cache=cache).init_app(app, store=memory)
    else:
        P2PStreams(store=memory).init_app(app, cache=cache)
    assert join(app, "room", "ann").is_host
    assert bool(memory.values) is (given == "store")


def test_a_store_that_is_none() -> None:
    with pytest.raises(ConfigurationError, match="no method fetch"):
        P2PStreams(plain_app(), store=object())  # type: ignore[arg-type]


def test_several_apps_in_one_process() -> None:
    p2p = P2PStreams()
    apps = [plain_app(), plain_app(P2P_NAMESPACE="/other")]
    for app in apps:
        p2p.init_app(app)
    for app in apps:
        assert join(app, "room", f"host-{app.config.get('P2P_NAMESPACE')}").is_host
        with app.app_context():
            session = p2p.session("room")
            assert session is not None
            assert session.host == f"host-{app.config.get('P2P_NAMESPACE')}"
            assert p2p.socketio is app.extensions["socketio"]
    with pytest.raises(ConfigurationError, match=r"several apps.*app_context.*of\(app\)"):
        _ = p2p.socketio
    for app in apps:
        session = p2p.of(app).session("room")
        assert session is not None
        assert session.host == f"host-{app.config.get('P2P_NAMESPACE')}"
        assert p2p.of(app).socketio is app.extensions["socketio"]


def test_an_app_for_each_test() -> None:
    p2p = P2PStreams()
    p2p.authorize(lambda session_id, peer_id, request: peer_id != "eve")
    for number in range(3):
        app = plain_app()
        p2p.init_app(app)
        here = p2p.of(app)
        assert here.session("room") is None
        assert join(app, "room", "ann").is_host
        assert here.session("room") is not None
        assert here.metrics()["joins"] == 1
        here.authorize(lambda session_id, peer_id, request: peer_id != "mallory")
        assert join(app, "room", "mallory").refusal is not None
        # An app that is gone and one that isn't collected yet make no difference.
        del app, here
        gc.collect()
        if number:
            with pytest.raises(ConfigurationError, match="several apps"):
                p2p.session("room")


def test_a_function_that_one_app_is_asked_about() -> None:
    p2p = P2PStreams()
    apps = [plain_app(), plain_app()]
    for app in apps:
        p2p.init_app(app)
    p2p.authorize(lambda session_id, peer_id, request: peer_id != "eve")
    p2p.of(apps[0]).authorize(lambda session_id, peer_id, request: peer_id != "mallory")
    for name, refused in (("eve", [True, True]), ("mallory", [True, False])):
        assert [join(app, "room", name).refusal is not None for app in apps] == refused


def test_the_present_app() -> None:
    app = plain_app()
    p2p = P2PStreams(app)
    with app.app_context():
        join(current_app, "room", "ann")
        assert p2p.of(current_app).session("room") == p2p.session("room")


@pytest.mark.parametrize("wrong", [None, "an_app"])
def test_what_is_no_app_is_named(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="app: must be a Flask"):
        P2PStreams(plain_app()).of(wrong)


def test_an_app_that_isn_t_served() -> None:
    with pytest.raises(ConfigurationError, match=r"an_app.*init_app"):
        P2PStreams(plain_app()).of(plain_app())
    with pytest.raises(ConfigurationError, match=r"an_app.*init_app"):
        join(plain_app(), "room", "ann")


@pytest.mark.parametrize(("session", "peer"), [(5, 7), (UUID(int=5), UUID(int=7)), ("5", "7")])
def test_ids_are_whatever_the_tag_takes(session: Id, peer: Id) -> None:
    app = plain_app()
    p2p = P2PStreams(app)
    ann, bob = join(app, session, peer), join(app, session, 8)
    assert (ann.peer_id, bob.peer_id) == (str(peer), "8")
    assert ann.offer(8) == {"ok": True}
    assert bob.answer(peer) == bob.candidates(peer) == {"ok": True}
    assert ann.report({peer: "connected", 8: "connected"}) == {"ok": True}
    shown = {str(peer): "connected", "8": "connected"}
    assert p2p.session(session) == SessionInfo(str(peer), ann.epoch, shown)
    p2p.kick(session, 8, ban_for=60)
    assert join(app, session, 8).refusal is not None
    assert p2p.unban(session, 8)
    p2p.lock(session)
    assert join(app, session, 9).refusal is not None
    p2p.close(session)
    assert p2p.session(session) is None
    assert not ann.is_connected


@pytest.mark.parametrize("wrong", [None, True, 1.5, b"room", "", ["room"]])
def test_what_is_no_id_is_named(wrong: Any) -> None:
    app = plain_app()
    p2p = P2PStreams(app)
    calls: list[Any] = [p2p.session, p2p.close, p2p.lock, lambda each: join(app, each, "ann")]
    for call in calls:
        with pytest.raises(ArgumentError, match="session_id"):
            call(wrong)
    acts: list[Any] = [p2p.kick, p2p.unban, lambda room, each: join(app, room, each)]
    for act in acts:
        with pytest.raises(ArgumentError, match="peer_id"):
            act("room", wrong)


def test_no_app_yet() -> None:
    with pytest.raises(ConfigurationError, match="init_app"):
        _ = P2PStreams().socketio


def test_a_session_as_the_server_knows_it() -> None:
    app = plain_app()
    p2p = P2PStreams(app)
    assert p2p.session("room") is None
    ann = join(app, "room", "ann")
    assert p2p.session("room") == SessionInfo("ann", ann.epoch, {"ann": "connected"})
    ann.report({"ann": "connected", "bob": "connecting"})
    info = p2p.session("room")
    assert info is not None
    assert info.peers == {"ann": "connected", "bob": "connecting"}
    ann.leave()
    assert p2p.session("room") == SessionInfo(None, ann.epoch, {})


@pytest.mark.parametrize("goes", ["leave", "drop"])
def test_a_session_whose_host_stays_away_shows_nobody(goes: str) -> None:
    app = plain_app(P2P_HOST_GRACE=0)
    p2p = P2PStreams(app)
    ann = join(app, "room", "ann")
    ann.report({"ann": "connected", "bob": "connected", "eve": "connected"})
    getattr(ann, goes)()
    assert p2p.session("room") == SessionInfo(None, ann.epoch, {})


def test_a_host_that_may_come_back_is_shown() -> None:
    app = plain_app(P2P_HOST_GRACE=3600)
    p2p = P2PStreams(app)
    ann = join(app, "room", "ann")
    ann.report({"bob": "connected"})
    ann.drop()
    shown = {"ann": "connected", "bob": "connected"}
    assert p2p.session("room") == SessionInfo("ann", ann.epoch, shown)


def test_a_new_host_isn_t_connected_to_the_former_one_s_clients_yet() -> None:
    app = plain_app()
    p2p = P2PStreams(app)
    ann = join(app, "room", "ann")
    ann.report({"bob": "connected", "eve": "connected", "dan": "failed"})
    ann.leave()
    bob = join(app, "room", "bob")
    kept = {"bob": "connected", "eve": "negotiating"}
    assert p2p.session("room") == SessionInfo("bob", bob.epoch, kept)
    bob.report({"bob": "connected"})
    assert p2p.session("room") == SessionInfo("bob", bob.epoch, {"bob": "connected"})


def test_the_extension_keeps_no_app_alive(make_app: AppFactory) -> None:
    p2p = P2PStreams()
    app = plain_app()
    p2p.init_app(app)
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


def test_keys_that_were_rotated() -> None:
    old = plain_app()
    P2PStreams(old)
    token = old.extensions["p2p_streams"].signer.token("room", "ann", 60, 60)
    new = plain_app(SECRET_KEY_FALLBACKS=["k"])
    new.config["SECRET_KEY"] = "another"
    P2PStreams(new)
    assert join(new, "room", "ann", token=token).is_connected


@pytest.mark.parametrize("wrong", ["yes", 0, 1, None, []])
def test_a_lock_that_is_neither_on_nor_off(wrong: Any) -> None:
    app = plain_app()
    p2p = P2PStreams(app)
    ann = join(app, "room", "ann")
    with pytest.raises(ArgumentError, match="locked: must be True or False"):
        p2p.lock("room", wrong)
    # The record would have been unreadable, and the session forgotten.
    assert p2p.session("room") == SessionInfo("ann", ann.epoch, {"ann": "connected"})


def test_a_test_peer_that_was_refused_says_why() -> None:
    app = plain_app()
    P2PStreams(app).authorize(lambda *_: False)
    eve = join(app, "room", "eve")
    for what in ("ready", "is_host", "epoch"):
        with pytest.raises(RuntimeError, match=r"eve hasn't joined.*forbidden"):
            getattr(eve, what)
    with pytest.raises(RuntimeError, match=r"eve isn't connected.*forbidden"):
        eve.leave()


def test_a_test_peer_goes_once(make_app: AppFactory) -> None:
    app = make_app()
    for goes in ("drop", "close"):
        ann = join(app, "room", "ann")
        getattr(ann, goes)()
        # As a test's own end does, whatever became of a peer.
        ann.drop()
        ann.close()
        assert not ann.is_connected
        with pytest.raises(RuntimeError, match="ann isn't connected"):
            ann.offer("bob")
