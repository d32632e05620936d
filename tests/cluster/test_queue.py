"""The message queue between the workers goes, or hangs, and comes back."""

import pytest

from tests.cluster.cluster import Cluster, Worker
from tests.cluster.conftest import Join
from tests.cluster.pages import Session

KEEP = {"keep_signaling": True}


def test_a_queue_that_goes_and_comes_back(
    cluster: Cluster, eventlet: Worker, gevent: Worker, session: Session, join: Join
) -> None:
    ann = session.join("ann", eventlet)
    bob = session.join("bob", gevent)
    cem = session.join("cem", gevent, config=KEEP)
    epoch = ann.epoch
    session.begin_to_watch()

    cluster.queue.stop()
    session.talk("without a queue", ann, bob, cem)
    near = session.join("near", eventlet)
    # Who can't reach the host is asked to wait, and not elected: the host's worker lives.
    far = join("far", gevent)
    far.wait(lambda peer: peer.refusals or peer.role == "host", "refused")
    assert (far.role, far.refusals[-1]["code"]) == ("client", "unavailable")
    cluster.queue.start()

    dan = session.join("dan", gevent)
    session.talk("with a newcomer", ann, bob, cem, near, dan)
    for page in (ann, bob, cem):
        page.assert_undisturbed()
    assert dan.epoch == near.epoch == epoch


@pytest.mark.parametrize("mode", ["eventlet", "gevent", "threading"])
def test_a_queue_that_hangs_keeps_nobody_waiting_on_one_worker(
    cluster: Cluster, join: Join, mode: str
) -> None:
    worker = cluster.of_mode(mode)
    host = join("ann", worker).wait_for_role("host")
    cluster.queue.pause()
    try:
        for number in range(5):
            # Each makes the worker tell the others, whom it can't reach.
            client = join(f"peer-{number}", worker)
            client.wait(lambda peer: peer.host in peer.linked, "linked")
            client.close()
    finally:
        cluster.queue.resume()
    other = next(each for each in cluster.workers if each is not worker)
    assert join("cem", other).wait_for_role("client").epoch == host.epoch
