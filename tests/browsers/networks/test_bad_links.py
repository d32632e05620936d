"""One sits behind a bad line: every packet takes 100 ms, and every twentieth is lost, each way."""

from collections.abc import Iterator

import pytest

from .conftest import NetMeeting, Place

EVERY_MS = 100
# Heartbeats wait for what is sent again before them.
PATIENT = {"heartbeat": {"interval_mls": 500, "idle_timeout_mls": 8_000}}


@pytest.fixture
def far(place: Place) -> Iterator[str]:
    """A computer behind the bad line, with a Chromium."""
    with place.network.bad_link("far", delay=0.1, loss=0.05), place.browsing("far"):
        yield "far"


def test_a_stream_over_a_bad_line(far: str, place: Place, meeting: NetMeeting) -> None:
    meeting.config = PATIENT
    [ann] = meeting.join("ann", room=meeting.rooms["ann"])
    meeting.join("bob", room=meeting.rooms["bob"])
    meeting.join("far", room=meeting.rooms[far])
    meeting.begin(EVERY_MS)
    meeting.go_on(50)
    for speaker in meeting.speakers:
        assert speaker.news() == []

    lost_at = meeting.lose(ann, ann.page.close)
    meeting.check_migration(ann, lost_at, "host closed, one behind a bad line")
    meeting.go_on(20)
    meeting.end()
