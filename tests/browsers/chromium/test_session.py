"""What a session is for: peers that see each other and talk."""

import pytest

from tests.kit.pages import FRAME, Peer, Room, heard_late

MODES = ["eventlet", "gevent", "threading"]


def three(room: Room) -> tuple[Peer, Peer, Peer]:
    host = room.join("ann").wait_for_role("host")
    return host, room.join("bob").wait_for_role("client"), room.join("cem").wait_for_role("client")


@pytest.mark.parametrize("room", MODES, indirect=True)
def test_three_peers_see_each_other_and_talk(room: Room) -> None:
    host, bob, cem = three(room)
    for peer in (host, bob, cem):
        peer.wait_for_peers({"ann": "connected", "bob": "connected", "cem": "connected"})

    bob.send("from a client")
    host.send({"from": ["the", "host", 1.5, None]})
    for peer in (host, bob, cem):
        peer.wait_for_messages(
            [("bob", "from a client"), ("ann", {"from": ["the", "host", 1.5, None]})]
        )


def test_messages_come_in_their_senders_order(room: Room) -> None:
    host, bob, cem = three(room)
    bob.page.evaluate(
        f"Promise.all(Array.from({{ length: 300 }}, (_, number) => {FRAME}.send(number)))"
    )
    for peer in (host, bob, cem):
        peer.wait_for_messages([("bob", number) for number in range(300)])


def test_the_server_holds_one_socket_per_session(room: Room) -> None:
    host, *_ = three(room)
    host.wait_for_sockets(1)


def test_keep_signaling_keeps_the_socket(room: Room) -> None:
    host = room.join("ann")
    room.join("bob", config={"keep_signaling": True}).wait_for_role("client")
    host.wait_for_sockets(2)


def test_a_closed_client_is_shown_as_disconnected(room: Room) -> None:
    host, bob, cem = three(room)
    bob.page.close()
    for peer in (host, cem):
        peer.wait_for_peers({"ann": "connected", "bob": "disconnected", "cem": "connected"})


def test_a_clients_reload_negotiates_again_without_a_ghost(room: Room) -> None:
    host, bob, cem = three(room)
    for _ in range(3):
        bob.page.reload()
        bob.wait_for_role("client")
    for peer in (host, bob, cem):
        peer.wait_for_peers({"ann": "connected", "bob": "connected", "cem": "connected"})
    bob.send("once")
    cem.wait_for_messages([("bob", "once")])
    assert host.epoch == bob.epoch == cem.epoch


def test_a_reload_in_the_middle_of_negotiating_ends_connected(room: Room) -> None:
    host = room.join("ann")
    bob = room.open("bob")
    for _ in range(5):
        bob.page.goto(room.address("bob", "plain"), wait_until="commit")
    bob.wait_for_role("client")
    host.wait_for_peers({"ann": "connected", "bob": "connected"})
    bob.send("here")
    host.wait_for_messages([("bob", "here")])


def test_a_second_page_takes_the_peers_place(room: Room) -> None:
    room.join("ann")
    first = room.join("bob")
    room.join("bob").wait_for_role("client")
    first.wait_for_state("closed")
    assert first.wait_for_error("peer_replaced")["retry"] is False


def test_who_listens_late_is_told_why_the_frame_is_closed(room: Room) -> None:
    room.join("ann")
    first = room.join("bob")
    room.join("bob").wait_for_role("client")
    first.wait_for_error("peer_replaced")
    assert heard_late(first.page) == "peer_replaced"


def test_who_listens_late_to_a_frame_that_its_app_has_closed_is_told_of_no_error(
    room: Room,
) -> None:
    bob = room.open("bob")
    bob.wait_for_role("host")
    bob.call("close")
    bob.wait_for_state("closed")
    told = f"""new Promise((resolve) => {{
      {FRAME}.addEventListener("p2p:error", () => resolve("p2p:error"))
      {FRAME}.addEventListener("p2p:closed", () => resolve("p2p:closed"))
    }})"""
    assert bob.page.evaluate(told) == "p2p:closed"
