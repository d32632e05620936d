"""What serves the app: where that can't carry its WebSockets, it says so once, with a hint."""

from pathlib import Path
from typing import Any

import pytest
import websocket

from tests.kit.servers import PATIENT, WSGI, Server, environment, gunicorn, serving, started
from tests.kit.stores import StoreServer
from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire

GEVENT, EVENTLET = {"patch": "gevent"}, {"patch": "eventlet"}
THREADS = ("-k", "gthread", "--threads", "20")


def chosen(config: dict[str, Any]) -> dict[str, str]:
    """Return the environment for an app that leaves its cache to the extension."""
    return environment(**PATIENT, caches="none", **config)


def command(name: str) -> Any:
    if name == "flask run":
        return lambda port: ["-W", "ignore", "-m", "flask", "run", "--port", str(port)]
    return lambda port: ["-W", "ignore", "-m", "tests.server.served_by", name, str(port)]


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("werkzeug", {}),
        ("werkzeug", {"mode": "gevent", **GEVENT}),
        ("werkzeug", {"mode": "threading", **GEVENT}),
        ("werkzeug", {"mode": "threading", **EVENTLET}),
        ("flask run", GEVENT),
        ("gevent", {"mode": "gevent"}),
        ("gevent", {"mode": "threading", **GEVENT}),
        ("eventlet", {"mode": "eventlet"}),
        ("eventlet", {"mode": "threading", **EVENTLET}),
        ("patched late", {"mode": "gevent"}),
        ("own gunicorn", {}),
        ("own gunicorn, gevent", GEVENT),
    ],
)
def test_what_can_carry_websockets_does(name: str, config: dict[str, Any]) -> None:
    with serving(command(name), chosen(config)) as server:
        wires = [Wire(server.url).join("room", peer_id) for peer_id in ("ann", "bob")]
        assert wires[1].wait_for("session_ready")["host_peer_id"] == "ann"
        for wire in wires:
            wire.close()
        assert "ERROR" not in server.log


@pytest.mark.parametrize(
    ("name", "config", "told"),
    [
        ("waitress", {}, "waitress gives out no connections"),
        ("cheroot", {}, "gives out no connections"),
        ("wsgiref", {}, "gives out no connections"),
        ("one thread", {}, "Leave threaded=False"),
        ("processes", {}, "Leave processes=... out"),
        ("werkzeug", {"mode": "gevent"}, "nothing runs its loop"),
        ("werkzeug", {"mode": "eventlet"}, "nothing runs its loop"),
        ("flask run", {"mode": "gevent"}, "nothing runs its loop"),
        ("gevent", {"mode": "threading"}, "nothing runs its loop"),
        ("eventlet", {"mode": "threading"}, "nothing runs its loop"),
        ("eventlet", {"mode": "gevent"}, "nothing runs its loop"),
        ("patched late", {}, "patched by gevent after P2PStreams"),
        ("own gunicorn, sync", {}, "sync worker serves one WebSocket"),
        ("own gunicorn, one thread", {}, "has one thread"),
        ("own gunicorn, gevent", {}, "patched by gevent after P2PStreams"),
        ("own gunicorn, gevent", {"mode": "eventlet"}, "no eventlet worker"),
    ],
)
def test_what_can_not_says_so_once(name: str, config: dict[str, Any], told: str) -> None:
    with serving(command(name), chosen(config)) as server:
        for _ in range(3):
            with pytest.raises(websocket.WebSocketBadStatusException) as refused:
                Wire(server.url)
            assert refused.value.status_code == 501
        # Pages are served all the same.
        server.get("ready")
        lines = [line for line in server.log.splitlines() if "ERROR:flask_p2p_streams" in line]
        # Each of Werkzeug's processes is new, and so is its log.
        assert len(lines) == (3 if name == "processes" else 1)
        assert told in lines[0]
        assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("options", "config", "told"),
    [
        (("-k", "sync"), {}, "sync worker serves one WebSocket"),
        (("-k", "asgi"), {}, "asgi worker serves no Flask app"),
        (("-k", "gthread"), {}, "has one thread"),
        (THREADS, {"mode": "gevent"}, "runs no loop of it"),
        (THREADS, {"mode": "gevent", **GEVENT}, "runs no loop of it"),
        (THREADS, GEVENT, "runs no loop of it"),
        (THREADS, {"mode": "threading", **EVENTLET}, "Leave the patch out"),
        (("-k", "gevent"), {"mode": "eventlet"}, "no eventlet worker"),
        (("-k", "gevent", "--preload"), {}, "only after --preload"),
        (("-k", "gevent", "--preload"), {"mode": "gevent"}, "only after --preload"),
        ((*THREADS, "-w", "2"), {}, "2 workers, and each keeps sessions of its own"),
        ((*THREADS, "-w", "2", "--preload"), {}, "2 workers, and each keeps sessions of its own"),
    ],
)
def test_gunicorn_does_not_start_what_can_not_work(
    options: tuple[str, ...], config: dict[str, Any], told: str
) -> None:
    with started(gunicorn(*options), chosen(config)) as server:
        server.until(lambda: server.process.poll() is not None, "its end")
        assert "ConfigurationError" in server.log
        assert told in server.log


@pytest.mark.parametrize("worker", ["gevent", "gthread"])
def test_the_configuration_of_gunicorn_may_import_the_app(tmp_path: Path, worker: str) -> None:
    patch = "from gevent import monkey; monkey.patch_all()" if worker == "gevent" else ""
    settings = Path(tmp_path, "settings.py")
    settings.write_text(
        f"{patch}\nimport {WSGI}\nworker_class = {worker!r}\nthreads = 20\n"
    )
    with serving(gunicorn("-c", str(settings)), chosen({})) as server:
        assert first_answer(server) == "joined"


@pytest.mark.parametrize("option", ["--check-config", "--print-config"])
def test_what_gunicorn_only_looks_at(option: str) -> None:
    with started(gunicorn("-k", "gevent", option)) as server:
        assert server.process.wait(PATIENCE) == 0, server.log


# Redis


def first_answer(server: Server) -> str:
    try:
        wire = Wire(server.url)
    except websocket.WebSocketBadStatusException as refused:
        return str(refused.status_code)
    wire.join("room", "ann").wait_for("session_ready")
    wire.close()
    return "joined"


@pytest.mark.parametrize("name", ["gevent", "eventlet"])
def test_a_queue_that_would_stop_an_unpatched_process(name: str, redis: StoreServer) -> None:
    config = {"mode": name, "queue": redis.url, "cache": redis.url}
    with serving(command(name), chosen(config)) as server:
        assert first_answer(server) == "501"
        server.get("ready")
        assert server.log.count("message queue would stop it all") == 1


def test_a_cache_that_would_stop_an_unpatched_eventlet(redis: StoreServer) -> None:
    config = {"mode": "eventlet", "cache": redis.url}
    with serving(command("eventlet"), chosen(config)) as server:
        assert [first_answer(server) for _ in range(2)] == ["501", "501"]
        server.get("ready")
        assert server.log.count("cache would stop it all") == 1


def test_a_cache_that_stops_an_unpatched_gevent_at_each_call(redis: StoreServer) -> None:
    with serving(command("gevent"), chosen({"mode": "gevent", "cache": redis.url})) as server:
        assert [first_answer(server) for _ in range(2)] == ["joined", "joined"]
        assert server.log.count("stops all of it") == 1
