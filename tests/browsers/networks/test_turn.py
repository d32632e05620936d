"""Links by way of a TURN server: as quick as others, and longer than its credentials and itself."""

import time
from collections.abc import Callable

from tests.kit.nats import Nat

from .conftest import NetMeeting, Place
from .lab import Site, Turn
from .paths import (
    assert_undisturbed,
    go_online,
    let_pass,
    longest_silence,
    opening_time,
    path_time,
    paths,
    wait_for_path,
)

EVERY_MS = 100
# As often as a cut needs it, at that many messages a second.
AWAY_MS = 200
TTL = 30
# A link that is given up isn't what these tests are about.
PATIENT = {"heartbeat": {"interval_mls": 500, "idle_timeout_mls": 20_000}}
QUICK = {"heartbeat": {"interval_mls": 300, "idle_timeout_mls": 3_000}}

Meet = Callable[[Site], NetMeeting]


def with_turn(turn: Turn, *urls: str, **more: object) -> dict[str, object]:
    return {
        "P2P_ICE_SERVERS": [{"urls": [turn.stun]}],
        "P2P_TURN_URLS": list(urls) or [turn.udp],
        "P2P_TURN_SECRET": turn.secret,
        **more,
    }


def test_symmetric_nats_are_joined_as_quickly_as_others(
    place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet
) -> None:
    site = place.site(**with_turn(turn))
    times = {}
    for path, symmetric in (("direct", False), ("turn", True)):
        for nat in nats:
            nat.translate(symmetric=symmetric)
        meeting = meet(site)
        dan, eve = meeting.gather("dan", "eve")
        times[path] = opening_time(eve)
        wait_for_path(eve, path)
        wait_for_path(dan, path, "eve")
        meeting.begin(EVERY_MS)
        assert_undisturbed(meeting.speakers)
        meeting.end()
    meeting.record("page to connected", times)
    # The aim is 0.2 s; sooner than the server's path would begin is what is asserted.
    assert times["turn"] < times["direct"] + 2


def test_udp_is_blocked(place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet) -> None:
    for nat in nats:
        nat.cut(udp_only=True)
    meeting = meet(place.site(**with_turn(turn, turn.udp, turn.tcp)))
    dan, eve = meeting.gather("dan", "eve")
    meeting.record("page to connected", opening_time(eve))
    wait_for_path(eve, "turn")
    wait_for_path(dan, "turn", "eve")
    meeting.begin(EVERY_MS)
    meeting.go_on(20)
    assert_undisturbed(meeting.speakers)
    meeting.end()


def test_credentials_end(place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet) -> None:
    meeting = meet(place.site(**with_turn(turn, P2P_TURN_TTL=TTL)))
    meeting.config = QUICK
    dan, eve = meeting.gather("dan", "eve")
    wait_for_path(eve, "turn")
    meeting.begin(AWAY_MS)
    let_pass(eve, TTL + 5)
    assert dan.news() == eve.news() == []
    assert paths(eve, "dan") == paths(dan, "eve") == ["turn"]

    [ed] = meeting.gather("ed")
    meeting.record("page to connected with later credentials", opening_time(ed))
    wait_for_path(ed, "turn")
    wait_for_path(dan, "turn", "ed")
    ed.speak(AWAY_MS)
    meeting.go_on()

    nats[1].cut()
    for speaker in (eve, ed):
        speaker.wait_for_news("disconnected")
    nats[1].mend()
    mended_at = time.time()
    for speaker in (eve, ed):
        wait_for_path(speaker, "turn")
        wait_for_path(dan, "turn", speaker.peer_id)
    meeting.record("link mended to path by TURN", path_time(eve, "dan") - mended_at)
    meeting.go_on()
    assert dan.news() == []
    assert dan.is_host
    meeting.end(ed)


def test_the_turn_server_is_killed(
    place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet
) -> None:
    meeting = meet(place.site(**with_turn(turn)))
    meeting.config = PATIENT
    dan, eve = meeting.gather("dan", "eve")
    wait_for_path(eve, "turn")
    wait_for_path(dan, "turn", "eve")
    meeting.begin(EVERY_MS)
    killed_at = time.time()
    turn.kill()
    try:
        for speaker, other in ((eve, dan), (dan, eve)):
            wait_for_path(speaker, "server", other.peer_id)
        meeting.go_on()
        silences = [longest_silence(eve, dan, killed_at), longest_silence(dan, eve, killed_at)]
        meeting.record("TURN server killed to the server's path", path_time(eve, "dan") - killed_at)
        meeting.record("longest silence at client and host", silences)
    finally:
        turn.start()
    started_at = time.time()
    for speaker in (dan, eve):
        go_online(speaker)
    for speaker, other in ((eve, dan), (dan, eve)):
        wait_for_path(speaker, "turn", other.peer_id)
    meeting.record("TURN server back to its path", path_time(eve, "dan") - started_at)
    meeting.go_on()
    assert_undisturbed(meeting.speakers)
    assert dan.is_host
    meeting.end()
