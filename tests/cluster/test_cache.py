"""Redis, as the cache, loses its memory, or hangs."""

import time

import pytest

from tests.cluster.cluster import Cluster, Worker
from tests.cluster.conftest import Join
from tests.cluster.pages import Session
from tests.kit.waiting import until

KEEP = {"keep_signaling": True}


@pytest.mark.parametrize("is_known", [True, False], ids=["found again", "not yet found again"])
def test_a_cache_that_is_restarted_empty(
    cluster: Cluster, eventlet: Worker, gevent: Worker, session: Session, is_known: bool
) -> None:
    ann = session.join("ann", eventlet)
    bob = session.join("bob", gevent)
    cem = session.join("cem", gevent, config=KEEP)
    known = {"host": "ann", "epoch": ann.epoch}
    session.begin_to_watch()

    cluster.cache.stop()
    session.talk("without a cache", ann, bob, cem)
    cluster.cache.start()
    if is_known:
        until(
            lambda: gevent.host_of(session.id) == known,
            lambda: f"The session is {gevent.host_of(session.id)}, not {known}.",
        )
    dan = session.open("dan", gevent)
    dan.wait_for_role("client")

    assert dan.host == "ann"
    session.talk("with a newcomer", ann, bob, cem, dan)
    for page in (ann, bob, cem):
        page.assert_undisturbed()
    assert not is_known or dan.epoch == known["epoch"]
    until(
        lambda: {page.epoch for page in (ann, bob, cem)} == {dan.epoch},
        lambda: f"The epochs are {[page.epoch for page in (ann, bob, cem, dan)]}.",
    )


def test_a_cache_that_hangs_for_ten_seconds(
    cluster: Cluster, eventlet: Worker, gevent: Worker, session: Session, join: Join
) -> None:
    ann = session.join("ann", eventlet)
    bob = session.join("bob", gevent)
    cem = session.join("cem", gevent, config=KEEP)
    session.begin_to_watch()

    cluster.cache.pause()
    over = time.monotonic() + 10
    # A page doesn't give up either, as long as its attempt lasts.
    eve = session.open("eve", gevent, config={"connect_timeout_mls": 60_000})
    newcomers = []
    for worker in cluster.workers[:3]:
        newcomer = join(f"at-{worker.mode}", worker)
        # Now, and not when the cache answers again: that is up to this test.
        newcomer.wait(lambda peer: peer.refusals, "refused")
        newcomers.append(newcomer)
    session.talk("without a cache", ann, bob, cem)
    # That it lasts is the fault itself.
    time.sleep(max(0, over - time.monotonic()))
    assert {each["code"] for peer in newcomers for each in peer.refusals} == {"unavailable"}
    assert all(each["hint"] for peer in newcomers for each in peer.refusals)
    cluster.cache.resume()

    for newcomer in newcomers:
        newcomer.wait(lambda peer: peer.host == "ann" and peer.role == "client", "in")
    eve.wait_for_role("client")
    dan = session.join("dan", gevent)
    session.talk("with newcomers", ann, bob, cem, dan, eve)
    for page in (ann, bob, cem):
        page.assert_undisturbed()
    assert (ann.sockets, cem.sockets) == (1, 1)
