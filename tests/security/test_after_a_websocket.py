"""What a client sends behind a WebSocket is no HTTP, so that no request gets past a proxy.

nginx stands before each server, with the example's configuration, and denies `/admin/`.
"""

import contextlib
import re
from collections.abc import Callable, Iterator

import pytest

from tests.kit.clusters import need_programs
from tests.kit.http import get_json
from tests.kit.nginx import nginx_before
from tests.kit.raw import Raw
from tests.kit.servers import MODES, Server, environment, gunicorn, on, serving
from tests.kit.waiting import until
from tests.security import smuggler
from tests.security.conftest import BEHIND, behind

TRIES = 12
"""For each way and each end of a WebSocket: with five of those and eight ways, 480 per server."""
GUNICORN = {
    "gunicorn gthread": ("threading", "-k", "gthread", "--threads", "50"),
    "gunicorn gevent": ("gevent", "-k", "gevent"),
}


def served(name: str) -> contextlib.AbstractContextManager[Server]:
    if name not in GUNICORN:
        return behind(name)
    mode, *options = GUNICORN[name]
    return serving(gunicorn(*options, "-w", "1"), environment(**on(mode, **BEHIND)))


@pytest.fixture(scope="module", params=[*MODES, *GUNICORN])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    need_programs()
    with served(request.param) as server:
        yield server.url


@pytest.fixture(scope="module")
def ports(url: str) -> Iterator[tuple[int, int]]:
    """The port of nginx, and of the server itself."""
    port = int(url.rpartition(":")[2])
    with nginx_before(port) as front:
        yield front, port


def visits(url: str) -> list[str]:
    found: list[str] = get_json(f"{url}/visits")
    return found


def test_nginx_denies_what_is_smuggled(url: str, ports: tuple[int, int]) -> None:
    front, port = ports
    for number, status in ((front, b"403"), (port, b"200")):
        one = Raw(number, smuggler.smuggled("control"))
        assert one.read_until(rb"HTTP/1.1 \d+ ")
        assert status in one.read_rest(0.05)
        one.drop()
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
    one = Raw(
        port, smuggler.REFUSED[request_name] + smuggler.smuggled("refused") * 64
    )
    assert one.read_until(rb"HTTP/1.1 4\d\d ")
    answer = one.read_rest(5)
    one.drop()
    assert len(re.findall(rb"HTTP/1.1 ", answer)) == 1
    assert "refused" not in visits(url)
