from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from threading import Barrier
from time import sleep

import pytest

from tests.kit.fixtures import Open
from tests.kit.http import get
from tests.kit.waiting import until
from tests.kit.wire import Wire

CROWD = 50


@pytest.fixture
def session_id() -> str:
    return token_hex(4)


def is_host(wire: Wire) -> bool:
    return any("seat" in ready for ready in wire.received("session_ready"))


def test_of_fifty_that_join_at_once_one_hosts(open_wire: Open, url: str, session_id: str) -> None:
    barrier = Barrier(CROWD)
    tokens = [get(f"{url}/token/{session_id}/{number}") for number in range(CROWD)]
    wires = [open_wire() for _ in range(CROWD)]

    def join(wire: Wire, token: str) -> None:
        barrier.wait()
        wire.connect({"token": token})
        wire.wait_for("session_ready")

    with ThreadPoolExecutor(CROWD) as pool:
        list(pool.map(join, wires, tokens))
    firsts = [wire.received("session_ready")[0] for wire in wires]
    assert len({(ready["host_peer_id"], ready["epoch"]) for ready in firsts}) == 1
    [host] = [
        wire for wire in wires if any("seat" in each for each in wire.received("session_ready"))
    ]
    host.wait_for("session_ready", CROWD)
    newcomers = [ready["peer_id"] for ready in host.received("session_ready")]
    assert sorted(newcomers, key=int) == [str(number) for number in range(CROWD)]


def test_small_packets_leave_at_once(open_wire: Open, url: str, session_id: str) -> None:
    open_wire().join(session_id, "ann")
    assert get(f"{url}/no-delay").split() == ["[true]"]


def test_a_negotiation(open_wire: Open, session_id: str) -> None:
    ann, bob = open_wire().join(session_id, "ann"), open_wire().join(session_id, "bob")
    epoch = ann.wait_for("session_ready", 2)["epoch"]
    offer = (
        f'{{"to":"bob","epoch":{epoch},"negotiation":"n",'
        '"description":{"type":"offer","sdp":"v=0\\r\\n"}}'
    )
    assert ann.ask("sdp_offer", offer) == {"ok": True}
    assert bob.wait_for("sdp_offer")["description"] == {"type": "offer", "sdp": "v=0\r\n"}
    answer = offer.replace('"bob"', '"ann"').replace('"offer"', '"answer"')
    assert bob.ask("sdp_answer", answer) == {"ok": True}
    assert ann.wait_for("sdp_answer")["from"] == "bob"
    assert bob.ask("session_leave", '{"reason":"connected"}') == {"ok": True}


def test_a_host_that_drops_is_succeeded(open_wire: Open, session_id: str) -> None:
    ann, bob = open_wire().join(session_id, "ann"), open_wire().join(session_id, "bob")
    epoch = ann.wait_for("session_ready")["epoch"]
    # The word of whom the host has told of counts.
    peers = '{"ann":"connected","bob":"connected"}'
    assert ann.ask("session_roster", f'{{"epoch":{epoch},"peers":{peers}}}') == {"ok": True}
    ann.drop()
    assert bob.wait_for("host_changed")["reason"] == "lost"
    answer = bob.ask("session_join", f'{{"lost_epoch":{epoch}}}')
    assert answer["role"] == "host"
    assert answer["epoch"] > epoch


def test_a_host_that_nobody_reaches_is_followed(open_wire: Open, session_id: str) -> None:
    peers = {name: open_wire().join(session_id, name) for name in ("sym", "bob", "cyd")}
    sym, bob, cyd = peers.values()
    epoch = sym.wait_for("session_ready")["epoch"]
    states = '{"bob":"connecting","cyd":"connecting"}'
    assert sym.ask("session_roster", f'{{"epoch":{epoch},"peers":{states}}}') == {"ok": True}
    unreached = f'{{"unreached_epoch":{epoch}}}'
    assert bob.ask("session_join", unreached)["role"] == "client"
    # The host has some seconds to get connected.
    until(
        lambda: cyd.ask("session_join", unreached)["role"] == "host",
        "The host stays.",
        meanwhile=lambda: sleep(1),
    )
    for each in (sym, bob):
        assert each.wait_for("host_changed", 2 if each is sym else 1)["host_peer_id"] == "cyd"
    seat = sym.received("session_ready")[0]["seat"]
    answer = sym.ask("session_join", f'{{"seat":"{seat}"}}')
    assert (answer["role"], answer["host_peer_id"]) == ("client", "cyd")


def test_a_peer_that_comes_twice_is_replaced(open_wire: Open, session_id: str) -> None:
    ann = open_wire().join(session_id, "ann")
    older = open_wire().join(session_id, "bob")
    newer = open_wire().join(session_id, "bob")
    assert older.wait_for("session_error")["code"] == "peer_replaced"
    older.wait_for_end()
    assert older.dismissed
    assert newer.joined
    assert ann.wait_for("session_ready", 3)["peer_id"] == "bob"
    assert ann.received("peer_left") == []
