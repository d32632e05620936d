"""The table of sessions and the doctor, with a real Redis and real workers."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flask_p2p_streams import __version__
from tests.kit.fixtures import Open
from tests.kit.leaks import opening
from tests.kit.servers import app, environment, free_port
from tests.kit.stores import StoreServer, running_redis, shared
from tests.kit.stun import stun_server
from tests.kit.turn import SECRET, running_turn
from tests.kit.waiting import PATIENCE, until
from tests.kit.wire import Wire

APP = "tests.kit.app.factory"
WIDTH = "120"
# For a doctor that finds what there is, however slow the machine is.
REACH = "flask_p2p_streams.doctor.network"
WHOLE_RUN = {"constants": {f"{REACH}.TIME_LIMIT": 30.0}}
THOROUGH = {"constants": {f"{REACH}.TIME_LIMIT": 30.0, f"{REACH}.ICE_TIME_LIMIT": 30.0}}

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Doctor = Callable[..., tuple[int, dict[str, dict[str, str]]]]


@pytest.fixture(scope="module")
def url(redis: StoreServer) -> Iterator[str]:
    with app("threading", **shared(redis.url)) as server:
        yield server.url


@pytest.fixture
def open_wire(url: str) -> Iterator[Open]:
    with opening(url, Wire) as open_one:
        yield open_one


def flask(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("flask")), "--app", APP, "p2p", *arguments]


def variables(url: str, **chosen: Any) -> dict[str, str]:
    return {**os.environ, "COLUMNS": WIDTH, **environment(**shared(url, **chosen))}


def run(url: str, *arguments: str, **chosen: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        flask(*arguments),
        env=variables(url, **chosen),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@contextmanager
def watching(url: str, errors: int) -> Iterator["subprocess.Popen[str]"]:
    """Run a table that is shown anew until it is interrupted."""
    command = flask("sessions", "--watch", "0.1")
    # A program that is run in the background ignores the signal, as do those whom it starts.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, env=variables(url), stdout=subprocess.PIPE, stderr=errors, text=True
        )
    finally:
        signal.signal(signal.SIGINT, ours)
    with process:
        yield process


@pytest.fixture
def command(redis: StoreServer) -> Command:
    return lambda *arguments: run(redis.url, *arguments)


def examined(url: str, *arguments: str, **chosen: Any) -> tuple[int, dict[str, Any]]:
    """Return the exit status of the doctor, and its findings by check; the last of each."""
    done = run(url, "doctor", "--json", *arguments, **chosen)
    assert done.stderr == ""
    return done.returncode, {each["check"]: each for each in json.loads(done.stdout)}


# Sessions


def test_sessions_and_their_workers(open_wire: Open, command: Command) -> None:
    open_wire().join("chat", "ann")
    open_wire().join("chat", "bob")
    open_wire().join("lab", "eve")
    command("lock", "lab")
    sessions: list[dict[str, Any]] = []

    def are_listed() -> bool:
        sessions[:] = json.loads(command("sessions", "--json").stdout)
        # Their worker says with its first beat that it has them.
        return [bool(each["worker"]) for each in sessions] == [True, True]

    until(are_listed, lambda: f"Only these are listed: {sessions}")
    chat, lab = sessions
    assert list(chat) == [
        "session", "host", "epoch", "peers", "age", "state", "locked", "worker", "banned",
    ]  # fmt: skip
    assert (chat["session"], chat["host"], chat["state"]) == ("chat", "ann", "hosted")
    assert 0 <= chat["age"] < 60
    assert (lab["session"], lab["host"], lab["locked"]) == ("lab", "eve", True)
    assert chat["worker"] == lab["worker"] != ""
    assert chat["worker"].startswith(f"{socket.gethostname()}:")

    head, *rows, _, total = command("sessions").stdout.splitlines()
    assert head.split() == ["SESSION", "HOST", "EPOCH", "PEERS", "AGE", "STATE", "WORKER"]
    assert [row.split()[:3] for row in rows] == [
        ["chat", "ann", str(chat["epoch"])],
        ["lab", "eve", str(lab["epoch"])],
    ]
    assert rows[1].index("hosted, locked") == head.index("STATE")
    assert total == "2 sessions, 1 worker with sockets."


def test_a_session_by_name(command: Command) -> None:
    done = command("sessions", "nowhere")
    assert done.stdout.splitlines()[1].split() == ["nowhere", "-", "-", "0", "-", "unknown", "-"]


def test_a_live_table_until_it_is_interrupted(redis: StoreServer) -> None:
    with watching(redis.url, subprocess.STDOUT) as process:
        assert process.stdout is not None
        totals = (line for line in process.stdout if "with sockets." in line)
        assert [next(totals), next(totals)]
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in process.stdout.read()
    assert process.returncode == 0


def test_a_cache_that_is_away() -> None:
    done = run(f"redis://127.0.0.1:{free_port()}/0", "sessions")
    assert (done.returncode, "unavailable" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_watch_goes_on_without_a_cache() -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    with watching(url, subprocess.DEVNULL) as process:
        assert process.stdout is not None
        errors = (line for line in process.stdout if line.startswith("Error: unavailable"))
        assert [next(errors), next(errors)]
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0


# The doctor


def test_an_app_that_is_well() -> None:
    with running_redis() as redis, stun_server() as port:
        ice = [{"urls": f"stun:127.0.0.1:{port}"}]
        well = {"SECRET_KEY": "5f0c7b127da1bfa3e9b2d1c1", "P2P_ICE_SERVERS": ice}
        status, findings = examined(redis.url, flask=well, **THOROUGH)
        assert examined(redis.url, "--strict", flask=well, **THOROUGH)[0] == 1
    assert status == 0
    assert {check: each["level"] for check, each in findings.items()} == {
        "secret key": "ok",
        "cache": "ok",
        "pings": "warning",
        "client": "ok",
        "origins": "ok",
        "queue": "ok",
        "ice": "ok",
        "check page": "ok",
    }
    assert findings["client"]["problem"] == f"The browser client {__version__} is there."


def test_the_report_for_people(redis: StoreServer) -> None:
    done = run(redis.url, "doctor", "--offline")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0].startswith("warning  secret key  SECRET_KEY is shorter than 16 characters.")
    assert lines[-1] == "0 errors, 3 warnings."


def test_workers_that_live(open_wire: Open, redis: StoreServer) -> None:
    open_wire().join("room", "ann")
    findings: dict[str, Any] = {}

    def one_is_seen() -> bool:
        findings.update(examined(redis.url, **THOROUGH)[1])
        # It may be seen before it listens to the queue.
        return "workers" in findings and findings["queue"]["level"] == "ok"

    until(one_is_seen, lambda: f"No worker is seen: {findings}")
    assert findings["workers"]["level"] == "ok"
    assert f"{socket.gethostname()}:" in findings["workers"]["problem"]
    # The worker listens to the channel of its own app only.
    status, findings = examined(redis.url, channel="another", **THOROUGH)
    assert (status, findings["queue"]["level"]) == (1, "error")
    assert "channel" in findings["queue"]["hint"]


def test_workers_that_have_just_ended_are_no_error() -> None:
    with running_redis() as redis, app("threading", **shared(redis.url)) as first:
        wire = Wire(first.url).join("room", "ann")
        entries = json.loads(run(redis.url, "sessions", "--json").stdout)
        assert entries[0]["session"] == "room"
        until(
            lambda: bool(json.loads(run(redis.url, "sessions", "--json").stdout)[0]["worker"]),
            lambda: "The worker isn't listed.",
        )
        first.process.kill()
        wire.drop()
        # It is listed for a while, and listens to nothing.
        status, findings = examined(redis.url, **THOROUGH)
    assert findings["queue"]["level"] == "ok", findings["queue"]
    assert "workers" not in findings
    assert status == 0


def test_a_redis_that_is_away() -> None:
    status, findings = examined(f"redis://127.0.0.1:{free_port()}/0", **THOROUGH)
    assert status == 1
    assert findings["cache"]["level"] == findings["queue"]["level"] == "error"
    assert "ConnectionError" in findings["cache"]["problem"]
    assert "CACHE_REDIS_URL" in findings["cache"]["hint"]


def test_a_redis_that_hangs() -> None:
    with running_redis() as redis:
        redis.pause()
        status, findings = examined(redis.url)
    assert status == 1
    assert findings["cache"]["level"] == findings["queue"]["level"] == "error"


def test_a_redis_that_forgets() -> None:
    with running_redis("--maxmemory", "50mb", "--maxmemory-policy", "volatile-ttl") as redis:
        status, findings = examined(redis.url, **THOROUGH)
        beside_pages = examined(redis.url, caches="two", **THOROUGH)[1]
    assert beside_pages["eviction"] == findings["eviction"]
    assert (status, findings["eviction"]["level"]) == (0, "warning")
    assert "volatile-ttl" in findings["eviction"]["problem"]


def test_ice_servers_that_do_not_answer(redis: StoreServer) -> None:
    urls = [
        f"stun:127.0.0.1:{free_port()}",
        f"turn:127.0.0.1:{free_port()}?transport=tcp",
        "stun:nobody.invalid",
        "turns:127.0.0.1?transport=udp",
    ]
    servers = [{"urls": urls, "username": "u", "credential": "c"}]
    # Each has its own time, and the run has more: it says of each what has become of it.
    done = run(redis.url, "doctor", "--json", flask={"P2P_ICE_SERVERS": servers}, **WHOLE_RUN)
    findings = [each for each in json.loads(done.stdout) if each["check"] == "ice"]
    assert done.returncode == 1
    # The settings lack nothing, and TURN servers come last.
    assert [each["level"] for each in findings] == ["error", "error", "ok", "error"]
    assert "within 2 s" in findings[0]["problem"]
    assert "can't be reached" in findings[1]["problem"]
    assert "DTLS" in findings[2]["problem"]
    assert "refused" in findings[3]["problem"]


@pytest.mark.parametrize("patch", [None, "gevent"])
def test_turn_servers_are_tried(redis: StoreServer, patch: str | None) -> None:
    with running_turn() as one, running_turn(secret="geheim") as other:
        config = {
            "P2P_TURN_URLS": [one.url("udp"), one.url("tcp"), other.url("udp")],
            "P2P_TURN_SECRET": SECRET,
        }
        done = run(redis.url, "doctor", "--json", flask=config, patch=patch, **THOROUGH)
    findings = [each for each in json.loads(done.stdout) if each["check"] == "ice"]
    # gevent says that flask itself has come before it.
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert [each["level"] for each in findings] == ["ok", "ok", "error"]
    assert "(401)" in findings[2]["problem"]
    assert "P2P_TURN_SECRET" in findings[2]["hint"]
    assert SECRET not in done.stdout


def test_a_redis_that_refuses_the_password() -> None:
    with running_redis("--requirepass", "geheim") as server:
        url = server.url.replace("://", "://:falsch@")
        status, findings = examined(url, **WHOLE_RUN)
    assert status == 1
    assert "refuses the user or the password" in findings["cache"]["hint"]
    assert "the password" in findings["queue"]["hint"]
    assert "falsch" not in json.dumps(findings)


def test_an_ice_server_that_is_none(redis: StoreServer) -> None:
    servers = [{"urls": "stun:a..b"}]
    done = run(redis.url, "doctor", "--json", flask={"P2P_ICE_SERVERS": servers})
    (finding,) = json.loads(done.stdout)
    assert done.returncode == 1
    assert (finding["level"], finding["check"]) == ("error", "P2P_ICE_SERVERS")
    assert "a..b" not in finding["problem"]


def test_an_app_that_refuses_to_start(redis: StoreServer) -> None:
    status, findings = examined(redis.url, flask={"SECRET_KEY": ""})
    assert (status, list(findings)) == (1, ["SECRET_KEY"])
    for arguments in (["doctor"], ["sessions"], ["lock", "room"]):
        done = run(redis.url, *arguments, flask={"SECRET_KEY": ""})
        assert done.returncode == 1
        assert "The app has no SECRET_KEY" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_what_needs_no_app_works_without_one(redis: StoreServer, tmp_path: Any) -> None:
    done = run(redis.url, "controller", "chat", str(tmp_path), flask={"SECRET_KEY": ""})
    assert (done.returncode, done.stderr) == (0, "")
