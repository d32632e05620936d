"""Many join at once, on several workers: one host, whom all know."""

import itertools
import threading
import time
from collections import Counter

from tests.cluster.claims import Claims
from tests.cluster.cluster import Cluster
from tests.cluster.conftest import Join
from tests.cluster.peers import token
from tests.kit.packets import Packet, Packets
from tests.kit.waiting import PATIENCE

LANES, ROUNDS = 10, 50


def test_a_hundred_peers_join_at_once_on_four_workers(
    cluster: Cluster, join: Join, claims: Claims, session_id: str
) -> None:
    workers = itertools.cycle(cluster.workers)
    # All have a socket before any of them joins.
    start = threading.Barrier(100)
    peers = [join(f"peer-{number}", next(workers), start=start) for number in range(100)]
    for peer in peers:
        peer.wait(lambda peer: peer.role == "host" or peer.host in peer.linked, "in")
    assert Counter(peer.role for peer in peers) == {"host": 1, "client": 99}
    (host,) = (peer for peer in peers if peer.role == "host")
    assert {(peer.host, peer.epoch) for peer in peers} == {(host.peer_id, host.epoch)}
    host.wait(lambda peer: len(peer.linked) == 99, "linked with all")
    assert claims.hosts(session_id) == {host.epoch: host.peer_id}


class Lane:
    """Two sockets, one to each of two workers, over which pair after pair joins."""

    def __init__(self, number: int, cluster: Cluster, claims: Claims) -> None:
        self.hosts: list[set[tuple[str, int]]] = []
        self._number = number
        self._claims = claims
        workers = cluster.workers[number % 4], cluster.workers[(number + 1) % 4]
        self._wires = [Packets(worker.url) for worker in workers]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait until it has come to its end; it waits for each answer no longer than it may."""
        self._thread.join()
        for wire in self._wires:
            wire.close()

    def _run(self) -> None:
        for number in range(ROUNDS):
            session_id = f"pair-{self._number}-{number}"
            pair = list(zip(self._wires, ("ann", "bob"), strict=True))
            auths = [{"token": token(session_id, peer_id)} for _, peer_id in pair]
            for wire, auth in zip(self._wires, auths, strict=True):
                wire.enter(auth)
            self.hosts.append(self._told(session_id, pair))
            for wire in self._wires:
                wire.leave()

    def _told(self, session_id: str, pair: list[tuple[Packets, str]]) -> set[tuple[str, int]]:
        """Return whom the newcomers are told to host, and in which epochs."""
        told: dict[str, tuple[str, int]] = {}
        deadline = time.monotonic() + PATIENCE
        while len(told) < len(pair):
            assert time.monotonic() < deadline, f"In {session_id} only {[*told]} hear anything."
            # In turns, as a wire that isn't read answers no pings, and is closed after a while.
            for wire, peer_id in pair:
                packet = wire.receive(0.02)
                if packet is not None:
                    self._take(session_id, wire, peer_id, packet)
                    if _is_own(packet, peer_id):
                        told[peer_id] = packet.payload["host_peer_id"], packet.payload["epoch"]
        return set(told.values())

    def _take(self, session_id: str, wire: Packets, peer_id: str, packet: Packet) -> None:
        self._claims.hear(session_id, peer_id, packet.payload)
        if packet.kind == "connect_error":
            # A store that takes longer than a second is given up on, and is asked again.
            assert packet.payload["data"]["retry"], packet
            wire.enter({"token": token(session_id, peer_id)})


def _is_own(packet: Packet, peer_id: str) -> bool:
    return packet.event == "session_ready" and packet.payload["peer_id"] == peer_id


def test_two_join_at_the_very_same_moment_500_times(cluster: Cluster, claims: Claims) -> None:
    lanes = [Lane(number, cluster, claims) for number in range(LANES)]
    for lane in lanes:
        lane.finish()
    hosts = [each for lane in lanes for each in lane.hosts]
    assert len(hosts) == 500
    assert [each for each in hosts if len(each) != 1] == []
