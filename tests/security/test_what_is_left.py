"""What a server keeps of those who have gone: nothing, however many they were."""

from collections.abc import Iterator

import pytest

from tests.kit.http import get_json
from tests.kit.memory import resident_bytes, thread_count
from tests.kit.servers import MODES, Server
from tests.kit.waiting import until
from tests.kit.wire import Wire
from tests.security.conftest import behind
from tests.security.deaf import Deaf

WARM_UP = 500
ROUND = 1_000
STAYERS = 10
ALLOWED = 4 * 1024 * 1024
"""For a round: a tenth of that is seen, thirteen megabytes where something of each is kept."""


@pytest.fixture(scope="module", params=MODES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with behind(request.param) as server:
        yield server


def come_and_go(url: str, count: int) -> None:
    for number in range(count):
        wire = Wire(url)
        wire.connect({"token": "x"})
        assert wire.refusal["message"] == "unauthorized"
        # Half of them say goodbye.
        if number % 2:
            wire.close()
        else:
            wire.drop()


def until_nobody_is_here(url: str) -> None:
    until(lambda: get_json(f"{url}/connections") == [], lambda: "Somebody is still here.")


def test_memory_does_not_grow_with_refused_joins(server: Server) -> None:
    come_and_go(server.url, WARM_UP)
    until_nobody_is_here(server.url)
    before, threads = resident_bytes(server.process.pid), thread_count(server.process.pid)
    come_and_go(server.url, ROUND)
    until_nobody_is_here(server.url)
    # A few of the last may not have ended yet.
    until(lambda: thread_count(server.process.pid) < threads + 20, lambda: "Threads go on.")
    assert resident_bytes(server.process.pid) - before < ALLOWED


@pytest.mark.parametrize("last", [["1"], ['451-/p2p,["x"]'] * 12], ids=["goodbye", "eviction"])
def test_who_is_told_to_go_and_stays_is_cut(server: Server, last: list[str]) -> None:
    threads = thread_count(server.process.pid)
    stayers = [Deaf(server.url) for _ in range(STAYERS)]
    for stayer, packet in ((stayer, packet) for stayer in stayers for packet in last):
        stayer.send_and_forget(packet)
    until(lambda: all(each.is_cut() for each in stayers), lambda: "A connection is still open.")
    until_nobody_is_here(server.url)
    # Each would have two at least; a few serve all, and what the test asks.
    until(lambda: thread_count(server.process.pid) < threads + STAYERS, lambda: "Threads go on.")
    for stayer in stayers:
        stayer.drop()
