"""Workers that are forks of one process, which has made the app before (`gunicorn --preload`)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.fixtures import Open
from tests.kit.leaks import opening
from tests.kit.servers import PATIENT, WSGI, Server, environment, gunicorn, serving
from tests.kit.stores import StoreServer
from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire

SERVERS = {
    "gthread": ("threading", "-k", "gthread", "--threads", "100"),
    "gevent": ("gevent", "-k", "gevent"),
}
MOST_PAIRS = 40


@pytest.fixture(scope="module", params=SERVERS)
def config(request: pytest.FixtureRequest, redis: StoreServer) -> dict[str, Any]:
    mode = SERVERS[request.param][0]
    patch = "gevent" if mode == "gevent" else None
    kept = {"caches": "none", "cache": redis.url, "queue": redis.url}
    return {**PATIENT, **kept, "mode": mode, "patch": patch}


@pytest.fixture(scope="module")
def server(config: dict[str, Any]) -> Iterator[Server]:
    name = "gthread" if config["mode"] == "threading" else "gevent"
    options = (*SERVERS[name][1:], "-w", "2", "--preload")
    with serving(gunicorn(*options), environment(**config)) as server:
        yield server


@pytest.fixture
def open_wire(server: Server) -> Iterator[Open]:
    with opening(server.url, Wire) as open_one:
        yield open_one


def meet(open_wire: Open, session_id: str) -> None:
    """Let a host and a newcomer tell each other something, wherever they are."""
    host = open_wire().join(session_id, "ann")
    assert host.wait_for("session_ready")["host_peer_id"] == "ann"
    client = open_wire().join(session_id, "bob")
    ready = client.wait_for("session_ready")
    assert ready["host_peer_id"] == "ann"
    assert host.wait_for("session_ready", 2)["peer_id"] == "bob"
    head = f'"epoch": {ready["epoch"]}, "negotiation": "n"'
    description = '"description": {"type": "TYPE", "sdp": "v=0"}'
    offer, answer = (description.replace("TYPE", each) for each in ("offer", "answer"))
    assert host.ask("sdp_offer", f'{{"to": "bob", {head}, {offer}}}') == {"ok": True}
    assert client.wait_for("sdp_offer")["from"] == "ann"
    assert client.ask("sdp_answer", f'{{"to": "ann", {head}, {answer}}}') == {"ok": True}
    assert host.wait_for("sdp_answer")["from"] == "bob"


def holders(server: Server) -> dict[str, int]:
    """Return how many sockets each worker holds, as it has told last."""
    return {each["name"]: each["sockets"] for each in server.get_json("workers")}


def test_peers_meet_wherever_they_are(server: Server, open_wire: Open) -> None:
    # Which worker takes a connection is up to the kernel: go on until both have some.
    for pair in range(MOST_PAIRS):
        meet(open_wire, f"pair-{pair}")
        if pair >= 8 and len(holders(server)) == 2:
            break
    server.until(lambda: sum(holders(server).values()) == 2 * (pair + 1), "all sockets")
    assert len(holders(server)) == 2


def test_the_doctor_sees_each_worker(
    server: Server, config: dict[str, Any], open_wire: Open
) -> None:
    for pair in range(MOST_PAIRS):
        open_wire().join(f"doctor-{pair}", "ann")
        if len(holders(server)) == 2:
            break
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", WSGI, "p2p", "doctor", "--json"],
        env={**os.environ, **environment(**config)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    found = {each["check"]: each for each in json.loads(done.stdout)}
    assert sorted(found["workers"]["problem"].removeprefix("With sockets: ")[:-1].split(", ")) == (
        sorted(holders(server))
    )
