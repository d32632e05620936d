"""The quickstart's page says why: to whoever has to go, and to whoever can't send."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .reader import APP, quickstart
from .tabs import Tab, served, tabs

MODERATION = """

@app.post("/_kick")
def _kick():
    p2p.kick("room-1", "bob")
    return "", 204


@app.post("/_close")
def _close():
    p2p.close("room-1")
    return "", 204
"""
NOTE_PEERS = """() => {
  const note = ({ detail }) => { window.peers = detail }
  document.querySelector("p2p-frame").addEventListener("p2p:peers", note)
}"""


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        ("_kick", "This peer has been removed from the session."),
        ("_close", "The session has been closed."),
    ],
)
def test_the_reason_stays_on_the_page(
    route: str, reason: str, browser: Browser, tmp_path: Path
) -> None:
    folder = quickstart()
    folder.files[APP] += MODERATION
    folder.write_to(tmp_path)
    with served(tmp_path) as url, tabs(browser, url) as opened:
        bob = opened["bob"]
        bob.page.evaluate(NOTE_PEERS)
        bob.page.request.post(f"{url}/{route}")
        wait_until_alone(bob)
        assert reason in bob.page.inner_text("body")


def wait_until_alone(tab: Tab) -> None:
    """Wait for the last news of a peer that has gone: that nobody is there any more."""
    tab.page.wait_for_function(
        """() => document.querySelector("p2p-frame").state === "closed"
          && Object.values(window.peers ?? {}).includes("disconnected")"""
    )


def test_a_message_that_cannot_be_sent_says_why(browser: Browser, tmp_path: Path) -> None:
    quickstart().write_to(tmp_path)
    with served(tmp_path) as url, tabs(browser, url) as opened:
        bob = opened["bob"]
        bob.page.evaluate("document.querySelector('p2p-frame').close()")
        bob.page.get_by_role("textbox", name="Message").fill("too late")
        bob.page.get_by_role("button", name="Send").click()
        bob.page.get_by_role("alert").get_by_text("This peer is closed.").wait_for()
        bob.settle()
        assert bob.errors == []
