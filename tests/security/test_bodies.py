"""Requests whose body is cut, or never comes."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.kit.frames import text
from tests.kit.http import get
from tests.kit.raw import Handshaken
from tests.kit.servers import MODES
from tests.kit.waiting import PATIENCE
from tests.security.conftest import UNLIMITED, attacked
from tests.security.healthy import name_of_a_session

# Of who joins nothing a server is tired soon, but not of who gets no turn for three seconds.
IMPATIENT: dict[str, Any] = {**UNLIMITED, "P2P_JOIN_TIMEOUT": 5}
WHOLE = 60_000
GOODBYE = {"flask_p2p_streams.transport.outbound.GOODBYE_TIMEOUT": 1.0}


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[False, True], ids=["ours", "own"])
def url(request: pytest.FixtureRequest, mode: str) -> Iterator[str]:
    with attacked(mode, own=request.param, constants=GOODBYE, **IMPATIENT) as server:
        yield server.url


def opened(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), 20)


def session_of(answer: str) -> str:
    found = re.search('"sid":"([^"]+)"', answer)
    assert found
    return found[1]


def polling(url: str) -> str | None:
    """Return the id of a session that polls; None where there is no polling."""
    with closing(opened(url)) as line:
        path = "/socket.io/?EIO=4&transport=polling"
        line.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        answer = line.makefile().read()
    return session_of(answer) if '"sid"' in answer else None


def post(url: str, path: str, length: int, body: bytes, kind: str = "text/plain") -> socket.socket:
    line = opened(url)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {length}"
    line.sendall(f"{head}\r\n\r\n".encode() + body)
    return line


def status(line: socket.socket) -> bytes:
    with line.makefile("rb") as answer:
        return answer.readline()[9:12]


def test_a_renewal_that_is_cut_is_refused(url: str) -> None:
    before = get(f"{url}/log").count("Traceback")
    with closing(post(url, "/p2p/token", 100, b'{"tok', "application/json")) as line:
        line.shutdown(socket.SHUT_WR)
        assert status(line) == b"403"
    post(url, "/p2p/token", 100, b'{"tok', "application/json").close()
    time.sleep(0.2)
    assert get(f"{url}/log").count("Traceback") == before


def test_packets_that_are_cut_are_refused(url: str) -> None:
    sid = polling(url)
    if sid is None:
        return
    before = get(f"{url}/log").count("Traceback")
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    with closing(post(url, path, 100, b"40")) as line:
        line.shutdown(socket.SHUT_WR)
        assert status(line) == b"400"
    post(url, path, 100, b"40").close()
    time.sleep(0.2)
    assert get(f"{url}/log").count("Traceback") == before


def test_who_never_ends_a_body_is_cut_off_with_its_session(url: str) -> None:
    sid = polling(url)
    if sid is None:
        return
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    with closing(post(url, path, WHOLE, b"4" * (WHOLE - 1))) as line:
        # Its time is 5 s, and 1 s for a goodbye; otherwise it would have all the time there is.
        line.settimeout(PATIENCE)
        status(line)


def test_a_stranger_may_not_post_more_than_is_kept_of_one(url: str) -> None:
    sid = polling(url)
    if sid is None:
        return
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    with closing(post(url, path, 900_000, b"4")) as line:
        assert status(line) == b"413"


def test_nothing_is_read_for_a_session_that_has_a_websocket(url: str) -> None:
    bare = Handshaken(url)
    assert bare.read_until(b'"sid"'), "There is no session."
    # Whoever has joined isn't closed after a while, by which the body would end, too.
    token = get(f"{url}/token/{name_of_a_session()}/ann")
    bare.raw_socket.sendall(text(f'40/p2p,{{"token":"{token}"}}'))
    path = f"/socket.io/?EIO=4&transport=websocket&sid={session_of(bare.answer)}"
    with closing(post(url, path, 100_000, b"4")) as line:
        assert status(line) == b"400"
    bare.drop()
