from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_p2p_streams import P2PStreams, __version__
from flask_p2p_streams.doctor import deployment, security
from flask_p2p_streams.doctor.deployment import several_workers
from flask_p2p_streams.doctor.findings import CheckContext, Finding
from flask_p2p_streams.stores.worker_registry import WorkerEntry
from flask_p2p_streams.web import assets
from tests.unit.stores.test_session_store import Memory

KEY = "5f0c7b127da1bfa3e9b2d1c1"
QUEUE = "redis://127.0.0.1:1/0"
WORKER = WorkerEntry("w1", "web:1", 0, "threading", True, __version__)
Check = Callable[[CheckContext], Iterator[Finding]]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"):
        monkeypatch.delenv(name, raising=False)


def context(
    *, workers: tuple[WorkerEntry, ...] = (), shared: bool = False, io: Any = None, **config: Any
) -> CheckContext:
    app = Flask("an_app")
    app.config.update({"SECRET_KEY": KEY, **config})
    if io is not None:
        SocketIO(app, **{"async_mode": "threading", "async_handlers": False, **io})
    P2PStreams(app, store=Memory() if shared else None)
    state = app.extensions["p2p_streams"]
    return CheckContext(app, state.config, state.server, state.store, workers)


def found(check: Check, context: CheckContext) -> list[tuple[str, str]]:
    return [(each.level, each.text) for each in check(context)]


def levels(check: Check, context: CheckContext) -> list[str]:
    return [level for level, _ in found(check, context)]


# The page that tries it from a browser


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (None, "In debug mode, /live/check tries"),
        (True, "/live/check tries all this from a visitor's browser, and gives each visitor"),
    ],
)
def test_the_check_page_is_named(asked: bool | None, said: str) -> None:
    [(level, text)] = found(
        deployment.check_page, context(P2P_CHECK_PAGE=asked, P2P_URL_PREFIX="/live")
    )
    assert level == "ok"
    assert text.startswith(said)


def test_a_check_page_that_is_off_is_not_named() -> None:
    assert found(deployment.check_page, context(P2P_CHECK_PAGE=False)) == []


# The key


@pytest.mark.parametrize(
    ("key", "level"),
    [
        (KEY, "ok"),
        (bytes.fromhex(KEY) * 2, "ok"),
        ("dev", "error"),
        (b"dev", "error"),
        ("Change-Me!", "error"),
        ("your_secret_key", "error"),
        ("secret!", "error"),
        ("k8#vQ2", "warning"),
    ],
)
def test_secret_keys(key: str | bytes, level: str) -> None:
    assert levels(security.secret_key, context(SECRET_KEY=key)) == [level]


def test_an_older_key_that_anybody_guesses() -> None:
    subject = context(SECRET_KEY=KEY, SECRET_KEY_FALLBACKS=[KEY, "dev", b"k8#vQ2"])
    findings = list(security.secret_key(subject))
    assert [each.level for each in findings] == ["error", "warning"]
    assert all("SECRET_KEY_FALLBACKS" in each.text for each in findings)


def test_a_guessable_key_while_developing() -> None:
    subject = context(SECRET_KEY="dev")
    subject.app.debug = True
    assert levels(security.secret_key, subject) == ["warning"]


# The order of things


def test_what_came_too_late() -> None:
    subject = context()
    assert levels(deployment.order, subject) == []
    subject.app.config["P2P_ICE_SERVERS"] = [{"urls": "stun:stun.example.org"}]
    [(level, text)] = found(deployment.order, subject)
    assert (level, text.startswith("P2P_ICE_SERVERS changed")) == ("error", True)
    assert levels(deployment.ice_servers, subject) == []
    SocketIO(subject.app, async_mode="threading")
    assert levels(deployment.order, subject) == ["error", "error"]


# Several workers


@pytest.mark.parametrize(
    ("concurrency", "arguments", "hint"),
    [
        ("", "", None),
        ("1", "-w 1", None),
        ("4", "", "WEB_CONCURRENCY is 4"),
        ("many", "", None),
        ("", "-k gevent -w 4", "GUNICORN_CMD_ARGS asks for 4 workers"),
        ("", "-w4", "GUNICORN_CMD_ARGS asks for 4 workers"),
        ("", "--workers=3", "GUNICORN_CMD_ARGS asks for 3 workers"),
        ("", "--workers 3 --threads 8", "GUNICORN_CMD_ARGS asks for 3 workers"),
        ("4", "-k gevent -w 1", None),
        ("1", "-w 4", "GUNICORN_CMD_ARGS asks for 4 workers"),
        ("", "-w 4 --workers 1", None),
        ("4", "--threads 8", "WEB_CONCURRENCY is 4"),
        ("", "--workers", None),
        ("", "--worker-connections 300", None),
        ("", "--name 'unbalanced", None),
    ],
)
def test_what_asks_for_several_workers(
    monkeypatch: pytest.MonkeyPatch, concurrency: str, arguments: str, hint: str | None
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", concurrency)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", arguments)
    assert several_workers() == hint


