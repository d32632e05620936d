import pytest

from flask_p2p_streams.signaling.members import Member, Room, Rooms, peer_room, session_room
from flask_p2p_streams.signaling.negotiation import MAX_OFFERS


def member(sid: str, peer_id: str, session_id: str = "room") -> Member:
    return Member(sid, session_id, peer_id, 3600)


def test_a_member_is_found_until_it_is_forgotten() -> None:
    rooms = Rooms()
    ann = member("s1", "ann")
    assert rooms.enter(ann, 5, "ann") is None
    assert rooms.find("s1") is ann
    assert rooms.forget("s1") is ann
    assert rooms.forget("s1") is None
    assert len(rooms) == 0


def test_a_later_socket_takes_the_place_of_an_earlier_one() -> None:
    rooms = Rooms()
    first, second = member("s1", "ann"), member("s2", "ann")
    rooms.enter(first, 5, "ann")
    assert rooms.enter(second, 6, "ann") is first
    assert first.room is None
    assert rooms.find("s1") is None
    rooms.release(first)
    assert rooms.find("s2") is second
    assert rooms.session_count == 1


def test_joining_again_replaces_nobody() -> None:
    rooms = Rooms()
    ann = member("s1", "ann")
    rooms.enter(ann, 5, "ann")
    assert rooms.enter(ann, 5, "ann") is None


def test_a_room_goes_with_its_last_socket() -> None:
    rooms = Rooms()
    ann, bob = member("s1", "ann"), member("s2", "bob")
    for each in (ann, bob):
        rooms.enter(each, 5, "ann")
    rooms.release(ann)
    assert rooms.session_count == 1
    rooms.release(bob)
    rooms.release(bob)
    assert rooms.session_count == 0
    assert len(rooms) == 2


def test_an_earlier_host_is_not_believed() -> None:
    rooms = Rooms()
    ann = member("s1", "ann")
    rooms.enter(ann, 5, "ann")
    assert ann.room is not None
    ann.room.observe(4, "eve")
    assert (ann.room.epoch, ann.room.host) == (5, "ann")
    ann.room.observe(6, "bob")
    assert (ann.room.epoch, ann.room.host) == (6, "bob")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (peer_room("a", "b"), session_room("a:b")),
        (peer_room("a:b", "c"), peer_room("a", "b:c")),
        (peer_room("a%3Ab", "c"), peer_room("a:b", "c")),
        (peer_room("é", "c"), peer_room("e", "c")),
    ],
)
def test_no_room_s_name_can_look_like_another(one: str, other: str) -> None:
    assert one != other


def test_plain_names_stay_readable() -> None:
    assert peer_room("room-1", "ann") == "p2p:room-1:ann"


def test_offers_are_remembered_within_a_bound() -> None:
    room = Room(5, "ann", {"ann": "s1"})
    for number in range(MAX_OFFERS + 1):
        room.negotiations.offered(str(number), "n1")
    assert len(room.negotiations) == MAX_OFFERS
    assert room.awaits("0", "n1") is None
    assert room.awaits("1", "n1") is True
    assert room.awaits("1", "n2") is False
    room.observe(6, "ann")
    assert room.awaits("1", "n1") is None
    assert len(room.negotiations) == 0


def test_the_sockets_of_a_session() -> None:
    rooms = Rooms()
    for each in (member("s1", "ann"), member("s2", "bob"), member("s3", "ann", "hall")):
        rooms.enter(each, 5, "ann")
    assert rooms.peers_of("room") == {"ann", "bob"}
    assert rooms.peers_of("attic") == set()
    assert [each.sid for each in rooms.members_of("room")] == ["s1", "s2"]
    assert [each.sid for each in rooms.members_of("room", "bob")] == ["s2"]
