"""What browsers do with whole pages: render them ahead, keep them, lose their network."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.kit.chromium import FLAGS, program
from tests.kit.pages import TIMEOUT_MS, Peer, Room, heard_late
from tests.kit.waiting import PATIENCE

from .living import JOINING, attributes_of, change, news

BOTH = {"ann": "connected", "bob": "connected"}
HEARD = "events.some(({ detail }) => detail.type === 'Data')"
LIMITED = {"connect_timeout_mls": 5_000}


@pytest.fixture
def visitor(room: Room) -> "Iterator[None]":
    """A browser that nobody drives: one that is driven renders no page ahead."""
    address = room.address("bob", "prerendering", LIMITED)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [str(program()), "--headless", "--remote-debugging-port=0", *FLAGS]
        command += [f"--user-data-dir={profile}", address]
        # Debian's program is a script, which doesn't tell the browser that it is to end.
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        yield
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)


def test_a_page_that_is_rendered_ahead_joins_when_it_is_shown(
    room: Room, request: pytest.FixtureRequest
) -> None:
    ann = room.join("ann")
    request.getfixturevalue("visitor")
    # It takes its time to begin, and then waits for longer than it may take to connect.
    ann.page.wait_for_function(HEARD, timeout=TIMEOUT_MS)
    ann.wait_for_messages([("bob", {"state": "new", "prerendering": True})])
    ann.wait_for_peers(BOTH)


def test_a_page_that_had_failed_comes_back_so(caching_room: Room) -> None:
    caching_room.join("ann")
    bob = caching_room.open("bob", query="kept=1")
    good = attributes_of(bob.page, caching_room, "bob")
    bob.wait_for_role("client")
    change(bob, {"token": "no.good"})
    bob.call("reconnect")
    code = bob.wait_for_error("unauthorized")["code"]
    bob.wait_for_state("failed")
    go_away_and_back(bob.page)
    assert bob.state == "failed"
    assert heard_late(bob.page) == code
    change(bob, {"token": good["token"]})
    bob.wait_for_role("client")


def go_away_and_back(page: Page) -> None:
    page.evaluate("""() => {
      window.isBack = false
      addEventListener("pageshow", ({ persisted }) => { window.isBack = persisted })
    }""")
    page.goto(page.evaluate("location.origin") + "/sockets")
    page.go_back(wait_until="commit")
    page.wait_for_function("window.isBack", timeout=TIMEOUT_MS)


def test_a_page_that_was_left_stays_so(caching_room: Room) -> None:
    bob = caching_room.join("bob", query="kept=1")
    bob.call("close")
    bob.wait_for_state("closed")
    go_away_and_back(bob.page)
    assert bob.state == "closed"
    assert news(bob) == ["negotiating", "connected", "closed"]


def test_an_address_with_a_password_renews_its_token(room: Room) -> None:
    room.join("ann")
    page = room.new_context().new_page()
    page.goto(room.address("bob", "plain").replace("://", "://bob:secret@"))
    bob = Peer(page, "bob").wait_for_role("client")
    with page.expect_response("**/p2p/token") as renewal:
        change(bob, {**attributes_of(page, room, "bob"), "token-expires-in-ms": "1"})
    assert renewal.value.ok
    assert news(bob) == JOINING
