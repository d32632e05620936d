"""A line is dead for a while, or an address changes: the link heals, and nobody is told of it."""

import time
from collections.abc import Callable

import pytest

from tests.kit.nats import Nat

from .conftest import NetMeeting, Place
from .lab import Site, Turn
from .paths import (
    assert_undisturbed,
    heard_again,
    let_pass,
    longest_silence,
    paths,
    wait_for_path,
)

# What is said while a line is dead is owed afterwards, and the logs hold a thousand messages.
EVERY_MS = 200
# Longer than any line is dead.
PATIENT = {"heartbeat": {"interval_mls": 500, "idle_timeout_mls": 90_000}}
# The aim is 3 s.
HEALED_WITHIN = 15.0

Meet = Callable[[Site], NetMeeting]


@pytest.fixture
def meeting(place: Place, nats: tuple[Nat, Nat], turn: Turn, meet: Meet) -> NetMeeting:
    """A session of dan, who hosts, and eve, whose NATs let them find a direct path."""
    for nat in nats:
        nat.translate(symmetric=False)
    meeting = meet(place.site(P2P_ICE_SERVERS=[{"urls": [turn.stun]}]))
    meeting.config = PATIENT
    dan, eve = meeting.gather("dan", "eve")
    wait_for_path(eve, "direct")
    wait_for_path(dan, "direct", "eve")
    meeting.begin(EVERY_MS)
    return meeting


def check_healed(meeting: NetMeeting) -> None:
    dan, eve = meeting.speakers
    wait_for_path(eve, "direct")
    wait_for_path(dan, "direct", "eve")
    meeting.go_on()
    assert_undisturbed(meeting.speakers)
    assert dan.is_host
    meeting.end()


@pytest.mark.parametrize(("whose", "seconds"), [("dan", 10), ("eve", 10), ("eve", 40)])
def test_a_line_is_dead_for_a_while(
    nats: tuple[Nat, Nat], meeting: NetMeeting, whose: str, seconds: int
) -> None:
    dan, eve = meeting.speakers
    [nat] = [nat for nat in nats if nat.name == whose]
    nat.cut()
    let_pass(eve, seconds)
    nat.mend()
    mended_at = time.time()
    times = {
        "at the client": heard_again(eve, dan, mended_at),
        "at the host": heard_again(dan, eve, mended_at),
    }
    meeting.record(f"{whose}'s line mended after {seconds} s, to data", times)
    check_healed(meeting)
    assert max(times.values()) < HEALED_WITHIN


@pytest.mark.parametrize("whose", ["dan", "eve"])
def test_an_address_changes(place: Place, meeting: NetMeeting, whose: str) -> None:
    dan, eve = meeting.speakers
    moved_at = time.time()
    place.network.move(whose)
    meeting.go_on(10)
    times = {
        "at the client": longest_silence(eve, dan, moved_at),
        "at the host": longest_silence(dan, eve, moved_at),
    }
    meeting.record(f"{whose}'s address changed, to data", times)
    meeting.record("paths meanwhile", paths(eve, "dan"))
    check_healed(meeting)
    assert max(times.values()) < HEALED_WITHIN
