"""Long polling, where the app allows it for networks that pass no WebSocket: with their limits."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.kit.http import get_json
from tests.kit.servers import MODES
from tests.kit.waiting import PATIENCE, until
from tests.security.conftest import UNLIMITED, attacked
from tests.security.test_own_socketio import Poller

OPENING = "/socket.io/?EIO=4&transport=polling"
BOTH: dict[str, Any] = {**UNLIMITED, "P2P_TRANSPORTS": ["websocket", "polling"]}


@pytest.fixture(scope="module", params=MODES)
def polled(request: pytest.FixtureRequest) -> Iterator[str]:
    with attacked(request.param, **BOTH, P2P_JOIN_TIMEOUT=3) as server:
        yield server.url


def connections(url: str) -> int:
    return len(get_json(f"{url}/connections"))


def test_it_is_refused_where_it_is_not_allowed(url: str) -> None:
    answer = requests.get(f"{url}{OPENING}", timeout=PATIENCE)
    assert (answer.status_code, "sid" in answer.text) == (400, False)
    assert connections(url) == 0


def test_who_joins_nothing_is_closed(polled: str) -> None:
    poller = Poller(polled)
    assert connections(polled) >= 1
    until(lambda: not connections(polled), lambda: f"{connections(polled)} are left.")
    assert poller.post(b"40/p2p,{}") == 400


def test_one_poll_at_a_time(polled: str) -> None:
    poller = Poller(polled)
    with ThreadPoolExecutor() as pool:
        address = f"{poller._url}&sid={poller.sid}"
        polls = [pool.submit(poller.ask, address) for _ in range(5)]
        statuses = sorted(poll.result()[0] for poll in polls)
    assert statuses[1:] == [429] * 4
    assert statuses[0] == 200


def test_before_the_join_little_may_come(polled: str) -> None:
    poller = Poller(polled)
    assert poller.post(b"40/p2p," + b" " * 65_536) == 413
    assert poller.post(b"40/p2p,{}") == 400


def test_a_join_without_a_token_is_refused_by_name(polled: str) -> None:
    poller = Poller(polled)
    assert poller.post(b"40/p2p,{}") == 200
    assert poller.poll().startswith('44/p2p,{"message":"unauthorized"')


@pytest.mark.parametrize("mode", MODES)
def test_an_address_opens_as_many_as_it_may_join(mode: str) -> None:
    with attacked(mode, **{**BOTH, "P2P_JOIN_RATE": 0.1}) as server:
        answers = [requests.get(f"{server.url}{OPENING}", timeout=PATIENCE) for _ in range(5)]
        assert [each.status_code for each in answers] == [200, *[429] * 4]
        assert connections(server.url) == 1
