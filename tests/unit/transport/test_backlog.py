import sys
from queue import Empty, Queue
from types import SimpleNamespace
from typing import Any

import pytest

from flask_p2p_streams.limits.budgets import APP_SHARE, PACKET_BYTES
from flask_p2p_streams.transport.backlog import Backlog, bounded, cost_in, relayed_in

cost = cost_in("/p2p")


def packet(data: Any) -> Any:
    return SimpleNamespace(data=data)


def queue_of(limit: int, overflow: Any, dropped: Any = None) -> Any:
    """Return a queue of packets that are numbers: what each costs, negative if it is relayed."""
    return bounded(
        Queue,
        limit,
        lambda packet: abs(int(packet.data)),
        overflow,
        lambda packet: bool(packet.data < 0),
        dropped,
    )()


def size(data: Any) -> int:
    return PACKET_BYTES + sys.getsizeof(data)


@pytest.mark.parametrize("data", ['2/p2p,["x"]', "3/p2p,7[]", "0/p2p,{}", "1/p2p,", "4/p2p,{}"])
def test_a_packet_of_signaling_costs_what_it_takes(data: str) -> None:
    assert cost(packet(data)) == size(data)


@pytest.mark.parametrize("data", ['2["x"]', '2/p2p2,["x"]', b"2/p2p,", None, {"sid": "x"}])
def test_any_other_costs_a_share(data: Any) -> None:
    assert cost(packet(data)) == size(data) // APP_SHARE


def test_what_is_over_the_limit_is_refused_and_told_once() -> None:
    backlog = Backlog(10, lambda packet: int(packet.data))
    assert backlog.admit(packet(6))
    assert backlog.admit(packet(4))
    assert not backlog.overflows()
    assert not backlog.admit(packet(1))
    assert backlog.overflows()
    backlog.take(packet(6))
    backlog.written()
    assert not backlog.admit(packet(1))
    assert not backlog.overflows()


def test_a_packet_that_is_alone_may_be_large() -> None:
    backlog = Backlog(10, lambda packet: int(packet.data))
    assert backlog.admit(packet(1_000))
    backlog.take(packet(1_000))
    backlog.written()
    assert backlog.admit(packet(1_000))


def test_what_is_taken_waits_on_until_it_is_written() -> None:
    backlog = Backlog(10, lambda packet: int(packet.data))
    for _ in range(20):
        for _ in range(2):
            assert backlog.admit(packet(5))
        for _ in range(2):
            backlog.take(packet(5))
        for _ in range(2):
            backlog.written()
    backlog.written()
    assert backlog.admit(packet(5))
    backlog.take(packet(5))
    assert backlog.admit(packet(5))
    assert not backlog.admit(packet(1))


def test_an_answer_counts_until_it_is_written() -> None:
    backlog = Backlog(10, lambda packet: int(packet.data))
    assert backlog.admit(packet(8))
    backlog.take(packet(8))
    backlog.answered(3)
    assert backlog.admit(packet(7))
    backlog.take(packet(7))
    backlog.answered(7)
    backlog.answer_written(3)
    assert backlog.admit(packet(3))
    assert not backlog.admit(packet(1))


def test_a_full_queue_still_takes_the_end() -> None:
    full: list[Any] = []
    queue = queue_of(10, full.append)
    for number in (6, 6, 6):
        queue.put(packet(number))
    assert full == [queue]
    queue.put(None)
    assert queue.get().data == 6
    assert queue.get() is None
    with pytest.raises(Empty):
        queue.get(block=False)


def test_relayed_packets_leave_half_of_the_room_to_others() -> None:
    dropped: list[Any] = []
    queue = queue_of(10, pytest.fail, lambda: dropped.append(True))
    for number in (-6, -1, 2, -1):
        queue.put(packet(number))
    assert [queue.get().data for _ in range(queue.qsize())] == [-6, 2]
    assert len(dropped) == 2
    # As soon as that is written, there is room again.
    queue.backlog.written()
    queue.put(packet(-1))
    assert queue.get().data == -1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('2/p2p,["relay",{"n":1}]', True),
        ('2/p2p,["session_ready",{}]', False),
        ('2/p2p,["relayed",{}]', False),
        ('3/p2p,7["relay",{}]', False),
        ('2["relay",{}]', False),
        (b'2/p2p,["relay",{}]', False),
        (None, False),
    ],
)
def test_what_counts_as_relayed(data: Any, expected: bool) -> None:
    assert relayed_in("/p2p")(packet(data)) is expected
