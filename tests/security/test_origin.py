"""Which pages may open a WebSocket here, on real servers, with and without a proxy."""

import json
from collections.abc import Iterator

import pytest
import websocket

from tests.kit.http import get
from tests.kit.servers import MODES
from tests.kit.waiting import PATIENCE
from tests.security.conftest import attacked

WEBSITE = "https://www.example.org"
# What a proxy says that ends TLS and hands the request on.
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.example.org"}


@pytest.fixture(scope="module", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with attacked(request.param, P2P_JOIN_RATE=None) as server:
        yield server.url


@pytest.fixture(scope="module", params=MODES)
def proxied(request: pytest.FixtureRequest) -> Iterator[str]:
    with attacked(request.param, proxied=True, P2P_JOIN_RATE=None) as server:
        yield server.url


def status(url: str, origin: str | None, headers: dict[str, str] | None = None) -> int:
    """Open a WebSocket as a page of this origin would; return the status of the answer."""
    address = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    try:
        connection = websocket.create_connection(
            address,
            timeout=PATIENCE,
            origin=origin,
            suppress_origin=origin is None,
            header=headers or {},
        )
    except websocket.WebSocketBadStatusException as error:
        answered, allowed = error.status_code, error.resp_headers or {}
    else:
        answered, allowed = connection.status or 0, connection.headers or {}
        connection.close()
        connection.shutdown()
    assert "*" not in str(allowed.get("access-control-allow-origin", ""))
    return answered


def test_the_own_origin_may(url: str) -> None:
    assert status(url, url) == 101


def test_no_other_origin_may(url: str) -> None:
    port = url.rpartition(":")[2]
    for origin in (
        "http://evil.example",
        "null",
        f"http://localhost:{port}",
        f"https://127.0.0.1:{port}",
        f"{url}.evil.example",
        f"{url}@evil.example",
        f"http://127.0.0.1:{int(port) + 1}",
        "file://",
        "*",
    ):
        assert status(url, origin) == 400, origin


def test_a_program_has_no_origin_and_needs_a_token_like_everybody(url: str) -> None:
    assert status(url, None) == 101


def test_behind_a_proxy_that_is_trusted(proxied: str) -> None:
    assert status(proxied, WEBSITE, FORWARDED) == 101


def test_behind_a_proxy_a_foreign_origin_stays_foreign(proxied: str) -> None:
    for origin in ("https://evil.example", "null", "http://www.example.org"):
        assert status(proxied, origin, FORWARDED) == 400, origin


def test_what_a_proxy_says_is_enough_where_the_app_has_no_proxyfix(url: str) -> None:
    assert status(url, WEBSITE, FORWARDED) == 101
    assert status(url, "https://evil.example", FORWARDED) == 400


def test_a_website_behind_a_proxy_that_says_nothing_is_foreign(proxied: str) -> None:
    assert status(proxied, WEBSITE) == 400


def test_a_website_behind_a_proxy_that_nobody_has_told_of_is_foreign(url: str) -> None:
    assert status(url, WEBSITE) == 400


def test_no_origin_is_let_in_by_default(url: str) -> None:
    page = get(f"{url}/cors")
    assert json.loads(page) == {"cors_allowed_origins": None}
