import socket
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from simple_websocket.errors import ConnectionError as HandshakeError

from flask_p2p_streams.transport.endings import Answer, Endings
from flask_p2p_streams.transport.tcp_connections import cut, end

HANDSHAKE = {
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "keep-alive, Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
}


class Start:
    """A server's start_response that keeps what it is told."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []

    def __call__(self, status: str, headers: list[tuple[str, str]], *error: Any) -> None:
        self.status, self.headers = status, headers


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    listener = socket.create_server(("127.0.0.1", 0))
    near = socket.create_connection(listener.getsockname())
    far, _ = listener.accept()
    with listener, near, far:
        yield near, far


def read_all(line: socket.socket) -> None:
    while line.recv(100_000):
        pass


def refuse(environ: dict[str, Any], start: Any) -> list[bytes]:
    start("400 Bad Request", [("Connection", "keep-alive"), ("X", "y")])
    return [b"no"]


def test_a_plain_request_is_left_alone() -> None:
    start = Start()
    assert Endings(refuse)({}, start) == [b"no"]
    assert start.headers == [("Connection", "keep-alive"), ("X", "y")]


def test_a_refusal_is_the_last_answer() -> None:
    start = Start()
    body = Endings(refuse)(HANDSHAKE, start)
    assert isinstance(body, Answer)
    assert body == [b"no"]
    assert start.headers == [("X", "y"), ("Connection", "close")]


@pytest.mark.parametrize(
    "changed",
    [{"HTTP_CONNECTION": "keep-alive"}, {"HTTP_SEC_WEBSOCKET_VERSION": "7"}],
)
def test_what_is_no_handshake_reaches_nobody(changed: dict[str, str]) -> None:
    start = Start()
    assert Endings(None)({**HANDSHAKE, **changed}, start)  # type: ignore[arg-type]
    assert start.status == "426 Upgrade Required"
    assert ("Sec-WebSocket-Version", "13") in start.headers


def test_another_upgrade_is_an_ordinary_request_and_the_last() -> None:
    start = Start()
    assert Endings(refuse)({"HTTP_UPGRADE": "h2c"}, start) == [b"no"]
    assert ("Connection", "close") in start.headers


def test_a_handshake_that_fails_is_refused() -> None:
    def fail(environ: dict[str, Any], start: Any) -> list[bytes]:
        raise HandshakeError(400)

    start = Start()
    assert Endings(fail)(HANDSHAKE, start)
    assert start.status == "400 Bad Request"


@pytest.mark.parametrize("error", [None, ConnectionError()])
def test_after_a_websocket_the_connection_is_over(
    error: Exception | None, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair

    def serve(environ: dict[str, Any], start: Any) -> tuple[()]:
        if error:
            raise error
        return ()

    near.sendall(b"GET /admin/ HTTP/1.1\r\n\r\n")
    reader = far.makefile("rb")
    start = Start()
    assert Endings(serve)({**HANDSHAKE, "werkzeug.socket": far, "wsgi.input": reader}, start) == ()
    assert ("Connection", "close") in start.headers
    assert reader.readline() == b""
    assert near.recv(1) == b""
    reader.close()


def test_a_server_that_hides_its_connections_is_told_nothing() -> None:
    start = Start()
    assert Endings(lambda environ, start: ())(HANDSHAKE, start) == ()
    assert start.status == ""


def test_another_failure_is_the_servers() -> None:
    def fail(environ: dict[str, Any], start: Any) -> list[bytes]:
        raise StopIteration

    with pytest.raises(StopIteration):
        Endings(fail)(HANDSHAKE, Start())


@pytest.mark.parametrize(
    "stream",
    [
        lambda reader: reader,
        lambda reader: SimpleNamespace(rfile=reader),
    ],
)
def test_the_end_is_behind_what_a_server_has_read_already(
    stream: Any, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    near.sendall(b"line\n" + b"x" * 100_000)
    reader = far.makefile("rb")
    assert reader.readline() == b"line\n"
    end({"werkzeug.socket": far, "wsgi.input": stream(reader)})
    assert reader.read() == b""
    reader.close()


def test_gunicorns_reader_is_found(pair: tuple[socket.socket, socket.socket]) -> None:
    unread = BytesIO(b"GET /admin/ HTTP/1.1\r\n\r\n")
    stream = SimpleNamespace(reader=SimpleNamespace(unreader=unread))
    end({"gunicorn.socket": pair[1], "wsgi.input": stream})
    assert unread.read() == b""
    chunked = BytesIO(b"GET /admin/ HTTP/1.1\r\n\r\n")
    stream = SimpleNamespace(reader=SimpleNamespace(req=SimpleNamespace(unreader=chunked)))
    end({"gunicorn.socket": pair[1], "wsgi.input": stream})
    assert chunked.read() == b""


def test_a_connection_that_is_cut_keeps_nothing(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    near, far = pair
    far.setblocking(False)
    with suppress(BlockingIOError):
        while far.send(b"x" * 100_000):
            pass
    cut(far)
    far.close()
    with pytest.raises(ConnectionResetError):
        read_all(near)


def test_a_connection_that_has_ended_is_no_error(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    pair[1].close()
    cut(pair[1])
    assert end({"werkzeug.socket": pair[1], "wsgi.input": BytesIO()})
    cut(None)
    assert not end({})
