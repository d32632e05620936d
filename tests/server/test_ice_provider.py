"""A provider of ICE servers, on each async mode: it holds up neither a join nor anybody else."""

import json
import threading
import time
import urllib.request
from typing import Any

import pytest

from tests.kit.http import get
from tests.kit.servers import MODES, PATIENT, Server, app
from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire

STUN = {"urls": ["stun:s.example"]}
CALLS = "flask_p2p_streams.signaling.provider_calls"
FLASK = {**PATIENT["flask"], "P2P_ICE_SERVERS": [STUN]}


def site(mode: str, provider: str, **constants: Any) -> Any:
    return app(
        mode,
        flask=FLASK,
        options=PATIENT["options"],
        provider=provider,
        constants={f"{CALLS}.{name}": value for name, value in constants.items()},
    )


def joined(server: Server, peers: list[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """Let peers join at once; return what each is told of its own join."""
    ready: dict[tuple[str, str], Any] = {}

    def join(session_id: str, peer_id: str) -> None:
        wire = Wire(server.url).join(session_id, peer_id)
        ready[session_id, peer_id] = wire.wait_for("session_ready")
        wire.close()

    threads = [threading.Thread(target=join, args=each) for each in peers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(ready) == len(peers)
    return ready


@pytest.mark.parametrize("mode", MODES)
def test_each_peer_gets_its_own(mode: str) -> None:
    peers = [(f"room-{n}", f"peer-{n}") for n in range(40)]
    with site(mode, "prompt", ICE_CALL_TIMEOUT=PATIENCE) as server:
        ready = joined(server, peers)
        for (_, peer_id), each in ready.items():
            stun, turn = each["ice_servers"]
            assert (stun, turn["username"]) == (STUN, peer_id)
            assert 0 < each["ice_expires_in_ms"] <= 60_000
        assert renewed(server, "room-0", "peer-0")["ice_servers"][1]["username"] == "peer-0"
        assert "ERROR" not in server.log


@pytest.mark.parametrize("mode", MODES)
def test_one_that_hangs(mode: str) -> None:
    with site(mode, "hanging", ICE_CALL_TIMEOUT=1.0, ICE_CALLS=8) as server:
        began = time.monotonic()
        ready = joined(server, [(f"room-{n}", "ann") for n in range(20)])
        # All at once wait for as long as one of them.
        assert time.monotonic() - began < PATIENCE / 4
        assert all(each["ice_servers"] == [STUN] for each in ready.values())
        # All calls hang: nobody waits any more.
        began = time.monotonic()
        for number in range(20, 30):
            joined(server, [(f"room-{number}", "ann")])
        assert time.monotonic() - began < 8
        assert renewed(server, "room-0", "ann")["ice_servers"] == [STUN]
        lines = [each for each in server.log.splitlines() if "p2p.ice_servers" in each]
        assert len(lines) == 1, server.log
        assert "takes longer than 1 s" in lines[0]


@pytest.mark.parametrize("mode", MODES)
def test_one_that_raises(mode: str) -> None:
    with site(mode, "raising") as server:
        ready = joined(server, [("room", "ann")])
        assert ready["room", "ann"]["ice_servers"] == [STUN]
        assert "raises ConnectionError in line" in server.log
        assert "key@provider" not in server.log


def renewed(server: Server, session_id: str, peer_id: str) -> dict[str, Any]:
    token = get(f"{server.url}/token/{session_id}/{peer_id}")
    request = urllib.request.Request(
        f"{server.url}/p2p/token",
        json.dumps({"token": token}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return dict(json.load(response))
