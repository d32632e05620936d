"""Firefox and Chromium in one session, either as the host."""

from typing import Any, cast

from tests.kit.streams import QUICK, RECORDER, Meeting, Speaker

from .firefox import Firefox

# Slow enough for a Firefox on a busy machine.
EVERY_MS = 100


def join(meeting: Meeting, firefox: Firefox, peer_id: str) -> Speaker:
    """Let a Firefox join."""
    page: Any = firefox.open(meeting.room.address(peer_id, "plain", QUICK), RECORDER)
    speaker = Speaker(page, peer_id, cast("Any", None))
    meeting.speakers.append(speaker)
    return cast("Speaker", speaker.wait_for_state("connected"))


def test_firefox_is_a_client_and_then_the_host(meeting: Meeting, firefox: Firefox) -> None:
    [ann] = meeting.join("ann")
    fox = join(meeting, firefox, "fox")
    fox.wait_for_role("client")
    meeting.begin(EVERY_MS)
    lost_at = meeting.lose(ann, ann.page.close)
    meeting.check_migration(ann, lost_at, "Chromium as host closed")
    fox.wait_for_role("host")

    [bob] = meeting.join("bob")
    bob.wait_for_role("client")
    bob.speak(EVERY_MS)
    meeting.go_on()
    meeting.end(bob)
    assert cast("Any", fox.page).console == []
    fox.page.close()


def test_firefox_is_the_host_and_is_closed(meeting: Meeting, firefox: Firefox) -> None:
    fox = join(meeting, firefox, "fox")
    fox.wait_for_role("host")
    meeting.join("ann", "bob")
    owl = join(meeting, firefox, "owl")
    meeting.begin(EVERY_MS)
    meeting.go_on()
    lost_at = meeting.lose(fox, fox.page.close)
    meeting.check_migration(fox, lost_at, "Firefox as host closed")
    meeting.end()
    assert cast("Any", owl.page).console == []
    owl.page.close()
