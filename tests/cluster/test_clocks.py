"""The clock of one worker is wrong."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.cluster.claims import Claims
from tests.cluster.cluster import Cluster, Worker
from tests.cluster.conftest import Join
from tests.cluster.peers import Peer, token
from tests.kit.waiting import until

HOUR = 3600
HALF_A_MINUTE = 30
A_BIT = 15


def off(cluster: Cluster, seconds: float) -> Iterator[Worker]:
    worker = cluster.add("gevent", clock=seconds)
    worker.start()
    yield worker
    worker.kill()
    complaints = cluster.new_complaints()
    cluster.workers.remove(worker)
    worker.close()
    assert complaints == []


@pytest.fixture(params=[HOUR, -HOUR], ids=["ahead", "behind"])
def wrong(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Worker]:
    """A further worker of the cluster, whose clock is an hour off."""
    yield from off(cluster, request.param)


@pytest.fixture(params=[HALF_A_MINUTE, -HALF_A_MINUTE], ids=["ahead", "behind"])
def inexact(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Worker]:
    """One whose clock is half a minute off."""
    yield from off(cluster, request.param)


@pytest.fixture(params=[A_BIT, -A_BIT], ids=["ahead", "behind"])
def usual(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Worker]:
    """One whose clock is as wrong as may be."""
    yield from off(cluster, request.param)


# Elections


@pytest.fixture
def enter(join: Join, session_id: str) -> Join:
    """Let somebody join whose page is an hour old, so that each worker takes its token."""

    def enter_one(peer_id: str, *workers: Worker) -> Peer:
        return join(peer_id, *workers, shown=token(session_id, peer_id, age=HOUR))

    return enter_one


def test_elections_and_drops_alternate_between_the_workers(
    eventlet: Worker, wrong: Worker, enter: Join, claims: Claims, session_id: str
) -> None:
    right = eventlet
    ann = enter("ann", right).wait_for_role("host")
    bob = enter("bob", wrong).wait_for_role("client")

    # The host goes; who has lost it is elected where the clock is wrong.
    ann.close()
    right.wait_for_nobody(session_id, "ann")
    bob.lose_host()
    bob.wait_for_role("host")
    cem = enter("cem", right).wait_for_role("client")

    # Its socket comes back at the right worker, and then at the wrong one again.
    for worker in (right, wrong):
        bob.hold()
        bob.release(worker)
        worker.wait_for_peers(session_id, "bob")
    dan = enter("dan", right).wait_for_role("client")
    assert cem.epoch == dan.epoch == bob.epoch

    # It goes for good; a newcomer waits for the grace, and not for an hour.
    for peer in (cem, dan, bob):
        peer.close()
    wrong.wait_for_nobody(session_id, "bob")
    eve = enter("eve", right).wait_for_role("host")
    eve.close()
    right.wait_for_nobody(session_id, "eve")
    enter("fay", wrong).wait_for_role("host")

    hosts = claims.hosts(session_id)
    assert [hosts[epoch] for epoch in sorted(hosts)] == ["ann", "bob", "eve", "fay"]
    assert enter("gus", right).wait_for_role("client").host == "fay"


def test_two_workers_that_are_an_hour_apart_elect_one_of_two(
    eventlet: Worker, wrong: Worker, enter: Join, claims: Claims, session_id: str
) -> None:
    peers = [enter("ann", eventlet), enter("bob", wrong), enter("cem", wrong)]
    peers.append(enter("dan", eventlet))
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


# Whose tokens are taken


def test_no_worker_takes_a_token_of_an_hour_to_come(
    eventlet: Worker, wrong: Worker, join: Join, session_id: str
) -> None:
    ahead, behind = sorted((eventlet, wrong), key=lambda each: each.get("time"), reverse=True)
    for peer_id in ("ann", "bob"):
        shown = ahead.token(session_id, peer_id)
        peer = join(peer_id, behind, shown=shown)
        peer.wait(lambda peer: peer.refusals, "refused")
        assert peer.refusals[-1]["code"] == "unauthorized"
    # What is said in the log may be of an earlier test, as it is said once.
    assert behind.log.count("the clocks of the workers differ") == 1
    # Where it was signed it is good, and so is one of the other worker.
    for peer_id, signed_by in (("cem", ahead), ("dan", behind)):
        shown = signed_by.token(session_id, peer_id)
        join(peer_id, ahead, shown=shown).wait(lambda peer: peer.role, "in")


def test_clocks_that_differ_as_clocks_do(
    eventlet: Worker, usual: Worker, join: Join, session_id: str
) -> None:
    crossed = {"ann": (eventlet, usual), "bob": (usual, eventlet)}
    for peer_id, (signed_by, shown_to) in crossed.items():
        shown = signed_by.token(session_id, peer_id)
        peer = join(peer_id, shown_to, shown=shown)
        peer.wait(lambda peer: peer.role == "host" or peer.host in peer.linked, "in")


# Closing


@pytest.mark.parametrize("is_closed_there", [True, False], ids=["closed there", "closed here"])
def test_closing_withdraws_what_either_worker_has_rendered(
    eventlet: Worker, inexact: Worker, join: Join, session_id: str, is_closed_there: bool
) -> None:
    closer = inexact if is_closed_there else eventlet
    shown = {worker: worker.token(session_id, "ann") for worker in (eventlet, inexact)}
    closer.post(f"close/{session_id}")
    for signed_by in (eventlet, inexact):
        for shown_to in (eventlet, inexact):
            peer = join("ann", shown_to, shown=shown[signed_by])
            peer.wait(lambda peer: peer.refusals, "refused")
            codes = {"session_expired"} if signed_by is shown_to else REFUSED
            assert peer.refusals[-1]["code"] in codes
    # A page that is rendered after it opens the session again, at either worker.
    for number, worker in enumerate((eventlet, inexact)):
        peer_id = f"bob-{number}"
        peer = join(peer_id, worker, shown=worker.token(session_id, peer_id))
        peer.wait(lambda peer: peer.role == "host" or peer.host in peer.linked, "in")


def is_out(peer: Peer) -> bool:
    return peer.dismissals > 0 or peer.ask("session_join", {}) is None


REFUSED = {"session_expired", "unauthorized"}
"""What a token gets of half a minute to come."""


@pytest.mark.parametrize("is_closed_there", [True, False], ids=["closed there", "closed here"])
def test_closing_ends_the_sockets_of_both_workers(
    eventlet: Worker, inexact: Worker, join: Join, session_id: str, is_closed_there: bool
) -> None:
    closer = inexact if is_closed_there else eventlet
    peers = {}
    for peer_id, worker in (("ann", eventlet), ("bob", inexact), ("cem", inexact)):
        shown = worker.token(session_id, peer_id)
        peer = join(peer_id, worker, shown=shown, returns=False, obeys=False)
        peers[peer_id] = peer.wait(lambda each: each.role, "in")
    closer.post(f"close/{session_id}")
    for peer in peers.values():
        # None of them goes by itself: each joins again on its socket for as long as it has one.
        until(partial(is_out, peer), partial("{} still has its socket.".format, peer))
    for peer_id, worker in (("ann", eventlet), ("bob", inexact), ("cem", inexact)):
        worker.wait_for_nobody(session_id, peer_id)
    assert eventlet.host_of(session_id) == {}


def test_closing_while_the_host_s_socket_is_lost(
    eventlet: Worker, inexact: Worker, join: Join, session_id: str
) -> None:
    for number, (closer, other) in enumerate(((eventlet, inexact), (inexact, eventlet))):
        room = f"{session_id}-{number}"
        ann = join("ann", other, shown=other.token(room, "ann")).wait_for_role("host")
        ann.hold()
        other.wait_for_nobody(room, "ann")
        closer.post(f"close/{room}")
        ann.release(other)
        ann.wait(lambda peer: peer.refusals, "refused with its seat")
        assert ann.refusals[-1]["code"] == "session_expired"
