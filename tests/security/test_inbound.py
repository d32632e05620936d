"""Whatever comes in on a WebSocket, the server keeps little of it, and others notice nothing."""

import contextlib
import itertools
import select
import time
from collections.abc import Callable, Iterator

import pytest

from tests.kit.fixtures import Open
from tests.kit.http import get_json
from tests.kit.raw import Handshaken
from tests.kit.waiting import until
from tests.kit.wire import Wire
from tests.security import floods
from tests.security.healthy import Healthy

KEPT_BYTES = 5 * floods.MIB
"""What an empty process may grow by, as it isn't exact to the byte."""
PATIENCE = 5.0
"""Seconds in which what is sent is read, or in which it is clear that it isn't."""
STARVED = 60.0
"""Seconds beside a flood in which whoever is let have turns at all has some."""
LOOK_AGAIN = 0.1


def memory(url: str) -> int:
    return int(get_json(f"{url}/memory")["bytes"])


def assert_little_is_kept(url: str, before: int) -> None:
    """Fail if a server holds much more than before, also when it is done with what came."""
    grown = 0

    def is_little() -> bool:
        nonlocal grown
        grown = memory(url) - before
        return grown < KEPT_BYTES

    until(is_little, lambda: f"{grown} bytes are kept.")


def pour(
    eve: Wire | Handshaken, flood: Iterator[bytes], is_enough: Callable[[], bool] = lambda: True
) -> bool:
    """Send a flood for a while, and until it is enough; return whether the server has ended it."""
    connection = eve.raw_socket
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(OSError):
        for piece in flood:
            while piece:
                left = deadline - time.monotonic()
                if left < 0 and is_enough():
                    return False
                if not select.select([], [connection], [], max(LOOK_AGAIN, left))[1]:
                    continue
                # Answers are read, so that none of them waits at the server.
                if select.select([connection], [], [], 0)[0] and not connection.recv(65_536):
                    return True
                piece = piece[connection.send(piece) :]
        return False
    return True


@pytest.mark.parametrize("flood", floods.OF_A_STRANGER)
def test_a_stranger_leaves_nothing(open_wire: Open, healthy: Healthy, url: str, flood: str) -> None:
    before = memory(url)
    eve = open_wire()
    pour(eve, floods.OF_A_STRANGER[flood]())
    assert_little_is_kept(url, before)
    eve.drop()


@pytest.mark.parametrize("flood", floods.OF_A_MEMBER)
def test_a_member_leaves_little(open_wire: Open, healthy: Healthy, url: str, flood: str) -> None:
    before = memory(url)
    eve = open_wire().join(healthy.session_id, "eve")
    pour(eve, floods.OF_A_MEMBER[flood]())
    assert_little_is_kept(url, before)
    eve.drop()


@pytest.mark.parametrize("flood", ["longest events", "long events", "events"])
def test_one_sender_starves_nobody(open_wire: Open, healthy: Healthy, flood: str) -> None:
    eve = open_wire().join(healthy.session_id, "eve")
    before = healthy.rounds
    pieces = itertools.chain.from_iterable(iter(floods.OF_A_MEMBER[flood], None))

    starved_at = time.monotonic() + STARVED

    def have_had_turns() -> bool:
        turns = healthy.rounds - before
        assert time.monotonic() < starved_at, f"The others had {turns} turns."
        return turns > 10

    # Hundreds at once, where nobody else needs the machine; none, however long it takes, where
    # she has the server for herself.
    pour(eve, pieces, have_had_turns)
    eve.drop()
