"""Flask-Login's user at the door of a session, on real servers; Talisman's headers on the page.

That the page works in a browser under Talisman's policy shows in `tests/browsers`, test_members.py.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import websocket

from tests.kit.servers import MODES, running
from tests.kit.waiting import PATIENCE


@pytest.fixture(scope="module", params=MODES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with running("tests.security.members_app", request.param) as server:
        yield server.url


class Visitor:
    """A browser's cookies, and the token of the page that they got."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.get(f"{url}/login/{name}", timeout=PATIENCE).raise_for_status()
        self.page = self.http.get(f"{url}/room", timeout=PATIENCE)
        found = re.search(r'token="([^"]+)"', self.page.text)
        assert found is not None
        self.token = found[1]

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    @contextmanager
    def joining(self, token: str = "", cookie: str | None = None) -> "Iterator[Any]":
        """Join, and yield the verdict: None, or the refusal."""
        address = self.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        connection = websocket.create_connection(
            address, timeout=PATIENCE, cookie=self.cookie if cookie is None else cookie
        )
        try:
            connection.recv()
            connection.send(f"40/p2p,{json.dumps({'token': token or self.token})}")
            while not (text := str(connection.recv())).startswith(("40", "44")):
                pass
            yield None if text.startswith("40") else json.loads(text.partition(",")[2])["data"]
        finally:
            connection.close()
            connection.shutdown()


def test_who_is_logged_in_joins(url: str) -> None:
    with Visitor(url, "ann").joining() as refusal:
        assert refusal is None


def test_who_has_a_number_joins_and_renews(url: str) -> None:
    seven, eight = Visitor(url, "7"), Visitor(url, "8")
    with seven.joining() as refusal:
        # The seat may still be reserved for the host of another test.
        assert refusal is None or refusal["code"] == "unavailable"
    with eight.joining(token=seven.token) as refusal:
        assert refusal["code"] == "forbidden"
    for visitor, status in ((seven, 200), (eight, 403)):
        body = {"token": seven.token}
        answer = visitor.http.post(f"{url}/p2p/token", json=body, timeout=PATIENCE)
        assert answer.status_code == status


def test_who_has_logged_out_is_refused(url: str) -> None:
    ann = Visitor(url, "ann")
    ann.http.get(f"{url}/logout", timeout=PATIENCE)
    with ann.joining() as refusal:
        assert refusal["code"] == "forbidden"


def test_who_has_somebody_elses_token_is_refused(url: str) -> None:
    ann, eve = Visitor(url, "ann"), Visitor(url, "eve")
    with eve.joining(token=ann.token) as refusal:
        assert refusal["code"] == "forbidden"


def test_a_program_with_a_token_and_without_cookies_is_refused(url: str) -> None:
    with Visitor(url, "ann").joining(cookie="") as refusal:
        assert refusal["code"] == "forbidden"
    with Visitor(url, "ann").joining(cookie="session=forged") as refusal:
        assert refusal["code"] == "forbidden"


def test_a_renewal_asks_for_the_user_again(url: str) -> None:
    ann = Visitor(url, "ann")
    answer = ann.http.post(f"{url}/p2p/token", json={"token": ann.token}, timeout=PATIENCE)
    assert answer.status_code == 200
    assert answer.json()["token"] != ann.token
    ann.http.get(f"{url}/logout", timeout=PATIENCE)
    answer = ann.http.post(f"{url}/p2p/token", json={"token": ann.token}, timeout=PATIENCE)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"


def test_talismans_nonce_is_on_every_script(url: str) -> None:
    page = Visitor(url, "ann").page
    policy = page.headers["Content-Security-Policy"]
    nonces = re.findall(r"'nonce-([^']+)'", policy)
    assert len(nonces) == 1
    assert "unsafe" not in policy
    ours = re.findall(r"<script(?! type=\"module\" src=\"/static)([^>]*)>", page.text)
    assert len(ours) == 2
    assert all(f'nonce="{nonces[0]}"' in attributes for attributes in ours)
    assert "HttpOnly" in Visitor(url, "eve").http.get(f"{url}/login/x").headers["Set-Cookie"]


def test_every_page_has_a_nonce_of_its_own(url: str) -> None:
    policies = {Visitor(url, "ann").page.headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3
