"""The example's configuration of nginx: what it compresses, and the bounds that it offers."""

import gzip
import re
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse
from typing import NamedTuple

import pytest
import websocket

from tests.kit.clusters import need_programs
from tests.kit.leaks import without_leaks
from tests.kit.nginx import nginx_before
from tests.kit.servers import PATIENT, app, running
from tests.kit.waiting import PATIENCE
from tests.kit.wire import Wire

MAX_CLIENT_BYTES = 50_500
"""What p2p.js weighs at nginx's level 6, which gives a little more than `gzip -9`."""
MAX_SOCKETS = 200
"""WebSockets that one address may hold."""


class Fronts(NamedTuple):
    """The ports of nginx as it comes, and with its bounds."""

    plain: int
    bounded: int


@pytest.fixture(scope="module")
def fronts() -> Iterator[Fronts]:
    need_programs()
    with ExitStack() as stack:
        server = stack.enter_context(running("example_app", "--port"))
        port = int(server.url.rpartition(":")[2])
        plain = stack.enter_context(nginx_before(port))
        yield Fronts(plain, stack.enter_context(nginx_before(port, with_bounds=True)))


def answer(
    port: int, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> tuple[HTTPResponse, bytes]:
    """Ask as a browser does, which takes compressed answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Accept-Encoding": "gzip", **headers})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def cookie_of(response: HTTPResponse) -> str:
    return str(response.getheader("Set-Cookie")).partition(";")[0]


def room(port: int) -> str:
    """Return the page of a room, which holds a token."""
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    entered, _ = answer(port, "/", "POST", "name=Ann&room=tea", **form)
    shown, _ = answer(port, "/rooms/tea", Cookie=cookie_of(entered))
    page, content = answer(port, str(shown.getheader("Location")), Cookie=cookie_of(shown))
    assert page.getheader("Content-Encoding") is None
    return content.decode()


@pytest.mark.parametrize("with_bounds", [False, True])
def test_scripts_and_styles_are_compressed_and_no_page_with_a_token(
    fronts: Fronts, with_bounds: bool
) -> None:
    port = fronts[with_bounds]
    page = room(port)
    assert " token=" in page
    (client,) = set(re.findall(r'"(/p2p/[^"]+/p2p\.js)"', page))
    for path in (client, "/static/room.js", "/static/base.css"):
        response, content = answer(port, path)
        assert response.getheader("Content-Encoding") == "gzip", path
        assert response.getheader("Vary") == "Accept-Encoding"
        assert len(gzip.decompress(content)) > len(content)
    _, content = answer(port, client)
    assert len(content) < MAX_CLIENT_BYTES


def test_a_refused_renewal_and_what_is_missing_are_not_compressed(fronts: Fronts) -> None:
    renewal, content = answer(
        fronts.plain, "/p2p/token", "POST", "{}" + " " * 2000, Content_Type="application/json"
    )
    assert renewal.getheader("Content-Encoding") is None
    assert b"bad_request" in content
    # A page of the app that says so would be HTML, which nginx compresses in any case.
    missing, content = answer(fronts.plain, "/static/missing.js")
    assert missing.status == 404
    assert b"nginx" in content


def test_so_many_websockets_from_one_address_and_no_more() -> None:
    need_programs()
    # This one gives them a minute to join.
    with app("gevent", **PATIENT, proxy={}) as server, ExitStack() as stack:
        port = int(server.url.rpartition(":")[2])
        front = stack.enter_context(nginx_before(port, with_bounds=True))
        open_one = stack.enter_context(without_leaks(f"http://127.0.0.1:{front}", Wire))
        host = open_one().join("room", "ann")
        assert host.wait_for("session_ready")["host_peer_id"] == "ann"
        for _ in range(MAX_SOCKETS - 1):
            open_one()
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            open_one()
        assert refused.value.status_code == 503
