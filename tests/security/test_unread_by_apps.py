"""What waits for a client of the app's own events is bounded, too: long polling, text, bytes."""

import contextlib
import socket
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest

from tests.kit.http import get, get_json
from tests.kit.memory import resident_bytes
from tests.kit.servers import MODES, Server
from tests.kit.waiting import PATIENCE, until
from tests.security.conftest import behind
from tests.security.smuggler import polling

MEGABYTE = 1024 * 1024
ALLOWED = 64 * MEGABYTE
"""An app's own packets count for a sixteenth: 16 MiB wait, and are copied while they are made."""


@pytest.fixture(scope="module", params=MODES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with behind(request.param) as server:
        yield server


def post(address: str, data: bytes = b"") -> str:
    with urlopen(Request(address, data, method="POST"), timeout=PATIENCE) as response:
        return str(response.read().decode())


def poll_address(url: str, sid: str) -> str:
    return f"{url}/socket.io/?EIO=4&transport=polling&sid={sid}"


def joined(url: str) -> str:
    """Join the app's namespace by long polling; return the id of the connection."""
    sid = polling(int(url.rpartition(":")[2]))
    assert post(poll_address(url, sid), b"40/own,") == "OK"
    assert get(poll_address(url, sid)).startswith("40/own,")
    return sid


def unread(url: str) -> int:
    return int(get_json(f"{url}/counted")["limited"]["unread"])


def until_closed(url: str, sid: str) -> None:
    def is_closed() -> bool:
        return sid not in get_json(f"{url}/connections")

    until(is_closed, lambda: "The connection is still open.")


@pytest.mark.parametrize("kind", ["text", "bytes"])
def test_who_never_polls_is_closed(server: Server, kind: str) -> None:
    closed, before = unread(server.url), resident_bytes(server.process.pid)
    sid = joined(server.url)
    for _ in range(10):
        post(f"{server.url}/emit/{kind}/100000/100")
    until_closed(server.url, sid)
    assert unread(server.url) == closed + 1
    assert resident_bytes(server.process.pid) - before < ALLOWED


def test_many_small_packets_count(server: Server) -> None:
    sid = joined(server.url)
    for _ in range(10):
        post(f"{server.url}/emit/text/1/4000")
    until_closed(server.url, sid)


def test_who_polls_and_does_not_read_the_answers_is_closed(server: Server) -> None:
    closed = unread(server.url)
    sid = joined(server.url)
    port = int(server.url.rpartition(":")[2])
    request = f"GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: a\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", port))
            post(f"{server.url}/emit/text/100000/80")
            one.sendall(request.encode())
            with contextlib.suppress(ConnectionResetError):
                one.recv(100)
        until_closed(server.url, sid)
    assert unread(server.url) == closed + 1


def test_an_app_may_send_much_at_once_to_who_reads(server: Server) -> None:
    closed = unread(server.url)
    sid = joined(server.url)
    for _ in range(3):
        post(f"{server.url}/emit/text/{5 * MEGABYTE}/2")
        assert len(get(poll_address(server.url, sid))) > 10 * MEGABYTE
    assert unread(server.url) == closed
    assert sid in get_json(f"{server.url}/connections")
