"""The server's path: pages change over to it and back, and it outlives the server."""

import time
from collections.abc import Callable

from tests.kit.nats import Nat

from .conftest import NetMeeting, Place
from .lab import Site, Turn
from .paths import (
    assert_undisturbed,
    go_online,
    heard_again,
    let_pass,
    longest_silence,
    opening_time,
    paths,
    wait_for_path,
)

CHANGES = 10
# 200 messages a second.
EVERY_MS = 5
MESSAGES = 5_000
AWAY_MS = 200
PATIENT = {
    "heartbeat": {"interval_mls": 300, "idle_timeout_mls": 30_000},
    # A server takes longer to start where others are busy, and nobody is to be told.
    "connect_timeout_mls": 60_000,
}
# Twice what two say at that rate, with all that a message carries beside itself.
FAST = {"P2P_RELAY_RATE": 500_000, "P2P_SESSION_RELAY_RATE": 1_000_000}

Meet = Callable[[Site], NetMeeting]


def test_ten_times_over_the_server_and_back(place: Place, meet: Meet) -> None:
    meeting = meet(place.site(**FAST))
    meeting.config = PATIENT
    ann, bob = meeting.gather("ann", "bob")
    wait_for_path(bob, "direct")
    meeting.begin(EVERY_MS)
    ends = ((bob, ann), (ann, bob))
    silences: dict[str, list[float]] = {"to the server": [], "back": []}

    def note(kind: str, since: float) -> None:
        silences[kind].append(max(longest_silence(one, other, since) for one, other in ends))

    for _ in range(CHANGES):
        cut_at = time.time()
        place.network.cut_udp("ann", "bob")
        try:
            for speaker, other in ends:
                wait_for_path(speaker, "server", other.peer_id)
            meeting.go_on(20)
            note("to the server", cut_at)
        finally:
            for speaker in (ann, bob):
                place.network.mend(speaker.peer_id)
        mended_at = time.time()
        # The next attempt may be a minute away.
        for speaker in (ann, bob):
            go_online(speaker)
        for speaker, other in ends:
            wait_for_path(speaker, "direct", other.peer_id)
        meeting.go_on(20)
        note("back", mended_at)
    meeting.record("longest silence at each change", silences)
    for speaker in (ann, bob):
        speaker.wait_until_said(MESSAGES)
    # A page that got no turn for a while may have changed over once more.
    meeting.record("paths at the client", paths(bob, "ann"))
    assert_undisturbed(meeting.speakers)
    meeting.end()


def test_the_server_first(place: Place, meet: Meet) -> None:
    meeting = meet(place.site(**FAST, P2P_RELAY="first"))
    meeting.config = PATIENT
    [ann] = meeting.gather("ann")
    ann.speak(EVERY_MS)
    # On a line as good as this one the direct path may well be there before the first word.
    place.network.cut_udp("ann", "bob")
    try:
        [bob] = meeting.gather("bob")
    finally:
        for name in ("ann", "bob"):
            place.network.mend(name)
    meeting.record("page to connected", opening_time(bob))
    # With "fallback" it takes longer than that.
    assert opening_time(bob) < 2
    bob.speak(EVERY_MS)
    for speaker, other in ((bob, ann), (ann, bob)):
        go_online(speaker)
        wait_for_path(speaker, "direct", other.peer_id)
    meeting.go_on(100)
    assert paths(bob, "ann") == paths(ann, "bob") == ["server", "direct"]
    assert_undisturbed(meeting.speakers)
    meeting.end(bob)


def test_the_server_is_killed_while_it_relays(
    place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet
) -> None:
    site = place.site(P2P_ICE_SERVERS=[{"urls": [turn.stun]}])
    meeting = meet(site)
    meeting.config = PATIENT
    [dan] = meeting.gather("dan")
    # Dora sits beside dan, and needs neither a NAT nor the server. After ten seconds that eve hears
    # dan over the server only, the session would move to dora, if she might host.
    [dora] = meeting.gather("dora", query="can_host=0")
    [eve] = meeting.gather("eve")
    wait_for_path(dora, "direct")
    wait_for_path(eve, "server")
    meeting.begin(AWAY_MS)
    killed_at = time.time()
    site.kill()
    let_pass(dora, 5)
    site.start()
    started_at = time.time()
    times = {
        "at the client": heard_again(eve, dan, started_at),
        "at the host": heard_again(dan, eve, started_at),
    }
    meeting.record("server back to data over it", times)
    silence = longest_silence(dora, dan, killed_at)
    meeting.record("longest silence between direct peers", silence)
    meeting.go_on()
    assert silence < 2
    assert paths(dora, "dan") == ["direct"]
    meeting.check_what_was_shown()
    assert_undisturbed(meeting.speakers)
    wait_for_path(eve, "server")
    assert dan.is_host
    meeting.leave_all()
