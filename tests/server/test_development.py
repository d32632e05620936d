"""The development server: what it logs of WebSockets is no failure, with the debugger too."""

import re
from collections.abc import Iterator

import pytest

from tests.kit.servers import WSGI, Server, serving
from tests.kit.wire import Wire

COMMAND = ["-m", "flask", "--app", WSGI, "run"]
STATUS = re.compile(r'GET /socket\.io/[^"]*" (\d{3})')
"""What the log says of a WebSocket."""


@pytest.fixture(params=[["--debug", "--no-reload"], ["--no-debugger"]], ids=["debug", "plain"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(lambda port: [*COMMAND, "--port", str(port), *request.param]) as server:
        yield server


def test_no_end_of_a_websocket_is_logged_as_a_failure(server: Server) -> None:
    closed, dropped, left, stranger = (Wire(server.url) for _ in range(4))
    for name, wire in (("ann", closed), ("bob", dropped), ("eve", left)):
        wire.join("room", name)
    stranger.connect({"token": "none"})
    assert stranger.refusal["data"]["code"] == "unauthorized"
    left.send("1")
    left.wait_for_end()
    closed.close()
    for wire in (dropped, left, stranger):
        wire.drop()

    server.until(lambda: len(STATUS.findall(server.log)) == 4, "four ends")
    assert STATUS.findall(server.log) == ["101"] * 4
    assert "Traceback" not in server.log