def test_a_cache_in_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(deployment.cache, context()) == ["ok"]
    assert levels(deployment.cache, context(shared=True)) == []
    [(level, text)] = found(deployment.cache, context(io={"message_queue": QUEUE}))
    assert (level, "a message queue is set" in text) == ("warning", True)
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    [(level, text)] = found(deployment.cache, context())
    assert (level, "RedisCache" in text) == ("warning", True)


def test_workers_without_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    mute = replace(WORKER, name="web:2", has_queue=False)
    assert levels(deployment.workers, context(shared=True)) == []
    assert levels(deployment.workers, context(workers=(mute,))) == ["ok"]
    assert levels(deployment.workers, context(workers=(WORKER, WORKER))) == ["ok"]
    [(level, text)] = found(deployment.workers, context(workers=(WORKER, mute)))
    assert (level, "web:2" in text, "message_queue" in text) == ("error", True, True)
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    assert levels(deployment.workers, context(shared=True)) == ["warning"]


def test_polling() -> None:
    both = {"transports": ["websocket", "polling"]}
    alone = context(io=both)
    [(level, problem)] = found(deployment.transports, alone)
    assert (level, "45 s" in problem) == ("warning", True)
    queue = {"message_queue": QUEUE}
    for several in (replace(alone, workers=(WORKER,) * 2), context(io={**both, **queue})):
        [(level, problem)] = found(deployment.transports, several)
        assert (level, "sticky" in problem) == ("warning", True)
    lean = {"transports": ["websocket"], **queue}
    assert levels(deployment.transports, context(io=lean)) == []


def test_polling_that_the_client_may_use() -> None:
    alone = context(P2P_TRANSPORTS=["websocket", "polling"])
    assert levels(deployment.transports, alone) == ["ok"]
    [(level, problem)] = found(deployment.transports, replace(alone, workers=(WORKER,) * 2))
    assert (level, "sticky" in problem, "leave 'polling' out" in problem) == ("warning", True, True)


def test_each_worker_without_a_queue_is_named() -> None:
    mute = [replace(WORKER, id=f"w{n}", name=f"web:{n}", has_queue=False) for n in range(11)]
    [(level, text)] = found(deployment.workers, context(workers=(WORKER, *mute), shared=True))
    assert level == "error"
    assert "12 workers live" in text
    assert "web:0, web:1, web:2, web:3, web:4, web:5, web:6, web:7 and 3 more." in text
    [(_, text)] = found(deployment.workers, context(workers=(WORKER, *mute[:2]), shared=True))
    assert "without a message queue: web:0, web:1." in text


# What workers tell


@pytest.mark.parametrize(
    ("patching", "expected"), [("", []), ("late", ["warning"]), ("missing", ["error"])]
)
def test_patching(patching: str, expected: list[str]) -> None:
    entry = replace(WORKER, async_mode="gevent", patching=patching)
    assert levels(deployment.patching, context(workers=(entry,))) == expected


def test_workers_of_another_version() -> None:
    assert levels(deployment.versions, context(workers=(WORKER,))) == []
    other = replace(WORKER, version="0.0.9")
    [(level, text)] = found(deployment.versions, context(workers=(WORKER, other)))
    assert (level, "0.0.9" in text) == ("warning", True)


def test_eventlet_beside_gunicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = context(workers=(replace(WORKER, async_mode="eventlet"),))
    monkeypatch.setattr(deployment, "version", lambda _: "27.0.1")
    assert levels(deployment.async_mode, subject) == ["warning"]
    assert levels(deployment.async_mode, context()) == []
    monkeypatch.setattr(deployment, "version", lambda _: "25.3.0")
    assert levels(deployment.async_mode, subject) == []
    monkeypatch.undo()
    assert levels(deployment.async_mode, subject) in ([], ["warning"])


