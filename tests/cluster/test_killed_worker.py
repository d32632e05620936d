"""A worker is killed with -9 while its host and clients live."""

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import Join
from tests.cluster.pages import Session

KEEP = {"keep_signaling": True}


@pytest.mark.parametrize(
    ("killed", "survivor"),
    [("eventlet", "gevent"), ("gevent", "threading"), ("threading", "eventlet")],
)
def test_a_session_does_not_notice_that_its_hosts_worker_is_killed(
    cluster: Cluster, session: Session, killed: str, survivor: str
) -> None:
    a, b = cluster.of_mode(killed), cluster.of_mode(survivor)
    ann = session.join("ann", a, b)
    bob = session.join("bob", b)
    cem = session.join("cem", a, b, config=KEEP)
    a.wait_for_peers(session.id, "ann", "cem")
    epoch = ann.epoch
    session.begin_to_watch()

    a.kill()
    session.talk("without a server", ann, bob, cem)
    dan = session.join("dan", b)
    session.talk("with a newcomer", ann, bob, cem, dan)

    for page in (ann, bob, cem):
        page.assert_undisturbed()
    assert (dan.page.get_attribute("p2p-frame", "peer-role"), dan.epoch) == ("client", epoch)
    b.wait_for_peers(session.id, "ann", "cem")
    assert b.host_of(session.id) == {"host": "ann", "epoch": epoch}


def test_a_killed_clients_worker_is_no_loss_to_the_host(
    cluster: Cluster, join: Join, session_id: str
) -> None:
    a, b = cluster.of_mode("gevent"), cluster.of_mode("eventlet")
    host = join("ann", a).wait_for_role("host")
    client = join("bob", b, a).wait_for_role("client")
    b.kill()
    client.wait(lambda peer: peer.sockets >= 2 and peer.received("session_ready")[1:], "back")
    assert client.linked == {"ann": host.epoch}
    join("cem", a).wait_for_role("client")


def test_a_host_that_went_with_its_worker_has_one_successor(cluster: Cluster, join: Join) -> None:
    a, b, c = (cluster.of_mode(mode) for mode in ("threading", "eventlet", "gevent"))
    host = join("ann", a, returns=False).wait_for_role("host")
    clients = [join("bob", b).wait_for_role("client"), join("cem", c).wait_for_role("client")]
    a.kill()
    for client in clients:
        client.lose_host()
    # A newcomer is sent to the dead host, gets no offer, and finds that it is lost as well.
    everybody = [*clients, join("dan", b), join("eve", c)]
    for peer in everybody:
        peer.wait(lambda peer: peer.epoch > host.epoch and peer.linked, "with a new host")
    assert len({(peer.host, peer.epoch) for peer in everybody}) == 1
    assert [peer.role for peer in everybody].count("host") == 1
