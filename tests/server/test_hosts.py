"""A page, its scripts, its WebSocket and its renewal on one host of several, or below a path."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
import websocket

from tests.kit.servers import running
from tests.kit.waiting import PATIENCE

KINDS = ["plain", "subdomain_matching", "host_matching", "dispatcher", "proxy"]


class Visitor:
    """A browser at chat.example.org; a proxy takes its path away where there is one."""

    def __init__(self, url: str, kind: str) -> None:
        self._url = url
        self._host = f"chat.example.org:{urlsplit(url).port}"
        self._below = "/chat" if kind in ("dispatcher", "proxy") else ""
        self._is_proxied = kind == "proxy"
        self.page = self.ask("GET", f"{self._below}/room/ann").text

    def attribute(self, name: str) -> str:
        """Return an attribute of the page's frame."""
        [value] = re.findall(rf' {name}="([^"]*)"', self.page)
        return str(value)

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        """Send a request, as the browser does for a path of its page."""
        headers = {"Host": self._host, **self._prefix()}
        address = self._url + self._inner(path)
        return requests.request(method, address, headers=headers, timeout=PATIENCE, **options)  # type: ignore[arg-type]

    def join(self) -> str:
        """Join over a WebSocket; return the verdict."""
        path = self._inner(self.attribute("signaling-path"))
        connection = websocket.create_connection(
            f"{self._url.replace('http', 'ws', 1)}{path}/?EIO=4&transport=websocket",
            timeout=PATIENCE,
            host=self._host,
            origin=f"http://{self._host}",
            header=self._prefix(),
        )
        try:
            connection.recv()
            connection.send("40/p2p," + json.dumps({"token": self.attribute("token")}))
            return str(connection.recv())
        finally:
            connection.close()
            connection.shutdown()

    def _inner(self, path: str) -> str:
        assert path.startswith(f"{self._below}/")
        return path.removeprefix(self._below) if self._is_proxied else path

    def _prefix(self) -> dict[str, str]:
        return {"X-Forwarded-Prefix": self._below} if self._is_proxied else {}


@pytest.fixture(params=KINDS)
def visitor(request: pytest.FixtureRequest) -> Iterator[Visitor]:
    with running("tests.server.hosts_app", request.param) as server:
        yield Visitor(server.url, request.param)


def test_everything_is_there(visitor: Visitor) -> None:
    for path in re.findall(r'"(/[^"]*\.js)"', visitor.page):
        assert visitor.ask("GET", path).headers["Content-Type"].startswith("text/javascript")
    token = visitor.attribute("token")
    answer = visitor.ask("POST", visitor.attribute("token-url"), json={"token": token}).json()
    assert answer["ok"] is True
    assert visitor.join().startswith(("40/p2p", '42/p2p,["session_ready"'))
