"""A host makes another peer the host, and stays in the session itself."""

from tests.kit.pages import FRAME, Room

TRY = """peerId => document.querySelector("p2p-frame").handOver(peerId).then(
  () => "handed over", (error) => error.code)"""

# Of the ten seconds that a host gives the other one to take its seat, two are enough here.
IMPATIENT = """
  const real = setTimeout
  window.setTimeout = (run, mls, ...rest) => real(run, mls === 10_000 ? 2_000 : mls, ...rest)
"""


def test_a_host_hands_over(room: Room) -> None:
    ann, bob, cem = room.join("ann"), room.join("bob"), room.join("cem")
    epoch = ann.epoch
    assert ann.page.evaluate(TRY, "cem") == "handed over"
    cem.wait_for_role("host")
    for peer in (ann, bob):
        peer.page.wait_for_function(f"{FRAME}.hostPeerId === 'cem'")
        peer.wait_for_role("client").wait_for_state("connected")
    assert cem.epoch > epoch
    bob.send("and all go on")
    for peer in (ann, bob, cem):
        peer.wait_for_messages([("bob", "and all go on")])
        assert [event for event in peer.events if event["name"] in ("error", "gap")] == []


def test_only_a_host_hands_over_and_only_to_who_is_there(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    assert bob.page.evaluate(TRY, "bob") == "forbidden"
    assert ann.page.evaluate(TRY, "nobody") == "no_such_peer"
    assert ann.page.evaluate(TRY, "ann") == "no_such_peer"
    ann.wait_for_role("host").wait_for_state("connected")


def test_who_may_not_host_leaves_the_seat_to_its_host(room: Room) -> None:
    ann = room.join("ann", init_script=IMPATIENT)
    bob = room.join("bob", query="can_host=0")
    assert ann.page.evaluate(TRY, "bob") == "unavailable"
    ann.wait_for_role("host").wait_for_state("connected")
    bob.wait_for_role("client").wait_for_state("connected").wait_for_sockets(1)
    assert [event for event in bob.events if event["name"] == "error"] == []
