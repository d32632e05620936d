from typing import Any

import pytest

from flask_p2p_streams.limits.budgets import FRAMES, READ_RATE
from flask_p2p_streams.metrics import Metrics
from flask_p2p_streams.transport.polls import Polls
from tests.conftest import Clock


class Connection:
    """What polls: as much of Engine.IO's connection as is looked at."""

    def __init__(self, sid: str) -> None:
        self.sid = sid
        self.closed = False


class Subject:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.metrics = Metrics()
        self.waited = 0.0
        self.polls = Polls(self._pause, self.metrics, clock)

    @property
    def limited(self) -> int:
        snapshot: Any = self.metrics.snapshot(sockets=0, sessions=0)
        return int(snapshot["limited"]["frame"])

    def _pause(self, seconds: float) -> None:
        self.waited += seconds
        self.clock.advance(seconds)


@pytest.fixture
def subject(clock: Clock) -> Subject:
    return Subject(clock)


def test_one_poll_and_one_post_at_a_time(subject: Subject) -> None:
    ann, bob = Connection("ann"), Connection("bob")
    turn = subject.polls.turn
    with turn(ann, "GET") as first, turn(ann, "POST") as other, turn(bob, "GET") as another:
        assert (first, other, another) == (True, True, True)
        with turn(ann, "GET") as second:
            assert not second
        with turn(ann, "GET") as third:
            assert not third
    with turn(ann, "GET") as later:
        assert later


def test_requests_of_no_connection_are_not_counted(subject: Subject) -> None:
    with subject.polls.turn(None, "GET") as one, subject.polls.turn(None, "GET") as other:
        assert (one, other) == (True, True)


def test_a_request_that_fails_ends_its_turn(subject: Subject) -> None:
    ann = Connection("ann")
    with pytest.raises(BrokenPipeError), subject.polls.turn(ann, "POST"):
        raise BrokenPipeError
    with subject.polls.turn(ann, "POST") as is_free:
        assert is_free


@pytest.mark.parametrize(
    ("size", "packets", "seconds"),
    [
        (1, FRAMES.burst + FRAMES.per_second, 1),
        (READ_RATE.burst + 3 * READ_RATE.per_second, 0, 3),
    ],
)
def test_who_sends_too_much_is_read_later(
    subject: Subject, size: int, packets: int, seconds: int
) -> None:
    ann, bob = Connection("ann"), Connection("bob")
    subject.polls.spend(ann, int(FRAMES.burst // 100), 1)
    subject.polls.wait(ann)
    assert (subject.waited, subject.limited) == (0, 0)
    subject.clock.advance(60)
    subject.polls.spend(ann, int(size), int(packets))
    subject.polls.wait(bob)
    assert subject.waited == 0
    subject.polls.wait(ann)
    assert subject.waited == pytest.approx(seconds)
    assert subject.limited > 0
    subject.polls.wait(ann)
    assert subject.waited == pytest.approx(seconds)


def test_nobody_waits_for_who_has_gone(subject: Subject) -> None:
    ann = Connection("ann")
    subject.polls.spend(ann, 100 * int(READ_RATE.burst), 1)
    ann.closed = True
    subject.polls.wait(ann)
    assert subject.waited == 0


def test_nothing_is_kept_of_who_has_gone(subject: Subject) -> None:
    subject.polls.spend(Connection("ann"), 1, 1)
    assert not subject.polls._paces
    with subject.polls.turn(Connection("bob"), "GET"):
        assert len(subject.polls._under_way) == 1
    assert not subject.polls._under_way
