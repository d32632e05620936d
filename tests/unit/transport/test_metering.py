import pytest

from flask_p2p_streams.limits.budgets import (
    FRAME_COST,
    FRAMES,
    READ_AHEAD_BYTES,
    READ_RATE,
    UNJOINED_MESSAGE_BYTES,
)
from flask_p2p_streams.limits.token_bucket import Rate
from flask_p2p_streams.metrics import Metrics
from flask_p2p_streams.transport.metering import Meter, Pace, Standing
from tests.conftest import Clock
from tests.kit.frames import BINARY, CONTINUATION, FINAL, PING, TEXT, frame, head, text

MOST = 100_000


class Subject:
    """A meter of a connection whose standing is told, and whose pauses move the clock."""

    def __init__(self, clock: Clock) -> None:
        self.standing: Standing = "stranger"
        self.then: Standing = "stranger"
        self.clock = clock
        self.metrics = Metrics()
        self.meter = Meter(lambda: self.standing, MOST, self._pause, self.metrics, clock)

    @property
    def counted(self) -> dict[str, int]:
        snapshot = self.metrics.snapshot(sockets=0, sessions=0)
        counted = {key: count for key, count in snapshot["limited"].items() if count}
        return {**counted, "bad_packets": snapshot["bad_packets"]}

    def _pause(self, seconds: float) -> None:
        self.standing = self.then
        self.clock.advance(seconds)


@pytest.fixture
def subject(clock: Clock) -> Subject:
    return Subject(clock)


def test_a_pace_is_paid_for_afterwards(clock: Clock) -> None:
    pace = Pace(Rate(per_second=10.0, burst=20.0), clock)
    pace.spend(20)
    assert pace.debt() == 0
    pace.spend(5)
    assert pace.debt() == 0.5
    clock.advance(0.5)
    assert pace.debt() == 0
    clock.advance(1000)
    pace.spend(25)
    assert pace.debt() == 0.5


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_strangers_message_may_be_short(subject: Subject, opcode: int) -> None:
    for _ in range(100):
        assert subject.meter.takes(frame(opcode, b"x" * UNJOINED_MESSAGE_BYTES))
    assert not subject.meter.takes(head(opcode, UNJOINED_MESSAGE_BYTES + 1))
    assert subject.counted == {"unjoined": 1, "bad_packets": 0}


def test_a_strangers_parts_are_added_up_and_cost_something_each(subject: Subject) -> None:
    part = frame(CONTINUATION, b"", first=0)
    assert subject.meter.takes(frame(TEXT, b"", first=0))
    allowed = UNJOINED_MESSAGE_BYTES // FRAME_COST
    assert subject.meter.takes(part * allowed)
    assert not subject.meter.takes(part)


def test_what_comes_between_parts_is_no_part(subject: Subject) -> None:
    ping = frame(PING, b"p" * 100)
    assert subject.meter.takes(frame(TEXT, b"x" * 6_000, first=0) + ping)
    assert subject.meter.takes(frame(CONTINUATION, b"x" * 6_000, first=0) + ping)
    assert not subject.meter.takes(head(CONTINUATION, 6_000, first=0))


def test_who_has_joined_may_send_long_messages(subject: Subject) -> None:
    subject.standing = "member"
    assert subject.meter.takes(frame(TEXT, b"x" * MOST))
    # Who has shown a token once may well leave.
    subject.standing = "stranger"
    assert subject.meter.takes(frame(TEXT, b"x" * MOST))
    assert not subject.meter.takes(head(TEXT, MOST + 1, FINAL))
    assert subject.counted == {"bad_packets": 1}


@pytest.mark.parametrize(("verdict", "fine"), [("member", True), ("stranger", False)])
def test_a_long_message_waits_for_the_verdict(
    subject: Subject, verdict: Standing, fine: bool
) -> None:
    subject.standing, subject.then = "joining", verdict
    assert subject.meter.takes(head(TEXT, MOST)) == fine


def test_pings_without_end_are_none(subject: Subject) -> None:
    assert subject.meter.takes(frame(PING, b"") * 100)
    subject.clock.advance(5)
    assert subject.meter.takes(frame(PING, b"") * 5)
    assert not subject.meter.takes(frame(PING, b""))
    assert subject.counted == {"bad_packets": 1}


def test_frames_are_read_at_their_rate(subject: Subject) -> None:
    started = subject.clock()
    for _ in range(int(FRAMES.burst + FRAMES.per_second)):
        assert subject.meter.takes(text("42"))
    while not subject.meter.wait():
        pass
    assert subject.clock() - started == pytest.approx(1, abs=0.01)
    assert subject.counted["frame"] > 0


def test_bytes_are_read_at_their_rate(subject: Subject) -> None:
    started = subject.clock()
    data = frame(BINARY, b"x" * UNJOINED_MESSAGE_BYTES)
    count = int(READ_RATE.burst + READ_RATE.per_second) // len(data)
    assert all(subject.meter.takes(data) for _ in range(count))
    while not subject.meter.wait():
        pass
    assert subject.clock() - started == pytest.approx(1, abs=0.02)


def test_what_swells_costs_what_it_becomes(subject: Subject) -> None:
    started = subject.clock()
    subject.meter.swell(int(READ_RATE.burst + READ_RATE.per_second))
    while not subject.meter.wait():
        pass
    assert subject.clock() - started == pytest.approx(1, abs=0.02)


def test_nothing_is_read_ahead_of_a_stranger(subject: Subject) -> None:
    assert subject.meter.read_ahead == 0
    little = subject.meter.read_bytes
    subject.standing = "member"
    assert subject.meter.read_ahead == READ_AHEAD_BYTES
    assert subject.meter.read_bytes == 4 * little
