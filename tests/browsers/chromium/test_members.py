"""Pages for members only: Flask-Login at the door, Flask-Talisman's policy on the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.kit.pages import Peer
from tests.kit.servers import running

STATES = ("connected", "closed", "failed")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running("tests.security.members_app", "gevent") as server:
        yield server.url


def test_members_talk_under_talismans_policy(browser: Browser, url: str) -> None:
    peers = []
    for name in ("ann", "bob"):
        page = browser.new_context().new_page()
        page.goto(f"{url}/login/{name}")
        page.goto(f"{url}/room")
        peers.append(Peer(page, name).wait_for_state("connected"))
    ann, bob = peers
    bob.send("hello")
    ann.wait_for_messages([("bob", "hello")])
    for peer in peers:
        assert peer.page.evaluate("window.violations") == []
        peer.page.context.close()


def test_who_logs_out_in_another_tab_joins_no_more(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/login/cem")
    page.goto(f"{url}/room")
    cem = Peer(page, "cem").wait_for_state("connected")
    context.new_page().goto(f"{url}/logout")
    cem.call("close")
    cem.wait_for_state("closed")
    cem.call("reconnect")
    assert cem.wait_for_error("forbidden")["retry"] is False
    context.close()
