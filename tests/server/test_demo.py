"""Where the example says that it can be opened, it can; also from the devices beside it."""

import contextlib
import os
import pty
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from example_app.addresses import bracketed, family, outward
from example_app.codes import on_terminal
from tests.kit.clusters import need_programs
from tests.kit.servers import free_port
from tests.kit.waiting import PATIENCE

ADDRESS = re.compile(r"http://[^\s,]+:\d+")
ALONE = "This machine is in no network, so no other device can open it."
direct = build_opener(ProxyHandler({}))


@contextlib.contextmanager
def printed(module: str, host: str, port: int, end: str) -> Iterator[str]:
    """Start it at a terminal; give what it prints there, up to an end."""
    terminal, screen = pty.openpty()
    command = [sys.executable, "-m", module, "--host", host, "--port", str(port)]
    process = subprocess.Popen(command, stdout=screen, stdin=subprocess.DEVNULL)
    os.close(screen)
    try:
        yield read(terminal, end.encode()).decode().replace("\r\n", "\n")
    finally:
        process.terminate()
        process.wait(PATIENCE)
        os.close(terminal)


def need_family(host: str) -> None:
    """Skip the test where this machine has no IPv6."""
    with socket.socket(family(host)) as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            pytest.skip(f"There is no {host} here: {error.strerror}.")


def read(terminal: int, end: bytes) -> bytes:
    deadline = time.monotonic() + PATIENCE
    text = b""
    while end not in text:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, text
        text += os.read(terminal, 65536)
    return text


@pytest.mark.parametrize("module", ["example_app", "example_app.cluster"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_devices_are_told_addresses_that_open(module: str, host: str) -> None:
    if module == "example_app.cluster":
        need_programs()
    need_family(host)
    port = free_port()
    urls = [f"http://{bracketed(each)}:{port}" for each in outward(host)]
    shown = on_terminal(urls[0]) if urls else ALONE
    with printed(module, host, port, shown.splitlines()[-1]) as text:
        assert shown in text
        found = ADDRESS.findall(text)
        assert found[1:] == urls
        for url in found:
            with direct.open(url, timeout=PATIENCE) as response:
                assert response.status == 200
        if urls:
            assert f'value="{urls[0]}/rooms/tea"' in room_at(found[0])


def room_at(url: str) -> str:
    """Enter a room as a browser would, and return its page."""
    visitor = build_opener(ProxyHandler({}), HTTPCookieProcessor())
    form = urlencode({"name": "Ada", "room": "tea"}).encode()
    with visitor.open(url, form, timeout=PATIENCE) as response:
        return str(response.read().decode())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_what_only_this_machine_opens_is_for_no_other(host: str) -> None:
    need_family(host)
    port = free_port()
    with printed("example_app", host, port, "Ctrl+C stops the server.") as text:
        (url,) = ADDRESS.findall(text)
        assert outward(host) == []
        with direct.open(url, timeout=PATIENCE) as response:
            assert response.status == 200


def test_a_log_has_no_code_for_cameras() -> None:
    script = "from example_app.addresses import greeting; print(greeting('192.0.2.9', 80, 'it'))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "Open http://192.0.2.9:80 in two tabs. Ctrl+C stops it.",
        "On other devices in this network: http://192.0.2.9:80",
    ]
