"""A line is dead for a while, or an address changes: the link heals, and nobody is told of it."""

import time
from collections.abc import Callable

import pytest

from tests.kit.nats import Nat
from tests.kit.streams import Speaker

from .conftest import NetMeeting, Place
from .lab import Site, Turn
from .paths import (
    assert_undisturbed,
    heard_again,
    let_pass,
    longest_silence,
    wait_for_path,
)

# What is said while a line is dead is owed afterwards, and the logs hold a thousand messages.
EVERY_MS = 200
# Longer than any line is dead, and the server away.
PATIENT = {
    "heartbeat": {"interval_mls": 500, "idle_timeout_mls": 90_000},
    "connect_timeout_mls": 90_000,
}
# The aim is 3 s.
HEALED_WITHIN = 15.0

Meet = Callable[[Site], NetMeeting]


@pytest.fixture
def meetings(
    place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet
) -> dict[str, NetMeeting]:
    """Two sessions, in which dan is the host or the client, and eve the other; both NATs are cones.

    So what happens to dan's line happens to a host's and to a client's at once.
    """
    for nat in nats:
        nat.translate(symmetric=False)
    site = place.site(P2P_ICE_SERVERS=[{"urls": [turn.stun]}])
    meetings = {"host": meet(site), "client": meet(site)}
    for meeting in meetings.values():
        meeting.config = PATIENT
    meetings["host"].gather("dan", "eve")
    meetings["client"].gather("eve", "dan")
    for meeting in meetings.values():
        meeting.begin(EVERY_MS)
        wait_for_direct_path(meeting)
    return meetings


def wait_for_direct_path(meeting: NetMeeting) -> None:
    host, client = meeting.speakers
    wait_for_path(client, "direct")
    wait_for_path(host, "direct", client.peer_id)


def check_healed(meetings: dict[str, NetMeeting]) -> None:
    """Check that nobody has noticed, and nothing was lost."""
    for meeting in meetings.values():
        wait_for_direct_path(meeting)
        meeting.go_on()
        assert_undisturbed(meeting.speakers)
        assert meeting.speakers[0].is_host
        meeting.end()


def gaps(
    meetings: dict[str, NetMeeting],
    gap: Callable[[Speaker, Speaker, float], float],
    since: float,
) -> dict[str, float]:
    """Measure it at both ends of each session, and return the longer one by whose line it was."""
    ends = {whose: meeting.speakers for whose, meeting in meetings.items()}
    return {
        whose: max(gap(one, other, since), gap(other, one, since))
        for whose, (one, other) in ends.items()
    }


@pytest.mark.parametrize("seconds", [10, 40])
def test_a_line_is_dead_for_a_while(
    nats: tuple[Nat, Nat],
    meetings: dict[str, NetMeeting],
    record_property: Callable[[str, object], None],
    seconds: int,
) -> None:
    dans, _ = nats
    dans.cut()
    let_pass(meetings["host"].speakers[1], seconds)
    dans.mend()
    times = gaps(meetings, heard_again, time.time())
    record_property(f"line mended after {seconds} s, to data", times)
    check_healed(meetings)
    assert max(times.values()) < HEALED_WITHIN


def test_an_address_changes(
    place: Place,
    meetings: dict[str, NetMeeting],
    record_property: Callable[[str, object], None],
) -> None:
    moved_at = time.time()
    place.network.move("dan")
    for meeting in meetings.values():
        meeting.go_on(10)
    times = gaps(meetings, longest_silence, moved_at)
    record_property("address changed, to data", times)
    check_healed(meetings)
    assert max(times.values()) < HEALED_WITHIN
