"""Two computers without a direct way to each other: they are joined all the same."""

from collections.abc import Callable

from tests.kit.nats import Nat

from .conftest import NetMeeting, Place
from .lab import Site, Turn
from .paths import (
    assert_undisturbed,
    check_request,
    opening_time,
    paths,
    send_file,
    wait_for_path,
)

EVERY_MS = 100
FILE_BYTES = 5_000_000
# The aim is 3.5 s; more than the relay waits for is the machine's.
OPENED_WITHIN = 10.0
# What a site pays for that relays files, too.
GENEROUS = {"P2P_RELAY_RATE": 4_000_000, "P2P_SESSION_RELAY_RATE": 8_000_000}

Meet = Callable[[Site], NetMeeting]


def stun_only(turn: Turn) -> dict[str, object]:
    return {"P2P_ICE_SERVERS": [{"urls": [turn.stun]}]}


def test_symmetric_nats_without_turn(
    place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet
) -> None:
    meeting = meet(place.site(**stun_only(turn), **GENEROUS))
    dan, eve = meeting.gather("dan", "eve")
    assert paths(eve, "dan") == paths(dan, "eve") == ["server"]
    meeting.record("page to connected over the server", opening_time(eve))
    assert opening_time(eve) < OPENED_WITHIN
    assert eve.page.get_attribute("p2p-frame", "path") == "server"
    assert dan.page.get_attribute("p2p-frame", "path") is None

    meeting.begin(EVERY_MS)
    check_request(eve, dan)
    check_request(dan, eve)
    meeting.record("5 MB to the client", send_file(dan, eve, FILE_BYTES))
    meeting.record("500 kB to the host", send_file(eve, dan, FILE_BYTES // 10))
    meeting.go_on()
    meeting.check_what_was_shown()
    assert_undisturbed(meeting.speakers)
    wait_for_path(eve, "server")
    wait_for_path(dan, "server", "eve")
    meeting.leave_all()


def test_symmetric_nats_where_the_server_may_not_relay(
    place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet
) -> None:
    meeting = meet(place.site(**stun_only(turn), P2P_RELAY="off"))
    meeting.config = {"connect_timeout_mls": 3_000}
    [dan] = meeting.gather("dan")
    eve = meeting.sit_down("eve")
    assert eve.wait_for_error("ice_failed")["retry"]
    assert paths(eve, "dan") == paths(dan, "eve") == []
    assert eve.page.get_attribute("p2p-frame", "path") is None
    meeting.leave_all()


def test_udp_is_blocked(place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet) -> None:
    for nat in nats:
        nat.cut(udp_only=True)
    meeting = meet(place.site(**stun_only(turn)))
    _, eve = meeting.gather("dan", "eve")
    meeting.record("page to connected over the server", opening_time(eve))
    assert opening_time(eve) < OPENED_WITHIN
    assert paths(eve, "dan") == ["server"]
    meeting.begin(EVERY_MS)
    meeting.go_on(20)
    meeting.check_what_was_shown()
    assert_undisturbed(meeting.speakers)
    meeting.leave_all()
