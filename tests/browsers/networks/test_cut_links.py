"""Links are cut and mended while everybody talks: one host in the end, and nothing lost."""

import time
from collections.abc import Callable

import pytest

from tests.kit.chromium import PATIENCE_MS
from tests.kit.network import HUB
from tests.kit.pages import FRAME
from tests.kit.streams import Speaker

from .conftest import NetMeeting, Place
from .lab import Site
from .paths import go_online, wait_for_path

# The logs hold 1,000 messages, which have to do for as long as a cut takes.
EVERY_MS = 100
# A cut is short beside that, however long it takes the test to see that it is time to mend it.
PATIENT = {"heartbeat": {"interval_mls": 300, "idle_timeout_mls": 30_000}}


def assert_one_host_per_epoch(*speakers: Speaker) -> None:
    hosts: dict[int, set[str]] = {}
    for speaker in speakers:
        for event in speaker.story:
            if event["name"] == "host-changed":
                hosts.setdefault(event["detail"]["epoch"], set()).add(event["detail"]["hostPeerId"])
    assert {epoch: len(names) for epoch, names in hosts.items()} == dict.fromkeys(hosts, 1)


def wait_for_one_session(speakers: list[Speaker], host: Speaker) -> None:
    for speaker in speakers:
        speaker.page.wait_for_function(
            f"host => {FRAME}.state === 'connected' && {FRAME}.hostPeerId === host",
            arg=host.peer_id,
            timeout=PATIENCE_MS,
        )


def test_a_half_with_the_host_is_cut_off_and_comes_back(place: Place, meeting: NetMeeting) -> None:
    ann, amy, bob, cem = meeting.gather("ann", "amy", "bob", "cem")
    meeting.begin(EVERY_MS)
    everybody = list(meeting.speakers)
    cut_at = time.time()
    place.network.cut("ann")
    meeting.speakers = [bob, cem]
    meeting.check_migration(ann, cut_at, "host cut off")
    # The other half goes on as well, and knows nothing of it.
    meeting.speakers = [ann, amy]
    meeting.go_on()
    assert ann.news() == amy.news() == []

    mended_at = time.time()
    place.network.mend("ann")
    [host] = [speaker for speaker in (bob, cem) if speaker.is_host]
    wait_for_one_session(everybody, host)
    meeting.speakers = everybody
    meeting.go_on()
    for speaker in (ann, amy):
        assert speaker.news().count("forked") == 1
        assert set(speaker.news()) <= {"disconnected", "host-changed", "connected", "forked"}
        assert speaker.story[-1]["detail"].get("hostPeerId", host.peer_id) == host.peer_id
    for speaker in (bob, cem):
        assert speaker.news() == []
    united_at = max(speaker.times("connected")[-1] for speaker in (ann, amy))
    meeting.record("link mended to one session", round(united_at - mended_at, 3))
    assert_one_host_per_epoch(*everybody)
    meeting.end()


def test_a_host_alone_is_cut_off_and_comes_back(place: Place, meeting: NetMeeting) -> None:
    ann, bob, cem = meeting.gather("ann", "bob", "cem")
    meeting.begin(EVERY_MS)
    place.network.cut("ann")
    cut_at = time.time()
    meeting.speakers = [bob, cem]
    meeting.check_migration(ann, cut_at, "host alone cut off")
    place.network.mend("ann")
    [host] = [speaker for speaker in (bob, cem) if speaker.is_host]
    meeting.speakers = [ann, bob, cem]
    wait_for_one_session(meeting.speakers, host)
    meeting.go_on()
    assert ann.news().count("forked") == 1
    assert bob.news() == cem.news() == []
    assert_one_host_per_epoch(*meeting.speakers)
    meeting.end()


def test_a_host_is_cut_off_from_the_server_only(place: Place, meeting: NetMeeting) -> None:
    ann, bob, cem = meeting.gather("ann", "bob", "cem")
    meeting.begin(EVERY_MS)
    place.network.cut("ann", only=HUB)
    bob.wait_for_sockets(0)
    meeting.go_on()
    place.network.mend("ann")
    bob.wait_for_sockets(1)
    [carl] = meeting.gather("carl")
    carl.wait_for_role("client")
    carl.speak(EVERY_MS)
    meeting.go_on()
    for speaker in (ann, bob, cem):
        assert speaker.news() == []
        assert speaker.host == "ann"
    assert_one_host_per_epoch(*meeting.speakers)
    meeting.end(carl)


@pytest.mark.parametrize("whose", ["ann", "bob"])
def test_host_and_client_are_cut_off_from_each_other_only(
    place: Place, meeting: NetMeeting, whose: str
) -> None:
    ann, bob, cem = meeting.gather("ann", "bob", "cem")
    meeting.begin(EVERY_MS)
    place.network.cut(whose, but=HUB)
    for speaker in [bob, cem] if whose == "ann" else [bob]:
        wait_for_path(speaker, "server")
        wait_for_path(ann, "server", speaker.peer_id)
    meeting.go_on()
    place.network.mend(whose)
    for speaker in (ann, bob, cem):
        go_online(speaker)
    for speaker in (bob, cem):
        wait_for_path(speaker, "direct")
    meeting.go_on()
    for speaker in meeting.speakers:
        assert speaker.news() == []
    meeting.end()


@pytest.mark.parametrize("whose", ["ann", "bob"])
def test_host_and_client_are_cut_off_from_each_other_and_the_server_may_not_relay(
    place: Place, meet: Callable[[Site], NetMeeting], whose: str
) -> None:
    meeting = meet(place.site(P2P_RELAY="off"))
    ann, bob, cem = meeting.gather("ann", "bob", "cem")
    meeting.begin(EVERY_MS)
    cut_at = time.time()
    place.network.cut(whose, but=HUB)
    lost = [bob, cem] if whose == "ann" else [bob]
    for speaker in lost:
        speaker.wait_for_news("disconnected")
    place.network.mend(whose)
    meeting.go_on()
    meeting.check_connections()
    meeting.speakers = lost
    meeting.note(cut_at, f"{whose} cut off from its peers")
    meeting.speakers = [ann, bob, cem]
    assert_one_host_per_epoch(*meeting.speakers)
    meeting.end()


def test_a_short_cut_is_not_noticed(place: Place, meeting: NetMeeting) -> None:
    meeting.config = PATIENT
    _, bob, _ = meeting.gather("ann", "bob", "cem")
    meeting.begin(EVERY_MS)
    said = bob.said
    place.network.cut("bob")
    bob.page.wait_for_function("count => stream.said >= count", arg=said + 10)
    place.network.mend("bob")
    meeting.go_on()
    for speaker in meeting.speakers:
        assert speaker.news() == []
    meeting.end()
