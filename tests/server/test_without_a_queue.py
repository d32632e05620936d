"""Two processes with one cache and no message queue: they don't meet, and break nothing."""

import json
from contextlib import ExitStack

from tests.kit.servers import PATIENT, Server, environment, serving
from tests.kit.stores import running_redis
from tests.kit.waiting import until
from tests.kit.wire import Wire


def listed(server: Server) -> int:
    return len(server.get_json("workers"))


def test_a_host_that_lives_elsewhere_keeps_its_seat() -> None:
    with running_redis() as redis, ExitStack() as stack:
        here, there = (
            stack.enter_context(
                serving(
                    lambda port: ["-m", "tests.server.served_by", "socketio", str(port)],
                    environment(**PATIENT, caches="none", cache=redis.url),
                )
            )
            for _ in range(2)
        )
        host = Wire(here.url).join("room", "ann")
        epoch = host.wait_for("session_ready")["epoch"]
        until(lambda: listed(here) == 1, lambda: "The worker isn't listed.")
        stranger = Wire(there.url).join("room", "bob")
        assert stranger.refusal["data"]["code"] == "unavailable"
        assert "another worker" in stranger.refusal["message"] + json.dumps(
            stranger.refusal["data"]
        )
        # Who comes by the host's own worker meets it.
        newcomer = Wire(here.url).join("room", "eve")
        ready = newcomer.wait_for("session_ready")
        assert (ready["host_peer_id"], ready["epoch"]) == ("ann", epoch)
        for wire in (host, stranger, newcomer):
            wire.close()
