"""The host goes, in every way there is, while everybody talks: the others go on without a loss."""

import itertools
import time
from collections.abc import Callable

import pytest

from tests.kit.pages import FRAME, Room
from tests.kit.streams import AWAY_MS, Meeting, Speaker

LEAVE_WHEN_ELECTED = f"""document.addEventListener("p2p:host-changed", async () => {{
  if (stream.said === 0 || !{FRAME}.iamHost) return
  if (await mayGo({FRAME}.peerId, stream.kept)) location.replace("about:blank")
}})"""


@pytest.fixture
def meeting(room: Room, record_property: Callable[[str, object], None]) -> Meeting:
    return Meeting(room, record_property)


def leave_page(host: Speaker) -> None:
    host.page.goto("about:blank")


LOSSES: dict[str, Callable[[Speaker], object]] = {
    "closed": lambda host: host.page.close(),
    "navigated away": leave_page,
    "crashed": lambda host: host.crash(),
    "frame closed": lambda host: host.call("close"),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_a_host_is_lost(meeting: Meeting, kind: str) -> None:
    host, *_ = meeting.join("ann", "bob", "cem", "dan")
    meeting.begin()
    lost_at = meeting.lose(host, lambda: LOSSES[kind](host))
    meeting.check_migration(host, lost_at, f"host {kind}")
    meeting.end()


def test_two_are_left_and_the_host_goes(meeting: Meeting) -> None:
    host, bob = meeting.join("ann", "bob")
    meeting.begin()
    lost_at = meeting.lose(host, host.page.close)
    meeting.check_migration(host, lost_at, "host of one closed")
    bob.wait_for_role("host")
    meeting.check_what_was_shown()
    bob.wait_for_connections(0)


def test_a_frozen_host_is_replaced_and_comes_back_as_a_client(meeting: Meeting) -> None:
    host, *others = meeting.join("ann", "bob", "cem", "dan")
    meeting.begin(AWAY_MS)
    meeting.speakers.remove(host)
    lost_at = time.time()
    host.freeze()
    meeting.check_migration(host, lost_at, "host frozen")

    host.thaw()
    host.wait_for_role("client")
    meeting.speakers.append(host)
    meeting.go_on()
    for speaker in others:
        assert speaker.news() == []
    assert {"error", "gap"}.isdisjoint(host.news())
    assert host.epoch == others[0].epoch
    meeting.end()


def test_one_host_after_the_other_until_one_is_left(meeting: Meeting) -> None:
    meeting.join("ann", "bob", "cem", "dan", "eve")
    meeting.begin()
    for number in itertools.count(1):
        [host] = [speaker for speaker in meeting.speakers if speaker.is_host]
        lost_at = meeting.lose(host, host.page.close if number % 2 else host.crash)
        meeting.check_migration(host, lost_at, f"host number {number}")
        if len(meeting.speakers) == 1:
            break
    meeting.check_what_was_shown()


@pytest.mark.parametrize("kind", ["closed", "crashed"])
def test_the_new_host_is_killed_as_soon_as_it_is_elected(meeting: Meeting, kind: str) -> None:
    first, *_ = meeting.join("ann", "bob", "cem", "dan", "eve")
    meeting.begin()
    lost_at = meeting.lose(first, first.page.close)
    second = next(speaker for speaker in itertools.cycle(list(meeting.speakers)) if speaker.is_host)
    meeting.lose(second, lambda: LOSSES[kind](second))
    for speaker in meeting.speakers:
        speaker.wait_for_news("disconnected")
    for speaker in meeting.speakers:
        speaker.wait_for_another_host(second.peer_id)
    meeting.go_on()
    meeting.note(lost_at, f"new host {kind} at once")
    meeting.end()


def test_a_new_host_that_leaves_before_anybody_has_reached_it(meeting: Meeting) -> None:
    [host] = meeting.join("ann")
    gone: list[tuple[str, int]] = []

    def may_go(peer_id: str, kept: int) -> bool:
        gone.append((peer_id, kept))
        return len(gone) == 1

    for peer_id in ("bob", "cem", "dan", "eve"):
        context = meeting.room.new_context()
        context.expose_function("mayGo", may_go)
        meeting.join(peer_id, context=context, init_script=LEAVE_WHEN_ELECTED)
    meeting.begin()
    keys = {speaker.peer_id: speaker.key for speaker in meeting.speakers}
    lost_at = meeting.lose(host, host.page.close)
    onlooker = meeting.room.new_context().new_page()
    onlooker.expose_function("isGone", lambda: bool(gone))
    onlooker.wait_for_function("isGone()")

    peer_id, kept = gone[0]
    meeting.departed[keys[peer_id]] = kept
    meeting.speakers = [one for one in meeting.speakers if one.peer_id != peer_id]
    for speaker in meeting.speakers:
        speaker.wait_for_another_host(peer_id)
    meeting.go_on()
    meeting.note(lost_at, "new host gone within its election")
    meeting.end()


def test_twenty_peers_lose_their_host(meeting: Meeting) -> None:
    # Of so many pages one may wait for its turn longer than the others' patience is elsewhere.
    meeting.config = {"heartbeat": {"interval_mls": 1_000, "idle_timeout_mls": 10_000}}
    host, *_ = meeting.join(*(f"peer-{number}" for number in range(20)))
    meeting.begin(every_mls=500)
    lost_at = meeting.lose(host, host.page.close)
    meeting.check_migration(host, lost_at, "host of twenty closed")
    meeting.end()
