"""The host's socket drops, and comes back within the grace or after it."""

import pytest

from tests.cluster.cluster import Worker
from tests.cluster.conftest import Join

BACK = pytest.mark.parametrize("back", ["the same worker", "another worker"])


@BACK
def test_a_host_that_is_back_within_the_grace(
    eventlet: Worker, gevent: Worker, join: Join, back: str
) -> None:
    host = join("ann", eventlet).wait_for_role("host")
    client = join("bob", gevent).wait_for_role("client")
    epoch = host.epoch

    host.hold()
    newcomers = [join("cem", eventlet), join("dan", gevent)]
    for newcomer in newcomers:
        newcomer.wait(lambda peer: peer.refusals, "refused")
        assert newcomer.refusals[-1]["code"] == "unavailable"
        assert 0 < newcomer.refusals[-1]["retry_after_ms"] <= 6000
    host.release(eventlet if back == "the same worker" else gevent)

    for peer in newcomers:
        peer.wait_for_role("client")
    assert {peer.epoch for peer in (host, client, *newcomers)} == {epoch}
    assert client.sockets == 1
    host.wait(lambda peer: set(peer.linked) == {"bob", "cem", "dan"}, "linked with all")


@BACK
def test_a_host_that_comes_back_after_the_grace_is_a_client(
    eventlet: Worker, gevent: Worker, join: Join, back: str
) -> None:
    host = join("ann", eventlet).wait_for_role("host")
    host.hold()
    successor = join("bob", gevent).wait_for_role("host")
    assert successor.epoch > host.epoch
    host.release(eventlet if back == "the same worker" else gevent)
    host.wait_for_role("client")
    assert (host.host, host.epoch) == ("bob", successor.epoch)


def test_clients_that_lost_the_host_as_well_do_not_wait(
    eventlet: Worker, gevent: Worker, threading: Worker, join: Join
) -> None:
    host = join("ann", eventlet).wait_for_role("host")
    clients = [join("bob", gevent), join("cem", threading), join("dan", eventlet)]
    for client in clients:
        client.wait_for_role("client")
    host.wait_until_told(*clients)
    host.hold()
    for client in clients:
        client.wait(lambda peer: peer.received("host_changed"), "told that the socket has dropped")
    for client in clients:
        client.lose_host()
    for client in clients:
        client.wait(lambda peer: peer.epoch > host.epoch and peer.linked, "with a new host")
    assert len({(client.host, client.epoch) for client in clients}) == 1
    # Two of three are most of them: the first one's word alone isn't enough.
    refusals = [client.refusals for client in clients]
    assert all(each["retry_after_ms"] <= 500 for refused in refusals for each in refused)
    assert [] in refusals
    host.release(threading)
    host.wait_for_role("client")
    assert host.epoch == clients[0].epoch
