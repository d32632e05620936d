"""A client that says pong and reads nothing is closed before it costs much."""

import itertools
import json
import time
from collections.abc import Iterator
from functools import partial

import pytest

from flask_p2p_streams.limits.budgets import UNREAD_BYTES
from tests.kit.fixtures import Open
from tests.kit.http import get, get_json
from tests.kit.memory import resident_bytes, thread_count
from tests.kit.servers import MODES, Server
from tests.kit.stores import running_redis
from tests.kit.waiting import PATIENCE, until
from tests.kit.wire import Wire
from tests.security.conftest import UNLIMITED, attacked
from tests.security.deaf import Deaf, Late, offer
from tests.security.healthy import Healthy, name_of_a_session

ALLOWED = 10 * 1024 * 1024
JOINS = 200
CANDIDATE = "candidate:1 1 udp 1 127.0.0.1 5000 typ host " + "x" * 3_900
CLIENTS = 60
MANY = 2_000
"""Signals of 60 kB: far more than a system's own buffers and the server's bound."""


@pytest.fixture(scope="module", params=MODES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with attacked(request.param, **UNLIMITED) as server:
        yield server


@pytest.fixture
def url(server: Server) -> str:
    return server.url


@pytest.fixture
def deaf(url: str) -> Iterator[Deaf]:
    one = Deaf(url)
    yield one
    one.drop()


def unread(url: str) -> int:
    return int(get_json(f"{url}/counted")["limited"]["unread"])


def warm_up(host: Wire, client: Wire, epoch: int) -> None:
    """Let the server take what it takes for large signals at all."""
    for number in range(20):
        assert host.ask("sdp_offer", offer("ann", epoch, number))["ok"]
    client.wait_for("sdp_offer", 20)


def flood(sender: Wire, to: str, epoch: int) -> int:
    """Send until the other has gone; return the number of signals that were taken."""
    for number in range(MANY):
        answer = sender.ask("sdp_offer", offer(to, epoch, number))
        if not answer["ok"]:
            assert answer["error"]["code"] == "no_such_peer"
            return number
    raise AssertionError("All signals were taken.")


def test_who_reads_nothing_is_closed_and_costs_little(
    server: Server, url: str, open_wire: Open, healthy: Healthy, deaf: Deaf
) -> None:
    session_id = name_of_a_session()
    host = open_wire().join(session_id, "host")
    epoch = host.wait_for("session_ready")["epoch"]
    warm_up(host, open_wire().join(session_id, "ann"), epoch)
    before, closed = resident_bytes(server.process.pid), unread(url)
    threads = thread_count(server.process.pid)
    deaf.join(session_id, "deaf")
    with deaf.saying_pong():
        flood(host, "deaf", epoch)
        assert host.wait_for("peer_left")["peer_id"] == "deaf"
        until(deaf.is_cut, lambda: "The connection is still open.")
    assert unread(url) == closed + 1
    assert resident_bytes(server.process.pid) - before < ALLOWED
    until(lambda: thread_count(server.process.pid) <= threads, lambda: "Its threads go on.")
    assert "reads too little" in get(f"{url}/log")


def test_a_host_that_reads_nothing_loses_its_seat(url: str, open_wire: Open, deaf: Deaf) -> None:
    session_id = name_of_a_session()
    deaf.join(session_id, "deaf")
    # Each of them alone is passed on a few answers only, in however many negotiations.
    clients = [open_wire().join(session_id, f"ann-{number}") for number in range(CLIENTS)]
    epoch = clients[0].wait_for("session_ready")["epoch"]

    def has_heard(client: Wire) -> bool:
        return bool(client.received("host_changed") or client.received("sdp_offer"))

    with deaf.saying_pong():
        for number, client in enumerate(clients):
            one = offer(f"ann-{number}", epoch, number, size=10)
            deaf.send_and_forget(f'42/p2p,["sdp_offer",{one}]')
            client.read(partial(has_heard, client))
            answer = offer("deaf", epoch, number).replace('"offer"', '"answer"')
            for _ in range(2):
                client.ask("sdp_answer", answer)
        until(deaf.is_cut, lambda: "The connection is still open.")
        assert clients[0].wait_for("host_changed")["reason"] == "lost"


def test_one_client_alone_does_not_fill_a_hosts_queue(
    url: str, open_wire: Open, deaf: Deaf
) -> None:
    session_id, closed = name_of_a_session(), unread(url)
    deaf.join(session_id, "deaf")
    ann = open_wire().join(session_id, "ann")
    epoch = ann.wait_for("session_ready")["epoch"]
    shortest = [{"candidate": CANDIDATE + str(number)} for number in range(16)]
    signal = {"to": "deaf", "epoch": epoch, "negotiation": "0", "candidates": shortest}
    with deaf.saying_pong():
        deaf.send_and_forget(f'42/p2p,["sdp_offer",{offer("ann", epoch, 0, size=10)}]')
        ann.wait_for("sdp_offer")
        answers = [ann.ask("ice_candidate", json.dumps(signal)) for _ in range(100)]
        assert [each["ok"] for each in answers[:2]] == [True, True]
        assert {each["error"]["code"] for each in answers if not each["ok"]} == {"rate_limited"}
        assert unread(url) == closed
        assert not deaf.is_cut()


def test_a_host_that_is_busy_while_many_join_stays(url: str, open_wire: Open, deaf: Deaf) -> None:
    session_id, closed = name_of_a_session(), unread(url)
    deaf.join(session_id, "host")
    with deaf.saying_pong():
        for number in range(JOINS):
            open_wire().join(session_id, f"peer-{number}")
        assert unread(url) == closed
        assert not deaf.is_cut()
    deaf.wait_for("session_ready")


def test_many_small_packets_count_too(url: str, deaf: Deaf) -> None:
    closed = unread(url)
    deaf.join(name_of_a_session(), "deaf")
    numbers = itertools.count()

    def is_closed() -> bool:
        for number in itertools.islice(numbers, 2_000):
            deaf.send_and_forget(f'42/p2p,{number}["hello",{{}}]')
        return unread(url) > closed

    # No more than 500 a second are read, and the system keeps the first thousands itself.
    with deaf.saying_pong():
        until(
            is_closed,
            lambda: f"{next(numbers)} answers wait, and nobody minds.",
            within=2 * PATIENCE,
            meanwhile=lambda: time.sleep(1),
        )


def test_who_reads_late_gets_every_frame_whole(url: str, open_wire: Open) -> None:
    session_id = name_of_a_session()
    host = open_wire().join(session_id, "host")
    epoch = host.wait_for("session_ready")["epoch"]
    late = Late(url)
    late.join(session_id, "late")
    closed = unread(url)
    # More than the system buffers, so that the server's writes stop in the middle of a frame.
    count = 0
    while max(get_json(f"{url}/waiting")) < UNREAD_BYTES // 2:
        assert host.ask("sdp_offer", offer("late", epoch, count))["ok"]
        late.ping()
        count += 1
        assert count < 64 * UNREAD_BYTES // 60_000, "Nothing waits, however much is sent."
    texts = [text for text in late.read_frames(count) if "sdp_offer" in text]
    numbers = [json.loads(text.partition(",")[2])[1]["negotiation"] for text in texts]
    assert numbers == [str(number) for number in range(len(numbers))]
    assert unread(url) == closed
    late.drop()


@pytest.mark.parametrize("mode", MODES)
def test_signals_of_another_worker_count_too(mode: str) -> None:
    with running_redis() as redis:
        keepers = {"cache": redis.url, "queue": redis.url}
        workers = (attacked(mode, keepers=keepers, **UNLIMITED) for _ in range(2))
        with next(workers) as here, next(workers) as there:
            send_from_another_worker(here, there)


def send_from_another_worker(here: Server, there: Server) -> None:
    session_id = name_of_a_session()
    host = Wire(here.url).join(session_id, "host")
    epoch = host.wait_for("session_ready")["epoch"]
    deaf = Deaf(there.url)
    deaf.join(session_id, "deaf")
    deaf.wait_for("session_ready")
    before = resident_bytes(there.process.pid)
    with deaf.saying_pong():
        numbers = iter(range(MANY))

        def is_closed() -> bool:
            # One worker doesn't know at once whom another one holds.
            for _ in range(20):
                host.ask("sdp_offer", offer("deaf", epoch, next(numbers)))
            return unread(there.url) == 1

        until(is_closed, lambda: "It goes on being sent to.")
        until(deaf.is_cut, lambda: "The connection is still open.")
    assert host.wait_for("peer_left")["peer_id"] == "deaf"
    assert resident_bytes(there.process.pid) - before < ALLOWED
    host.close()
    deaf.drop()