def test_gevent_websocket(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = context(workers=(replace(WORKER, async_mode="gevent"),))
    monkeypatch.setattr(deployment, "find_spec", lambda _: object())
    assert levels(deployment.async_mode, subject) == ["error"]
    assert levels(deployment.async_mode, context()) == []


# The Socket.IO server


def test_its_own_server_is_sound() -> None:
    subject = context()
    for check in (deployment.handlers, deployment.pings, security.proxy):
        assert levels(check, subject) == []
    assert levels(security.origins, subject) == ["ok"]


def test_handlers_out_of_order() -> None:
    assert levels(deployment.handlers, context(io={"async_handlers": True})) == ["warning"]


def test_pings() -> None:
    [(level, text)] = found(deployment.pings, context(io={}))
    assert (level, "65 s" in text) == ("warning", True)
    slow = {"ping_interval": (5, 30), "ping_timeout": 5}
    assert levels(deployment.pings, context(io=slow)) == ["warning"]
    assert levels(deployment.pings, context(io={"ping_interval": 8, "ping_timeout": 8})) == []


@pytest.mark.parametrize(
    ("allowed", "level"),
    [
        ("*", "warning"),
        (["*"], "warning"),
        ([], "warning"),
        (["https://example.org"], "ok"),
        ("https://example.org", "ok"),
        (None, "ok"),
    ],
)
def test_origins(allowed: Any, level: str) -> None:
    assert levels(security.origins, context(io={"cors_allowed_origins": allowed})) == [level]


def test_a_proxy() -> None:
    subject = context(PREFERRED_URL_SCHEME="https")
    assert levels(security.proxy, subject) == ["warning"]
    vars(subject.app)["wsgi_app"] = ProxyFix(subject.app.wsgi_app)
    assert levels(security.proxy, subject) == []


def test_a_proxy_fix_that_sees_no_websockets() -> None:
    app = Flask("an_app")
    app.config["SECRET_KEY"] = KEY
    vars(app)["wsgi_app"] = ProxyFix(app.wsgi_app)
    P2PStreams(app)
    state = app.extensions["p2p_streams"]
    [(level, text)] = found(
        security.proxy, CheckContext(app, state.config, state.server, state.store)
    )
    assert (level, "After P2PStreams" in text) == ("warning", True)


# The client, and its way to others


def test_a_client_that_is_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(assets, "PACKAGE", tmp_path / "package")
    [(level, text)] = found(deployment.client, context())
    assert (level, "make build" in text) == ("error", True)
    folder = tmp_path / "package" / "static" / "dist"
    folder.mkdir(parents=True)
    (folder / "p2p.js").touch()
    assert levels(deployment.client, context()) == ["ok"]


STUN = {"urls": "stun:stun.example.org"}


def turn(*urls: str) -> dict[str, Any]:
    return {"P2P_TURN_URLS": [f"turn{url}" for url in urls], "P2P_TURN_SECRET": "geheim"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, ["There are no ICE servers"]),
        ({"P2P_ICE_SERVERS": [STUN]}, ["There is no TURN server."]),
        (turn(":t.example"), ["TURN servers are named for UDP only"]),
        (turn(":t.example", "s:t.example:443"), []),
        (turn(":t.example", ":t.example?transport=tcp"), []),
        (turn("s:t.example"), ["No server tells peers their public address"]),
        ({"P2P_ICE_SERVERS": [STUN], **turn("s:t.example")}, []),
        (
            {"P2P_ICE_SERVERS": [{"urls": "stuns:s.example"}]},
            ["No server tells peers their public address", "There is no TURN server."],
        ),
    ],
)
def test_what_is_missing_among_the_ice_servers(config: dict[str, Any], said: list[str]) -> None:
    findings = list(deployment.ice_servers(context(**config)))
    assert [each.level for each in findings] == ["warning"] * len(said)
    for finding, text in zip(findings, said, strict=True):
        assert finding.problem.startswith(text)
        assert finding.hint
        assert "geheim" not in finding.text


def test_who_cannot_connect_directly_is_told_of() -> None:
    [(_, text)] = found(deployment.ice_servers, context(P2P_ICE_SERVERS=[STUN]))
    for word in ("P2P_RELAY", "costs", "P2P_TURN_URLS", "@p2p.ice_servers"):
        assert word in text


@pytest.mark.parametrize("servers", [[], [STUN]])
def test_who_cannot_connect_directly_does_not_at_all(servers: list[Any]) -> None:
    subject = context(P2P_ICE_SERVERS=servers, P2P_RELAY="off")
    [(_, text)] = found(deployment.ice_servers, subject)
    assert "don't connect at all, as P2P_RELAY is 'off'" in text


def test_with_a_provider_nothing_is_known_yet() -> None:
    subject = context()
    subject.app.extensions["p2p_streams"].ice_provider.set(lambda *_: [])
    assert levels(deployment.ice_servers, subject) == []
