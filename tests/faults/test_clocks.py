"""The clock of one worker is an hour off."""

from collections.abc import Iterator

import pytest

from tests.faults.claims import Claims
from tests.faults.cluster import Cluster, Worker
from tests.faults.conftest import Join

HOUR = 3600


@pytest.fixture(params=[HOUR, -HOUR], ids=["ahead", "behind"])
def wrong(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Worker]:
    """A further worker of the cluster, whose clock is wrong."""
    worker = cluster.add("gevent", clock=request.param)
    worker.start()
    yield worker
    worker.kill()
    complaints = cluster.new_complaints()
    cluster.workers.remove(worker)
    worker.close()
    assert complaints == []


def test_elections_and_drops_alternate_between_the_workers(
    eventlet: Worker, wrong: Worker, join: Join, claims: Claims, session_id: str
) -> None:
    right = eventlet
    ann = join("ann", right).wait_for_role("host")
    bob = join("bob", wrong).wait_for_role("client")

    # The host goes; who has lost it is elected where the clock is wrong.
    ann.close()
    right.wait_for_nobody(session_id, "ann")
    bob.lose_host()
    bob.wait_for_role("host")
    cem = join("cem", right).wait_for_role("client")

    # Its socket comes back at the right worker, and then at the wrong one again.
    for worker in (right, wrong):
        bob.hold()
        bob.release(worker)
        worker.wait_for_peers(session_id, "bob")
    dan = join("dan", right).wait_for_role("client")
    assert cem.epoch == dan.epoch == bob.epoch

    # It goes for good; a newcomer waits for the grace, and not for an hour.
    for peer in (cem, dan, bob):
        peer.close()
    wrong.wait_for_nobody(session_id, "bob")
    eve = join("eve", right).wait_for_role("host")
    eve.close()
    right.wait_for_nobody(session_id, "eve")
    join("fay", wrong).wait_for_role("host")

    hosts = claims.hosts(session_id)
    assert [hosts[epoch] for epoch in sorted(hosts)] == ["ann", "bob", "eve", "fay"]
    assert join("gus", right).wait_for_role("client").host == "fay"


def test_two_workers_that_are_an_hour_apart_elect_one_of_two(
    eventlet: Worker, wrong: Worker, join: Join, claims: Claims, session_id: str
) -> None:
    peers = [join("ann", eventlet), join("bob", wrong), join("cem", wrong), join("dan", eventlet)]
    for peer in peers:
        peer.wait(lambda peer: peer.role == "host" or peer.host in peer.linked, "in")
    (host,) = (peer for peer in peers if peer.role == "host")
    host.hold()
    others = [peer for peer in peers if peer is not host]
    for peer in others:
        peer.lose_host()
    for peer in others:
        peer.wait(lambda peer: peer.epoch > host.epoch and peer.linked, "with a new host")
    host.release(wrong)
    host.wait_for_role("client")
    assert len({(peer.host, peer.epoch) for peer in peers}) == 1
    assert len(claims.hosts(session_id)) == 2
