"""Metered WebSockets over real sockets, with the libraries that servers use."""

import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import simple_websocket
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from hypothesis import given
from hypothesis import strategies as st

from flask_p2p_streams.limits.budgets import READ_AHEAD_BYTES, UNJOINED_MESSAGE_BYTES
from flask_p2p_streams.metrics import Metrics
from flask_p2p_streams.transport.metered_sockets import WholeSocket
from flask_p2p_streams.transport.metering import Meter, Standing
from flask_p2p_streams.transport.packet_filter import OFFER
from flask_p2p_streams.transport.websockets import BoundedDeflate, MeteredServer, metered, unmasked
from tests.conftest import Clock
from tests.kit.frames import BINARY, COMPRESSED, FINAL, TEXT, frame, head, text

MOST = 200_000
DEFLATE = "permessage-deflate; client_max_window_bits"
TIMEOUT = 10


def meter(standing: Standing = "member") -> Meter:
    # The clock makes up for each pause at once.
    clock = Clock()
    return Meter(lambda: standing, MOST, clock.advance, Metrics(), clock)


def request(ours: socket.socket, extensions: str = "") -> dict[str, Any]:
    environ: dict[str, Any] = {
        "werkzeug.socket": ours,
        "HTTP_HOST": "here",
        "HTTP_CONNECTION": "keep-alive, Upgrade",
        "HTTP_UPGRADE": "websocket",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    offered = {"HTTP_SEC_WEBSOCKET_EXTENSIONS": extensions} if extensions else {}
    return {**environ, **offered}


@contextmanager
def opened(standing: Standing, extensions: str = "") -> "Iterator[tuple[Any, socket.socket]]":
    """Yield a WebSocket of the server's, and its client's bare socket."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(TIMEOUT)
    websocket = MeteredServer(request(ours, extensions), meter(standing))
    answer = theirs.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert (b"permessage-deflate" in answer.lower()) == bool(extensions)
    try:
        yield websocket, theirs
    finally:
        theirs.close()
        websocket.thread.join(TIMEOUT)
        assert not websocket.thread.is_alive()


def assert_ended(websocket: Any) -> None:
    with pytest.raises(simple_websocket.ConnectionClosed):
        websocket.receive(TIMEOUT)


def test_messages_arrive_and_are_answered() -> None:
    with opened("member") as (websocket, client):
        client.sendall(text("hello") + frame(BINARY, b"\0" * MOST))
        assert websocket.receive(TIMEOUT) == "hello"
        assert websocket.receive(TIMEOUT) == b"\0" * MOST
        websocket.send("yes")
        assert client.recv(100) == bytes([FINAL | TEXT, 3]) + b"yes"


@pytest.mark.parametrize(("standing", "most"), [("member", MOST), ("stranger", 12_288)])
def test_a_frame_that_is_too_long_ends_at_its_head(standing: Standing, most: int) -> None:
    with opened(standing) as (websocket, client):
        client.sendall(head(TEXT, most + 1))
        assert_ended(websocket)


@pytest.mark.parametrize("standing", ["member", "stranger"])
def test_no_more_is_read_than_is_handled(standing: Standing) -> None:
    count, size = 2_000, 1_000
    with opened(standing) as (websocket, client):
        sender = threading.Thread(target=client.sendall, args=(frame(BINARY, b"x" * size) * count,))
        sender.start()
        most = 0
        for _ in range(count):
            most = max(most, sum(map(len, list(websocket.input_buffer))))
            assert len(websocket.receive(TIMEOUT)) == size
        sender.join(TIMEOUT)
    assert not sender.is_alive()
    assert most <= (READ_AHEAD_BYTES if standing == "member" else 0) + 5 * size


def test_a_reader_that_waits_for_room_ends_with_its_websocket() -> None:
    with opened("stranger") as (websocket, client):
        client.sendall(text("a") + text("b"))
        while not websocket.input_buffer:
            websocket.event.wait(TIMEOUT)
        websocket.close()


def test_a_client_that_does_not_say_goodbye_is_not_waited_for() -> None:
    with opened("member") as (websocket, _):
        ended = threading.Thread(target=assert_ended, args=(websocket,))
        ended.start()
        websocket.close()
        ended.join(TIMEOUT / 2)
        assert not ended.is_alive()


def test_who_is_silent_for_longer_than_pings_allow_is_gone() -> None:
    heard = []
    server = SimpleNamespace(ping_interval=0.05, ping_timeout=0.05)
    ours, theirs = socket.socketpair()
    serve = metered(SimpleWebSocketWSGI, lambda each: heard.append(each.wait()), server, meter())
    with pytest.raises(ConnectionError):
        serve(request(ours), None)
    assert heard == [None]
    theirs.close()


# Compression


def compressed(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return frame(TEXT, packed.removesuffix(b"\0\0\xff\xff"), first=FINAL | COMPRESSED)


def test_compressed_messages_are_read() -> None:
    with opened("member", DEFLATE) as (websocket, client):
        for number in range(3):
            client.sendall(compressed(str(number).encode() * (MOST - 10)))
            assert websocket.receive(TIMEOUT) == str(number) * (MOST - 10)


def test_compressed_messages_cost_what_they_become(monkeypatch: pytest.MonkeyPatch) -> None:
    swollen: list[int] = []
    monkeypatch.setattr(Meter, "swell", lambda self, size: swollen.append(size))
    with opened("member", DEFLATE) as (websocket, client):
        client.sendall(compressed(b"0" * (MOST - 10)))
        assert websocket.receive(TIMEOUT) == "0" * (MOST - 10)
    assert sum(swollen) == MOST - 10


@pytest.mark.parametrize(
    ("standing", "swollen"), [("member", MOST), ("stranger", UNJOINED_MESSAGE_BYTES)]
)
def test_a_message_that_swells_ends(
    monkeypatch: pytest.MonkeyPatch, standing: Standing, swollen: int
) -> None:
    sizes: list[int] = []

    def seen(self: Any, proto: Any, data: bytes) -> Any:
        inflated = inflate(self, proto, data)
        sizes.append(self._swollen)
        return inflated

    inflate = BoundedDeflate.frame_inbound_payload_data
    monkeypatch.setattr(BoundedDeflate, "frame_inbound_payload_data", seen)
    with opened(standing, DEFLATE) as (websocket, client):
        client.sendall(compressed(b"0" * 10_000_000))
        assert_ended(websocket)
    assert sizes
    assert max(sizes) <= swollen


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=10; client_max_window_bits=15",
        "permessage-deflate;client_no_context_takeover;server_no_context_takeover",
    ],
)
def test_offers_of_browsers(offer: str) -> None:
    assert OFFER.fullmatch(offer)


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "x-webkit-deflate-frame",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate" + "; client_max_window_bits" * 400 + "!",
    ],
)
def test_offers_that_libraries_trip_over(offer: str) -> None:
    assert not OFFER.fullmatch(offer)


# eventlet


@given(st.binary(max_size=300), st.tuples(*[st.integers(0, 255)] * 4), st.integers(0, 10))
def test_the_mask_is_taken_off(data: bytes, mask: tuple[int, ...], offset: int) -> None:
    expected = bytes(byte ^ mask[(offset + at) % 4] for at, byte in enumerate(data))
    assert unmasked(data, mask, len(data), offset) == expected


class Drops:
    """A socket that gives its bytes out in drops."""

    def __init__(self, data: bytes, drop: Callable[[int], int]) -> None:
        self._data = data
        self._drop = drop

    def recv(self, size: int) -> bytes:
        size = min(size, self._drop(size))
        data, self._data = self._data[:size], self._data[size:]
        return data


def test_a_frame_that_comes_in_drops_is_given_out_whole() -> None:
    data = frame(BINARY, bytes(range(250)) * 4)
    whole = WholeSocket(Drops(data, lambda _: 1), meter())
    assert whole.recv(2) == data[:2]
    assert whole.recv(6) == data[2:8]
    assert whole.recv(1_000) == data[8:]
    assert whole.recv(1) == b""


def test_what_ends_too_early_is_nothing() -> None:
    assert WholeSocket(Drops(b"x", lambda size: size), meter()).recv(2) == b""


def test_nothing_of_data_is_written_after_the_end() -> None:
    ours, theirs = socket.socketpair()
    has_ended = False
    whole = WholeSocket(ours, meter(), lambda: has_ended)
    pong = head(0xA, 0)
    with ours, theirs:
        whole.sendall(text("in time"))
        has_ended = True
        whole.sendall(text("late"))
        whole.sendall(pong)
        ours.shutdown(socket.SHUT_WR)
        assert theirs.makefile("rb").read() == text("in time") + pong
