"""The server's path where host and client are at two workers, or where the one worker restarts."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from flask_p2p_streams.limits.budgets import RELAY_PUBLICATIONS, UNREAD_BYTES
from tests.cluster.cluster import Cluster, Worker
from tests.kit.servers import PATIENT
from tests.kit.waiting import PATIENCE, until
from tests.kit.wire import Wire
from tests.security.deaf import Deaf

Open = Callable[[Worker], Wire]
COUNT = 100
"""Batches each way: fewer than a socket may send at once."""
MOST = 3000
"""Batches after which a queue that has no limit is found out."""
UNLIMITED = {"P2P_RELAY_RATE": None, "P2P_SESSION_RELAY_RATE": None}


@pytest.fixture
def open_wire() -> Iterator[Open]:
    with ExitStack() as stack:

        def open_one(worker: Worker) -> Wire:
            wire = Wire(worker.url)
            stack.callback(wire.close)
            return wire

        yield open_one


def batch(to: str, epoch: int, number: int = 1, size: int = 10) -> str:
    whole = {"to": to, "epoch": epoch, "negotiation": "a-link", "n": number, "ack": 0}
    return json.dumps({**whole, "packets": ["x" * size]})


def heard(wire: Wire) -> list[tuple[str, int]]:
    return [(each["from"], each["n"]) for each in wire.received("relay")]


@pytest.mark.parametrize(("here", "there"), [("eventlet", "gevent"), ("gevent", "threading")])
def test_a_host_and_its_client_at_two_workers(
    cluster: Cluster, session_id: str, open_wire: Open, here: str, there: str
) -> None:
    ann = open_wire(cluster.of_mode(here)).join(session_id, "ann")
    bob = open_wire(cluster.of_mode(there)).join(session_id, "bob")
    epoch = ann.wait_for("session_ready", 2)["epoch"]
    for number in range(1, COUNT + 1):
        assert bob.ask("relay", batch("ann", epoch, number)) == {"ok": True}
        assert ann.ask("relay", batch("bob", epoch, number)) == {"ok": True}
    ann.wait_for("relay", COUNT)
    bob.wait_for("relay", COUNT)
    assert heard(ann) == [("bob", number) for number in range(1, COUNT + 1)]
    assert heard(bob) == [("ann", number) for number in range(1, COUNT + 1)]
    # Each worker has counted what came in there, and one of them the link.
    counts = [cluster.of_mode(mode).get("counted") for mode in (here, there)]
    assert all(each["relay_batches"] >= COUNT for each in counts)
    # Who is a client isn't known here, but who is the host.
    eve = open_wire(cluster.of_mode(there)).join(session_id, "eve")
    assert eve.ask("relay", batch("bob", epoch))["error"]["code"] == "forbidden"


def test_a_queue_that_hangs_takes_no_more_than_it_may(
    cluster: Cluster, session_id: str, open_wire: Open, gevent: Worker, threading: Worker
) -> None:
    ann = open_wire(gevent).join(session_id, "ann")
    clients = [open_wire(threading).join(session_id, f"client-{n}") for n in range(3)]
    epoch = clients[0].wait_for("session_ready")["epoch"]
    before = threading.get("counted")["relay_batches"]
    cluster.queue.pause()
    try:
        taken = 0
        while (answer := clients[taken % 3].ask("relay", batch("ann", epoch, taken + 1)))["ok"]:
            taken += 1
            assert taken < MOST
        assert answer["error"]["code"] == "relay_full"
        assert threading.get("counted")["limited"]["relay_unread"] > 0
        # One or two are on their way already.
        assert RELAY_PUBLICATIONS < taken <= RELAY_PUBLICATIONS + 10
    finally:
        cluster.queue.resume()

    def goes_on() -> bool:
        return bool(clients[0].ask("relay", batch("ann", epoch, taken + 1))["ok"])

    until(goes_on, lambda: "The queue is still full.", meanwhile=lambda: time.sleep(0.1))
    assert threading.get("counted")["relay_batches"] == before + taken + 1
    ann.read(lambda: ("client-0", taken + 1) in heard(ann))


def test_a_slow_host_at_another_worker_is_not_closed_for_what_is_relayed(
    cluster: Cluster, session_id: str
) -> None:
    with ExitStack() as stack:
        shared = {"cache": cluster.cache.url, "queue": cluster.queue.url}
        # A host that doesn't read answers no ping.
        config = {**shared, "options": PATIENT["options"], "flask": UNLIMITED}
        workers = [Worker("threading", **config) for _ in range(2)]
        for worker in workers:
            stack.callback(worker.close)
            worker.start()
        host = Deaf(workers[0].url)
        stack.callback(host.drop)
        host.join(session_id, "ann")
        clients = [Wire(workers[1].url) for _ in range(4)]
        for number, client in enumerate(clients):
            stack.callback(client.close)
            client.join(session_id, f"client-{number}")
        epoch = clients[0].wait_for("session_ready")["epoch"]
        full = batch("ann", epoch, size=32_768)

        def dropped() -> bool:
            for client in clients:
                client.ask("relay", full)
            return bool(workers[0].get("counted")["limited"]["relay_unread"] > 40)

        with host.saying_pong():
            until(dropped, lambda: "Nothing is dropped.", within=2 * PATIENCE)
            (waiting,) = workers[0].get("waiting")
            assert UNREAD_BYTES / 2 < waiting < UNREAD_BYTES
            assert not host.is_cut()
            # There is still room for those who join.
            newcomer = Wire(workers[1].url)
            stack.callback(newcomer.close)
            newcomer.join(session_id, "newcomer")
            assert newcomer.wait_for("session_ready")["host_peer_id"] == "ann"
        assert workers[0].get("counted")["limited"]["unread"] == 0
        host.read(lambda: host.received("session_ready")[-1]["peer_id"] == "newcomer")


@pytest.mark.parametrize("mode", ["gevent", "threading"])
def test_a_client_that_is_back_before_its_host(
    mode: str, session_id: str, open_wire: Open
) -> None:
    server = Worker(mode)
    server.start()
    try:
        ann, bob = (open_wire(server).join(session_id, name) for name in ("ann", "bob"))
        ready: dict[str, Any] = ann.wait_for("session_ready", 1)
        epoch, seat = ready["epoch"], ann.received("session_ready")[0]["seat"]
        server.kill()
        server.start()
        again = open_wire(server)
        shown = {"token": bob.token, "connected_epoch": epoch, "link": "a-link"}
        for _ in range(3):
            again.connect(shown)
            refusal = again.refusal["data"]
            assert (refusal["code"], refusal["retry_after_ms"]) == ("unavailable", 500)
            again.refusal = None
        host = open_wire(server)
        host.connect({"token": ann.token, "seat": seat})
        again.connect(shown)
        assert again.joined
        told = host.wait_for("session_ready", 2)
        assert (told["peer_id"], told["epoch"], told["link"]) == ("bob", epoch, "a-link")
        assert again.ask("relay", batch("ann", epoch, 7)) == {"ok": True}
        assert host.wait_for("relay")["n"] == 7
    finally:
        server.close()
