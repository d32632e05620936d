import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.kit.servers import WSGI, app, environment
from tests.kit.stores import StoreServer, shared
from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Open = Callable[[int], Wire]


@pytest.fixture(scope="module")
def urls(redis: StoreServer) -> Iterator[list[str]]:
    with ExitStack() as stack:
        servers = [stack.enter_context(app("threading", **shared(redis.url))) for _ in range(2)]
        yield [server.url for server in servers]


@pytest.fixture
def open_wire(urls: list[str]) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_one(worker: int) -> Wire:
            wire = Wire(urls[worker])
            stack.callback(wire.close)
            return wire

        yield open_one


@pytest.fixture
def command(redis: StoreServer) -> Run:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", WSGI, "p2p", *arguments],
            env={**os.environ, **environment(**shared(redis.url))},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    return run


def test_a_host_and_its_client_at_two_workers(open_wire: Open) -> None:
    host, client = open_wire(0).join("r1", "ann"), open_wire(1).join("r1", "bob")
    epoch = client.wait_for("session_ready")["epoch"]
    assert host.wait_for("session_ready", 2)["peer_id"] == "bob"
    head = f'"epoch": {epoch}, "negotiation": "n"'
    offer = f'{{"to": "bob", {head}, "description": {{"type": "offer", "sdp": "v=0"}}}}'
    answer = f'{{"to": "ann", {head}, "description": {{"type": "answer", "sdp": "v=0"}}}}'
    assert host.ask("sdp_offer", offer) == {"ok": True}
    assert client.wait_for("sdp_offer")["from"] == "ann"
    assert client.ask("sdp_answer", answer) == {"ok": True}
    assert host.wait_for("sdp_answer")["from"] == "bob"


def test_a_command_removes_a_client_and_then_the_host(open_wire: Open, command: Run) -> None:
    host, client = open_wire(0).join("r2", "ann"), open_wire(1).join("r2", "bob")
    client.wait_for("session_ready")
    assert command("kick", "r2", "bob", "--ban-for", "60").stdout == "Removed bob from r2.\n"
    assert client.wait_for("session_error")["code"] == "forbidden"
    assert host.wait_for("peer_expelled")["peer_id"] == "bob"
    client.read(lambda: client.dismissed)
    assert open_wire(1).join("r2", "bob").refusal["data"]["code"] == "forbidden"
    command("kick", "r2", "ann")
    assert host.wait_for("session_error")["code"] == "forbidden"
    host.read(lambda: host.dismissed)


def test_a_command_lifts_a_ban(open_wire: Open, command: Run) -> None:
    open_wire(0).join("r5", "ann")
    command("kick", "r5", "bob", "--ban-for", "600")
    assert open_wire(1).join("r5", "bob").refusal["data"]["code"] == "forbidden"
    assert [*json.loads(command("sessions", "r5", "--json").stdout)[0]["banned"]] == ["bob"]
    assert command("unban", "r5", "bob").stdout == "bob may join r5 again.\n"
    assert open_wire(1).join("r5", "bob").joined
    assert json.loads(command("sessions", "r5", "--json").stdout)[0]["banned"] == {}


def test_a_command_closes_a_session(open_wire: Open, command: Run) -> None:
    host, client = open_wire(0).join("r3", "ann"), open_wire(1).join("r3", "bob")
    client.wait_for("session_ready")
    assert command("close", "r3").stdout == "Closed r3.\n"
    for wire in (host, client):
        assert wire.wait_for("session_error")["code"] == "session_expired"
    host.read(lambda: host.dismissed)
    client.read(lambda: client.dismissed)
    late = open_wire(1)
    late.connect({"token": client.token})
    assert late.refusal["data"]["code"] == "session_expired"
    again = open_wire(1).join("r3", "bob")
    assert again.wait_for("session_ready")["host_peer_id"] == "bob"


def test_a_command_locks_a_session(open_wire: Open, command: Run) -> None:
    open_wire(0).join("r4", "ann")
    assert command("lock", "r4").stdout == "Locked r4.\n"
    assert open_wire(1).join("r4", "bob").refusal["data"]["code"] == "forbidden"
    command("lock", "r4", "--unlock")
    assert open_wire(1).join("r4", "bob").joined
