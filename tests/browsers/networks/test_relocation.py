"""A host that others can't reach directly: the session moves to one that they can."""

from collections.abc import Callable

from tests.kit.nats import Nat

from .conftest import NetMeeting, Place
from .lab import Site, Turn
from .paths import paths, wait_for_path

EVERY_MS = 100
Meet = Callable[[Site], NetMeeting]


def stun_only(turn: Turn) -> dict[str, object]:
    return {"P2P_ICE_SERVERS": [{"urls": [turn.stun]}]}


def test_over_the_server_at_once_and_then_to_a_host_in_reach(
    place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet
) -> None:
    meeting = meet(place.site(**stun_only(turn)))
    dan, eve, bob = meeting.gather("dan", "eve", "bob")
    assert (paths(eve, "dan"), paths(bob, "dan")) == (["server"], ["direct"])
    meeting.begin(EVERY_MS)
    for each in (dan, eve, bob):
        each.wait_for_another_host("dan")
    assert bob.is_host
    wait_for_path(eve, "direct")
    wait_for_path(dan, "direct")
    meeting.go_on()
    meeting.check_what_was_shown()
    meeting.leave_all()


def test_a_host_behind_a_symmetric_nat_yields_to_a_public_one(
    place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet
) -> None:
    meeting = meet(place.site(**stun_only(turn), P2P_RELAY="off"))
    ann, dan, eve, bob = meeting.gather("ann", "dan", "eve", "bob")
    # The others are kept from the server, so that dan is the first one there.
    for each in (eve, bob):
        each.context.set_offline(True)
    meeting.lose(ann, ann.page.close)
    dan.wait_for_another_host("ann")
    assert dan.is_host
    for each in (eve, bob):
        each.context.set_offline(False)
    bob.wait_for_another_host("ann")
    assert bob.host == "dan"
    for each in (dan, eve, bob):
        each.wait_for_another_host("dan")
        assert each.host == "bob"
    wait_for_path(eve, "direct")
    meeting.leave_all()
