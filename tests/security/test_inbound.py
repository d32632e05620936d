"""Whatever comes in on a WebSocket, the server keeps little of it, and others notice nothing."""

import contextlib
import json
import select
import time
from collections.abc import Iterator

import pytest

from tests.security import floods
from tests.security.attacker import Attacker
from tests.security.conftest import Open
from tests.security.healthy import Healthy
from tests.server.wire import get

KEPT_BYTES = 5 * floods.MIB
"""What an empty process may grow by, as it isn't exact to the byte."""
PATIENCE = 5.0
"""Seconds in which what is sent is read, or in which it is clear that it isn't."""


def memory(url: str) -> int:
    return int(json.loads(get(f"{url}/memory"))["bytes"])


def pour(eve: Attacker, flood: Iterator[bytes]) -> bool:
    """Send a flood for as long as it is read; return whether the server has ended it."""
    connection = eve.raw_socket
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(OSError):
        for piece in flood:
            while piece:
                left = deadline - time.monotonic()
                if left < 0 or not select.select([], [connection], [], left)[1]:
                    return False
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
    assert memory(url) - before < KEPT_BYTES
    eve.drop()


@pytest.mark.parametrize("flood", floods.OF_A_MEMBER)
def test_a_member_leaves_little(open_wire: Open, healthy: Healthy, url: str, flood: str) -> None:
    before = memory(url)
    eve = open_wire().join(healthy.session_id, "eve")
    pour(eve, floods.OF_A_MEMBER[flood]())
    assert memory(url) - before < KEPT_BYTES
    eve.drop()
