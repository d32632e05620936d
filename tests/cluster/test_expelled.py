"""The app throws out a client whose socket is on another worker."""

import pytest

from tests.cluster.cluster import Worker
from tests.cluster.conftest import Join

ANSWER = {"description": {"type": "answer", "sdp": "v=0\r\na=of one who is out"}}


@pytest.mark.parametrize("obeys", [True, False], ids=["obeys", "ignores it"])
def test_a_kicked_client_is_disconnected_and_signals_no_more(
    eventlet: Worker, gevent: Worker, join: Join, session_id: str, obeys: bool
) -> None:
    host = join("ann", eventlet).wait_for_role("host")
    bob = join("bob", gevent, returns=False, obeys=obeys).wait_for_role("client")
    host.wait(lambda peer: "bob" in peer.linked, "linked")
    negotiation = bob.received("sdp_offer")[-1]["negotiation"]

    eventlet.post(f"kick/{session_id}/bob")
    bob.wait(lambda peer: peer.received("session_error"), "told")
    assert bob.received("session_error")[-1]["code"] == "forbidden"
    if not obeys:
        bob.wait(lambda peer: peer.dismissals, "disconnected")
        answer = {"to": "ann", "epoch": bob.epoch, "negotiation": negotiation, **ANSWER}
        bob.shout("sdp_answer", answer)
    gevent.wait_for_nobody(session_id, "bob")

    # What the newcomer says at bob's worker comes after anything that bob may have said.
    join("cem", gevent).wait_for_role("client")
    host.wait(lambda peer: "cem" in peer.linked, "linked with the newcomer")
    # Either may have answered twice, as a slow answer is asked for again.
    answers = host.received("sdp_answer")
    assert {answer["from"] for answer in answers} == {"bob", "cem"}
    assert ANSWER["description"] not in [answer["description"] for answer in answers]
    assert host.received("peer_expelled")[-1]["peer_id"] == "bob"


@pytest.mark.parametrize("obeys", [True, False], ids=["obeys", "ignores it"])
def test_all_peers_of_a_closed_session_are_disconnected(
    eventlet: Worker, gevent: Worker, threading: Worker, join: Join, session_id: str, obeys: bool
) -> None:
    workers = {"ann": eventlet, "bob": gevent, "cem": threading}
    peers = [
        join(peer_id, worker, returns=False, obeys=obeys) for peer_id, worker in workers.items()
    ]
    for peer in peers:
        peer.wait(lambda peer: peer.role == "host" or peer.host in peer.linked, "in")
    gevent.post(f"close/{session_id}")
    for peer in peers:
        peer.wait(lambda peer: peer.received("session_error"), "told")
        assert peer.received("session_error")[-1]["code"] == "session_expired"
        if not obeys:
            peer.wait(lambda peer: peer.dismissals, "disconnected")
    for peer_id, worker in workers.items():
        worker.wait_for_nobody(session_id, peer_id)
