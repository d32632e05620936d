import pytest

from flask_p2p_streams.errors import SignalingError
from flask_p2p_streams.runtime.mutexes import Mutexes, mutex_for
from flask_p2p_streams.sessions.crowd import Crowd
from flask_p2p_streams.signaling.detached import Detached
from flask_p2p_streams.signaling.members import Room, Rooms, peer_room, session_room
from flask_p2p_streams.signaling.offers import MAX_OFFERS
from tests.kit.candidates import member


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(Detached(), Mutexes(mutex_for("threading")))


def test_a_member_is_found_until_it_is_forgotten(rooms: Rooms) -> None:
    ann = member("s1", "ann")
    assert rooms.enter(ann, 5, "ann") is None
    assert rooms.find("s1") is ann
    assert rooms.forget("s1") is ann
    assert rooms.forget("s1") is None
    assert len(rooms) == 0


def test_a_later_socket_takes_the_place_of_an_earlier_one(rooms: Rooms) -> None:
    first, second = member("s1", "ann"), member("s2", "ann")
    rooms.enter(first, 5, "ann")
    assert rooms.enter(second, 6, "ann") is first
    assert rooms.room_of(first) is None
    assert rooms.find("s1") is None
    rooms.leave(first)
    assert rooms.find("s2") is second
    assert rooms.session_count == 1


def test_joining_again_replaces_nobody(rooms: Rooms) -> None:
    ann = member("s1", "ann")
    rooms.enter(ann, 5, "ann")
    assert rooms.enter(ann, 5, "ann") is None


def test_a_room_goes_with_its_last_socket(rooms: Rooms) -> None:
    ann, bob = member("s1", "ann"), member("s2", "bob")
    for each in (ann, bob):
        rooms.enter(each, 5, "ann")
    rooms.leave(ann)
    assert rooms.session_count == 1
    rooms.leave(bob)
    rooms.leave(bob)
    assert rooms.session_count == 0
    assert len(rooms) == 2


def test_an_earlier_host_is_not_believed(rooms: Rooms) -> None:
    ann = member("s1", "ann")
    rooms.enter(ann, 5, "ann")
    room = rooms.room_of(ann)
    assert room is not None
    room.observe(4, "eve")
    assert (room.epoch, room.host) == (5, "ann")
    room.observe(6, "bob")
    assert (room.epoch, room.host) == (6, "bob")


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


def test_the_sockets_of_a_session(rooms: Rooms) -> None:
    for each in (member("s1", "ann"), member("s2", "bob"), member("s3", "ann", "hall")):
        rooms.enter(each, 5, "ann")
    assert rooms.peers_of("room") == {"ann", "bob"}
    assert rooms.peers_of("attic") == set()
    assert [each.sid for each in rooms.members_of("room")] == ["s1", "s2"]
    assert [each.sid for each in rooms.members_of("room", "bob")] == ["s2"]


def test_who_is_in_a_session(rooms: Rooms) -> None:
    ann, bob = member("s1", "ann"), member("s2", "bob")
    for each in (ann, bob):
        rooms.enter(each, 5, "ann")
    assert [(each.sid, room.host) for each, room in rooms.hosts()] == [("s1", "ann")]
    rooms.detach(bob)
    rooms.leave(bob)
    assert rooms.crowd("room") == Crowd(frozenset({"ann"}), frozenset({"bob"}))
    assert [each.sid for each in rooms.members()] == ["s1"]
    rooms.forget_detached("room")
    assert rooms.crowd("room") == Crowd(frozenset({"ann"}))


def test_a_socket_that_is_in_no_room(rooms: Rooms) -> None:
    bob = member("s2", "bob")
    rooms.enter(bob, 5, "ann")
    assert rooms.joined("s2")[0] is bob
    rooms.leave(bob)
    for sid in ("s2", "nobody's"):
        with pytest.raises(SignalingError):
            rooms.joined(sid)
