"""What a client sends behind a WebSocket is no HTTP, so that no request gets past a proxy.

nginx stands before each server, with the example's configuration, and denies `/admin/`.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import pytest

from tests.kit.clusters import need_programs
from tests.kit.servers import free_port, listening, running
from tests.security import smuggler
from tests.security.conftest import MODES
from tests.security.nginx import nginx_before
from tests.server.wire import get, until

TRIES = 12
"""For each way and each end of a WebSocket: with five of those and eight ways, 480 per server."""
GUNICORN = {
    "gunicorn gthread": ("threading", "-k", "gthread", "--threads", "50"),
    "gunicorn gevent": ("gevent", "-k", "gevent"),
}


@contextlib.contextmanager
def gunicorn(mode: str, *options: str) -> Iterator[str]:
    """Run gunicorn with one worker until it is left; yield its address."""
    if find_spec("gunicorn") is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("There is no gunicorn.")
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", *options, "-w", "1", "-b", address]
    command += ["--graceful-timeout", "1", "tests.security.behind_app:app"]
    process = subprocess.Popen(
        command,
        env={**os.environ, "MODE": mode},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        listening(process, int(address.rpartition(":")[2]))
        # It listens before its worker has begun.
        visits(f"http://{address}")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module", params=[*MODES, *GUNICORN])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    need_programs()
    if request.param in GUNICORN:
        with gunicorn(*GUNICORN[request.param]) as address:
            yield address
    else:
        with running("tests.security.behind_app", request.param) as server:
            yield server.url


@pytest.fixture(scope="module")
def ports(url: str) -> Iterator[tuple[int, int]]:
    """The port of nginx, and of the server itself."""
    port = int(url.rpartition(":")[2])
    with nginx_before(port) as front:
        yield front, port


def visits(url: str) -> list[str]:
    found: list[str] = json.loads(get(f"{url}/visits"))
    return found


def test_nginx_denies_what_is_smuggled(url: str, ports: tuple[int, int]) -> None:
    front, port = ports
    for number, status in ((front, b"403"), (port, b"200")):
        one = smuggler.Smuggler(number, smuggler.smuggled("control"))
        assert one.read_until(rb"HTTP/1.1 \d+ ")
        assert status in one.read_rest(0.05)
        one.close()
    until(lambda: visits(url).count("control") == 1, lambda: f"Seen: {visits(url)}")


@pytest.mark.parametrize("way", smuggler.WAYS, ids=lambda way: way.__name__)
def test_nothing_behind_a_websocket_is_a_request(
    url: str, ports: tuple[int, int], way: Callable[[int, str, bytes], None]
) -> None:
    before = visits(url)
    for port in ports:
        for name, last in smuggler.LAST_WORDS.items():
            for _ in range(TRIES if port == ports[0] else 2):
                way(port, name[:5], last)
    assert visits(url) == before


@pytest.mark.parametrize("request_name", smuggler.REFUSED)
def test_who_is_refused_a_websocket_gets_one_answer_and_no_more(
    url: str, ports: tuple[int, int], request_name: str
) -> None:
    _, port = ports
    one = smuggler.Smuggler(
        port, smuggler.REFUSED[request_name] + smuggler.smuggled("refused") * 64
    )
    assert one.read_until(rb"HTTP/1.1 4\d\d ")
    answer = one.read_rest(5)
    one.close()
    assert len(re.findall(rb"HTTP/1.1 ", answer)) == 1
    assert "refused" not in visits(url)
