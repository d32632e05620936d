"""Who has joined nothing: where it may go, how long it may stay, and what ends it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.frames import CONTINUATION, TEXT, frame, head, text
from tests.kit.http import get, get_json
from tests.kit.raw import Handshaken
from tests.kit.servers import MODES
from tests.kit.wire import Wire
from tests.security import floods
from tests.security.conftest import UNLIMITED, attacked
from tests.security.healthy import Healthy
from tests.security.test_inbound import pour

# Of who joins nothing a server is tired soon, but not of who gets no turn for three seconds.
IMPATIENT: dict[str, Any] = {**UNLIMITED, "P2P_JOIN_TIMEOUT": 5}
MESSAGE_BYTES, HANDSHAKE_BYTES = 12_288, 16_384


@pytest.fixture(scope="module", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with attacked(request.param, **IMPATIENT) as server:
        yield server.url


@pytest.fixture
def stranger(url: str) -> Iterator[Handshaken]:
    stranger = Handshaken(url)
    assert stranger.is_open
    yield stranger
    stranger.drop()


def metrics(url: str) -> dict[str, Any]:
    counted: dict[str, Any] = get_json(f"{url}/counted")
    return counted


@pytest.mark.parametrize("namespace", ["", "/,", "/made-up,", "/p2p/,", "/p2p?x=y,"])
def test_there_is_one_namespace(url: str, namespace: str) -> None:
    wire = Wire(url)
    wire.send(f"40{namespace}{{}}")
    answer = wire.hear()
    assert answer.startswith("44")
    assert "sid" not in answer
    wire.drop()


def test_who_says_nothing_is_hung_up_on(stranger: Handshaken) -> None:
    # It doesn't answer the goodbye either.
    stranger.wait_for_end()


def test_who_asks_for_what_there_is_not_is_hung_up_on(stranger: Handshaken) -> None:
    stranger.raw_socket.sendall(text("40") + text("40/made-up,") + text("42[]"))
    stranger.wait_for_end()


def test_half_a_message_keeps_nobody_here(stranger: Handshaken) -> None:
    stranger.raw_socket.sendall(frame(TEXT, b"40", first=0) + head(CONTINUATION, 1_000) + b"x")
    stranger.wait_for_end()


@pytest.mark.parametrize("size", [MESSAGE_BYTES + 1, 65_536, 10**12])
def test_too_long_a_message_ends_it_at_once(
    healthy: Healthy, url: str, stranger: Handshaken, size: int
) -> None:
    before = metrics(url)["limited"]["unjoined"]
    stranger.raw_socket.sendall(head(TEXT, size) + b"marked " * 1_000)
    stranger.wait_for_end()
    assert metrics(url)["limited"]["unjoined"] == before + 1
    line = "Closing a connection that sent too much at once, before joining."
    assert line in get(f"{url}/log")


def test_the_longest_message_that_a_stranger_may_send_is_read(stranger: Handshaken) -> None:
    start = '40/p2p,{"token":"'
    stranger.raw_socket.sendall(text(start + "x" * (MESSAGE_BYTES - len(start) - 2) + '"}'))
    heard = b""
    while b"44/p2p," not in heard:
        data = stranger.raw_socket.recv(65_536)
        assert data
        heard += data
    assert b"too_large" in heard or b"bad_request" in heard


@pytest.mark.parametrize(
    "flood",
    [
        "pings",
        "pongs",
        "pongs of Engine.IO",
        "pings of Engine.IO",
        "noops of Engine.IO",
        "upgrades of Engine.IO",
        "events to nobody",
        "wishes to join nothing",
        "a message of nothing",
    ],
)
def test_who_sends_rubbish_is_ended(healthy: Healthy, stranger: Handshaken, flood: str) -> None:
    pour(stranger, floods.OF_A_STRANGER[flood]())
    with contextlib.suppress(ConnectionError):
        stranger.wait_for_end()


# The handshake


@pytest.mark.parametrize("size", [HANDSHAKE_BYTES + 1_000, 60_000])
def test_a_head_without_end_is_no_handshake(healthy: Healthy, url: str, size: int) -> None:
    fields = {f"X-{number}": "x" * 1_000 for number in range(size // 1_000)}
    stranger = Handshaken(url, **fields)
    assert stranger.answer.startswith("HTTP/1.1 4")
    stranger.drop()


def test_a_head_as_browsers_send_it_is_one(url: str) -> None:
    stranger = Handshaken(url, Cookie="x" * 8_000, **{"User-Agent": "x" * 300})
    assert stranger.is_open
    stranger.drop()


@pytest.mark.parametrize("version", ["", "7", "x"])
def test_no_protocol_from_before_the_standard_is_spoken(
    healthy: Healthy, url: str, version: str
) -> None:
    keys = {"Sec-WebSocket-Key1": "1 2", "Sec-WebSocket-Key2": "1 2", "Origin": url}
    stranger = Handshaken(url, **{"Sec-WebSocket-Version": version or None}, **keys)
    assert stranger.answer.startswith("HTTP/1.1 4")
    stranger.drop()
