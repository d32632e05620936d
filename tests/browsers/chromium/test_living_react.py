"""React 19, itself, in StrictMode, which mounts everything twice."""

from collections.abc import Mapping

from tests.kit.pages import FRAME, Peer, Room

from .living import JOINING, attributes_of, news


def show(peer: Peer, attributes: "Mapping[str, object] | None", key: str = "") -> None:
    peer.page.evaluate("([attributes, key]) => show(attributes, key)", [attributes, key])


def open_page(room: Room) -> Peer:
    bob = room.open("bob", template="react")
    bob.page.wait_for_function("window.show && window.events")
    return bob


def test_mounted_twice_it_joins_once(room: Room) -> None:
    ann, bob = room.join("ann"), open_page(room)
    show(bob, attributes_of(bob.page, room, "bob"))
    bob.wait_for_role("client")
    bob.page.wait_for_selector("output:text-is('connected')", state="attached")
    assert bob.page.evaluate("mounts") >= 2
    bob.send("hello")
    ann.wait_for_messages([("bob", "hello")])
    assert news(bob) == JOINING


def test_attributes_come_one_after_the_other(room: Room) -> None:
    ann, bob = room.join("ann"), open_page(room)
    attributes = attributes_of(bob.page, room, "bob")
    show(bob, {name: attributes[name] for name in ("session-id", "peer-id")})
    assert "token" in bob.wait_for_error("bad_request")["message"]
    show(bob, attributes)
    bob.wait_for_role("client")
    ann.wait_for_peers({"ann": "connected", "bob": "connected"})


def test_another_session_comes_as_an_attribute(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), open_page(room)
    show(bob, attributes_of(bob.page, room, "bob"))
    bob.wait_for_role("client")
    bob.page.evaluate(f"window.first = {FRAME}")
    show(bob, attributes_of(bob.page, other, "bob"))
    eve.wait_for_peers({"eve": "connected", "bob": "connected"})
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    assert bob.page.evaluate(f"first === {FRAME}")
    assert bob.page.evaluate("heard.filter((name) => name === 'connected').length") == 2


def test_another_key_is_another_element(room: Room) -> None:
    ann, bob = room.join("ann"), open_page(room)
    attributes = attributes_of(bob.page, room, "bob")
    show(bob, attributes, "first")
    bob.wait_for_role("client")
    bob.page.evaluate(f"window.first = {FRAME}")
    show(bob, attributes, "second")
    bob.page.wait_for_function(f"first !== {FRAME}")
    bob.wait_for_role("client")
    bob.send("here again")
    ann.wait_for_messages([("bob", "here again")])
    assert "error" not in news(bob)


def test_unmounted_it_leaves(room: Room) -> None:
    ann, bob = room.join("ann"), open_page(room)
    show(bob, attributes_of(bob.page, room, "bob"))
    bob.wait_for_role("client")
    show(bob, None)
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})


def test_what_is_no_text_is_refused_by_name(room: Room) -> None:
    bob = open_page(room)
    attributes = attributes_of(bob.page, room, "bob")
    show(bob, {**attributes, "config": {"history": 5}})
    assert "config" in bob.wait_for_error("bad_request")["message"]


def test_listeners_of_each_rendering_come_to_rest(room: Room) -> None:
    ann, bob = room.join("ann"), open_page(room)
    bob.page.evaluate("(attributes) => showHall(attributes)", attributes_of(bob.page, room, "bob"))
    bob.page.wait_for_selector("output:text-is('ann,ann,bob')", state="attached")
    for count in range(20):
        bob.send(count)
    ann.wait_for_messages([("bob", count) for count in range(20)])
    assert bob.page.evaluate("renderings") < 40
