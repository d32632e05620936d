"""Whoever opens the example at its own machine invites others to where they can open it, too."""

import html
import re

import pytest
from flask import Flask

from example_app.app import create_app

NETWORK = "http://192.0.2.9:5000"


@pytest.fixture
def app() -> Flask:
    return create_app()


def invitation(app: Flask, url: str) -> str:
    client = app.test_client()
    client.post("/", data={"name": "Ada", "room": "tea"}, base_url=url)
    page = client.get("/rooms/tea", base_url=url, follow_redirects=True).text
    found = re.search(r'<input id="invitation" value="([^"]+)"', page)
    assert found is not None
    assert ("QR code of the link" in page) == (NETWORK in found[1] or "example" in found[1])
    return html.unescape(found[1])


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"]
)
def test_a_page_of_this_machine_invites_to_its_address_in_the_network(app: Flask, url: str) -> None:
    assert invitation(app, url) == f"{url}/rooms/tea"
    app.config["NETWORK_URL"] = NETWORK
    assert invitation(app, url) == f"{NETWORK}/rooms/tea"


def test_any_other_page_invites_to_where_it_was_opened(app: Flask) -> None:
    app.config["NETWORK_URL"] = NETWORK
    assert invitation(app, "https://chat.example.org") == "https://chat.example.org/rooms/tea"
