"""Who is in a session, told once by several workers, of which some are killed."""

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.kit.http import post
from tests.kit.servers import Server, app
from tests.kit.stores import StoreServer, shared
from tests.kit.waiting import PATIENCE, until
from tests.kit.wire import Wire

# When a worker that says nothing counts as gone, and when who is awaited is looked for.
SOONER = {
    "flask_p2p_streams.signaling.heartbeat.BEAT": 0.5,
    "flask_p2p_streams.stores.worker_registry.WORKER_TERM": 5.0,
    "flask_p2p_streams.signaling.attendance.LOOK": 0.5,
}
GRACE = 1.0
"""Seconds that a peer has to come back, where none does."""


class People:
    """Some workers, and what those that live have heard of one session."""

    def __init__(self, redis: StoreServer, session: str, stack: ExitStack) -> None:
        self.session = session
        self._redis = redis
        self._stack = stack
        self._told: Counter[tuple[str, str]] = Counter()
        self.servers: list[Server] = []

    def add(self, **config: object) -> Server:
        flask = {"P2P_HOST_GRACE": GRACE, "P2P_JOIN_RATE": None, **config}
        chosen = shared(self._redis.url, flask=flask, constants=SOONER)
        server = self._stack.enter_context(app("threading", **chosen))
        self.servers.append(server)
        return server

    def join(self, server: Server, peer: str, **shown: object) -> Wire:
        wire = Wire(server.url)
        self._stack.callback(wire.close)
        return wire.join(self.session, peer, **shown)

    def kill(self, server: Server) -> None:
        self._told += self._of(server)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(PATIENCE)
        self.servers.remove(server)

    def _of(self, server: Server) -> Counter[tuple[str, str]]:
        return Counter(map(tuple, server.get_json(f"heard/{self.session}")))

    @property
    def heard(self) -> Counter[tuple[str, str]]:
        return sum((self._of(server) for server in self.servers), self._told)

    def wait_for(self, *news: tuple[str, str]) -> None:
        """Wait until these have been heard, each once, and nothing else."""
        expected = Counter(news)
        until(lambda: expected <= self.heard, f"{sorted(news)} haven't been heard.")
        assert self.heard == expected


@pytest.fixture(scope="module")
def pair(redis: StoreServer) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        workers = People(redis, "", stack)
        yield [workers.add(), workers.add()]


@pytest.fixture
def fresh(redis: StoreServer, request: pytest.FixtureRequest) -> Iterator[People]:
    with ExitStack() as stack:
        yield People(redis, request.node.name, stack)


@pytest.fixture
def people(fresh: People, pair: list[Server]) -> People:
    fresh.servers.extend(pair)
    return fresh


def report(host: Wire, epoch: int, **peers: str) -> None:
    payload = json.dumps({"epoch": epoch, "peers": peers})
    assert host.ask("session_roster", payload) == {"ok": True}


def let_go(client: Wire) -> None:
    assert client.ask("session_leave", '{"reason": "connected"}') == {"ok": True}


def goodbye(peer: Wire) -> None:
    assert peer.ask("session_leave", '{"reason": "closed"}') == {"ok": True}


def epoch_of(wire: Wire) -> int:
    return int(wire.wait_for("session_ready")["epoch"])


COME = [("joined", "ann"), ("connected", "ann"), ("joined", "bob"), ("connected", "bob")]


def test_a_client_of_another_worker_comes_and_goes(people: People) -> None:
    one, other = people.servers
    ann = people.join(one, "ann")
    let_go(people.join(other, "bob"))
    report(ann, epoch_of(ann), ann="connected", bob="connected")
    people.wait_for(*COME)
    report(ann, epoch_of(ann), ann="connected", bob="disconnected")
    people.wait_for(*COME, ("left", "bob"))


def test_who_keeps_a_socket_at_another_worker(people: People) -> None:
    one, other = people.servers
    ann, bob = people.join(one, "ann"), people.join(other, "bob")
    report(ann, epoch_of(ann), ann="connected", bob="connected")
    # Its host has lost it, and its socket is there.
    report(ann, epoch_of(ann), ann="connected", bob="disconnected")
    people.wait_for(*COME)
    goodbye(bob)
    people.wait_for(*COME, ("left", "bob"))


def test_a_reload_at_another_worker(fresh: People) -> None:
    one, other = fresh.add(P2P_HOST_GRACE=3600), fresh.add(P2P_HOST_GRACE=3600)
    ann, bob = fresh.join(one, "ann"), fresh.join(one, "bob")
    let_go(bob)
    report(ann, epoch_of(ann), ann="connected", bob="connected")
    report(ann, epoch_of(ann), ann="connected", bob="disconnected")
    let_go(fresh.join(other, "bob"))
    report(ann, epoch_of(ann), ann="connected", bob="connected")
    goodbye(ann)
    fresh.join(other, "ann")
    fresh.wait_for(*COME)


@pytest.mark.parametrize("act", ["kick", "close"])
def test_what_the_app_decides_at_another_worker(people: People, act: str) -> None:
    one, other = people.servers
    ann = people.join(one, "ann")
    let_go(people.join(one, "bob"))
    report(ann, epoch_of(ann), ann="connected", bob="connected")
    path = f"kick/{people.session}/bob" if act == "kick" else f"close/{people.session}"
    post(f"{other.url}/{path}")
    left = [("left", "bob")] if act == "kick" else [("left", "ann"), ("left", "bob")]
    people.wait_for(*COME, *left)


def test_a_change_of_host_to_another_worker(people: People) -> None:
    one, other = people.servers
    ann = people.join(one, "ann")
    let_go(people.join(one, "bob"))
    epoch = epoch_of(ann)
    report(ann, epoch, ann="connected", bob="connected")
    goodbye(ann)
    bob = people.join(other, "bob", lost_epoch=epoch)
    report(bob, epoch_of(bob), bob="connected")
    people.wait_for(*COME, ("left", "ann"))


def test_a_killed_worker(fresh: People) -> None:
    one, other = fresh.add(P2P_MAX_PEERS=2), fresh.add(P2P_MAX_PEERS=2)
    ann = fresh.join(one, "ann")
    let_go(fresh.join(one, "bob"))
    report(ann, epoch_of(ann), ann="connected", bob="connected")
    def shown() -> tuple[object, object]:
        session = other.get_json(f"session/{fresh.session}")
        return session.get("host"), session.get("peers")

    both = ("ann", {"ann": "connected", "bob": "connected"})
    until(lambda: shown() == both, "The other worker doesn't know them.")
    fresh.kill(one)
    until(lambda: shown() == (None, {}), "Those that are gone are still shown.")
    # There is room for a stranger, who finds that the host is gone, and follows it.
    eve = fresh.join(other, "eve")
    host_instead(eve)
    report(eve, eve.received("session_ready")[-1]["epoch"], eve="connected")
    come = [("joined", "eve"), ("connected", "eve")]
    fresh.wait_for(*COME, *come, ("left", "ann"), ("left", "bob"))


def host_instead(peer: Wire) -> None:
    """Join again and again, as a page does that gets no offer, until the host is followed."""
    for _ in range(100):
        epoch = peer.wait_for("session_ready")["epoch"]
        answer = peer.ask("session_join", json.dumps({"lost_epoch": epoch}))
        if answer["ok"]:
            break
        time.sleep(answer["error"]["retry_after_ms"] / 1000)
    assert answer["role"] == "host"
