"""The development server: what it logs of WebSockets is no failure, with the debugger too."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.servers import free_port, listening
from tests.server.wire import Wire, until

COMMAND = [sys.executable, "-m", "flask", "--app", "tests.server.plain_app", "run"]


class Development:
    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def statuses(self) -> list[str]:
        """What the log says of WebSockets."""
        return re.findall(r'GET /socket\.io/[^"]*" (\d{3})', self.log)


@pytest.fixture(params=[["--debug", "--no-reload"], ["--no-debugger"]], ids=["debug", "plain"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Development]:
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as output:
        command = [*COMMAND, "--port", str(port), *request.param]
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            listening(process, port)
            yield Development(f"http://127.0.0.1:{port}", log)
        finally:
            process.terminate()
            process.wait(10)


def test_no_end_of_a_websocket_is_logged_as_a_failure(server: Development) -> None:
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

    until(lambda: len(server.statuses) == 4, lambda: server.log)
    assert server.statuses == ["101"] * 4
    assert "Traceback" not in server.log
