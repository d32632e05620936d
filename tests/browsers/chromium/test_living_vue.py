"""Vue 3, itself."""

from tests.kit.pages import FRAME, Peer, Room

from .living import JOINING, attributes_of, news


def show(peer: Peer, attributes: "dict[str, str] | None") -> None:
    peer.page.evaluate("(attributes) => show(attributes)", attributes)


def open_page(room: Room) -> Peer:
    bob = room.open("bob", template="vue")
    bob.page.wait_for_function("window.show && window.events")
    return bob


def test_attributes_are_bound(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), open_page(room)
    show(bob, attributes_of(bob.page, room, "bob"))
    bob.wait_for_role("client")
    bob.page.evaluate(f"window.first = {FRAME}")
    show(bob, attributes_of(bob.page, room, "bob"))
    bob.send("still here")
    ann.wait_for_messages([("bob", "still here")])
    assert news(bob) == JOINING
    bob.page.evaluate(
        f"""async (attributes) => {{
          await show(attributes)
          void {FRAME}.send("only for eve")
        }}""",
        attributes_of(bob.page, other, "bob"),
    )
    eve.wait_for_messages([("bob", "only for eve")])
    assert ann.messages == [("bob", "still here")]
    assert bob.page.evaluate(f"first === {FRAME}")
    bob.wait_for_role("client")
    show(bob, None)
    eve.wait_for_peers({"eve": "connected", "bob": "disconnected"})
