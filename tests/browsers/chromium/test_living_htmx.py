"""htmx 2 with idiomorph, themselves: what they do with elements that are swapped."""

import pytest

from tests.kit.pages import FRAME, Peer, Room

from .living import JOINING, news

SWAP = """([path, swap]) => htmx.ajax("GET", path, { target: "#page", select: "#page", swap })"""


def swap(peer: Peer, room: Room, how: str, query: str = "") -> None:
    """Swap the page's content for that of another page, and wait until it has settled."""
    settled = peer.page.evaluate_handle("""() => ({
      promise: new Promise((resolve) => document.addEventListener("htmx:afterSettle", resolve))
    })""")
    peer.page.evaluate(SWAP, [room.address("bob", "htmx", query=query), how])
    settled.evaluate("({ promise }) => promise.then(() => 0)")


def join(room: Room, query: str = "") -> Peer:
    bob = room.join("bob", template="htmx", query=query)
    bob.page.evaluate(f"window.first = {FRAME}")
    return bob


def test_a_morph_changes_nothing(room: Room) -> None:
    ann, bob = room.join("ann"), join(room)
    for number in range(3):
        swap(bob, room, "morph:outerHTML", f"number={number}")
        assert f"number={number}" in bob.page.inner_text("#path")
        assert bob.page.evaluate(f"first === {FRAME}")
        bob.wait_for_role("client")
    bob.send("still here")
    ann.wait_for_messages([("bob", "still here")])
    assert news(bob) == JOINING


def test_a_morph_brings_another_session(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), join(room)
    bob.page.evaluate("""() => document.addEventListener("htmx:afterSwap", () => {
      void document.querySelector("p2p-frame").send("only for eve")
    }, { once: true })""")
    swap(bob, room, "morph:outerHTML", f"session={other.session_id}")
    assert bob.page.evaluate(f"first === {FRAME}")
    eve.wait_for_messages([("bob", "only for eve")])
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    assert ann.messages == []


# htmx moves what it preserves by moveBefore() where the browser has that.
@pytest.mark.parametrize("script", ["", "delete Element.prototype.moveBefore"])
def test_what_is_preserved_stays(room: Room, script: str) -> None:
    ann, bob = room.join("ann"), join(room, "preserve=1")
    bob.page.evaluate(f"() => {{ {script} }}")
    for number in range(3):
        bob.page.evaluate(f"number => {{ window.sent = {FRAME}.send(number) }}", number)
        swap(bob, room, "outerHTML", f"preserve=1&number={number}")
        assert bob.page.evaluate(f"first === {FRAME}")
        bob.page.evaluate("sent")
    ann.wait_for_messages([("bob", 0), ("bob", 1), ("bob", 2)])
    assert news(bob) == JOINING


def test_what_is_swapped_joins_in_its_place(room: Room) -> None:
    ann, bob = room.join("ann"), join(room)
    swap(bob, room, "outerHTML", "number=1")
    bob.wait_for_role("client")
    assert bob.page.evaluate(f"first !== {FRAME}")
    bob.send("here again")
    ann.wait_for_messages([("bob", "here again")])
    assert "error" not in news(bob)


def test_a_page_that_comes_back_from_the_history_joins(room: Room) -> None:
    ann, bob = room.join("ann"), join(room)
    bob.page.click("#away")
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    bob.page.evaluate("history.back()")
    bob.wait_for_role("client")
    assert bob.page.evaluate(f"first !== {FRAME}")
    ann.wait_for_peers({"ann": "connected", "bob": "connected"})
    assert "error" not in news(bob)
