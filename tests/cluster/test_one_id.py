"""One peer id joins from two workers: the newer stays."""

import pytest

from tests.cluster.claims import Claims
from tests.cluster.cluster import Cluster, Worker
from tests.cluster.conftest import Join
from tests.cluster.peers import Peer
from tests.kit.waiting import until

OFFER = {"description": {"type": "offer", "sdp": "v=1"}, "negotiation": "again"}
ROUNDS = 20


def errors(peer: Peer) -> list[str]:
    return [error["code"] for error in peer.received("session_error")]


@pytest.mark.parametrize("obeys", [True, False], ids=["obeys", "ignores it"])
def test_the_newer_takes_the_place_of_the_older(
    eventlet: Worker, gevent: Worker, session_id: str, join: Join, obeys: bool
) -> None:
    host = join("ann", eventlet).wait_for_role("host")
    older = join("bob", eventlet, returns=False, obeys=obeys).wait_for_role("client")
    newer = join("bob", gevent).wait_for_role("client")
    older.wait(lambda peer: "peer_replaced" in errors(peer), "replaced")
    if not obeys:
        older.wait(lambda peer: peer.dismissals, "disconnected")
    eventlet.wait_for_nobody(session_id, "bob")
    host.ask("sdp_offer", {"to": "bob", "epoch": host.epoch, **OFFER})
    newer.wait(lambda peer: peer.received("sdp_offer")[1:], "offered again")
    assert [offer["negotiation"] for offer in older.received("sdp_offer")].count("again") == 0
    assert (newer.dismissals, errors(newer), newer.sockets) == (0, [], 1)


def test_a_hosts_id_at_another_worker_is_the_host_from_then_on(
    eventlet: Worker, gevent: Worker, join: Join
) -> None:
    older = join("ann", eventlet, returns=False).wait_for_role("host")
    newer = join("ann", gevent).wait_for_role("host")
    older.wait(lambda peer: "peer_replaced" in errors(peer), "replaced")
    assert newer.epoch > older.epoch
    assert join("bob", eventlet).wait_for_role("client").epoch == newer.epoch


def test_of_two_that_come_at_the_same_moment_one_stays(cluster: Cluster, claims: Claims) -> None:
    eventlet, gevent = cluster.of_mode("eventlet"), cluster.of_mode("gevent")
    for number in range(ROUNDS):
        session_id = f"same-{number}"
        host = Peer(claims, session_id, "ann", [eventlet])
        workers = eventlet, gevent
        pair = [Peer(claims, session_id, "bob", [each], returns=False) for each in workers]
        try:
            host.start()
            host.wait_for_role("host")
            for peer in pair:
                peer.start()
            assert_one_stays(session_id, workers, host, pair)
        finally:
            for peer in (host, *pair):
                peer.close()


def assert_one_stays(
    session_id: str, workers: tuple[Worker, Worker], host: Peer, pair: list[Peer]
) -> None:
    until(
        lambda: sum("peer_replaced" in errors(peer) for peer in pair) == 1,
        lambda: "Not one of them is replaced: " + ", ".join(map(str, pair)),
    )
    (stays,) = (peer for peer in pair if "peer_replaced" not in errors(peer))
    stays.wait(lambda peer: peer.role == "client", "in")
    until(
        lambda: sum("bob" in worker.get(f"held/{session_id}") for worker in workers) == 1,
        lambda: "Both workers still hold a socket.",
    )
    host.ask("sdp_offer", {"to": "bob", "epoch": host.epoch, **OFFER})
    stays.wait(
        lambda peer: any(one["negotiation"] == "again" for one in peer.received("sdp_offer")),
        "reached by the host",
    )
    assert (stays.dismissals, errors(stays)) == (0, [])
