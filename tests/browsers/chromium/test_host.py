"""The host's seat: who takes it, and what the others see when it is left."""

import pytest
from playwright.sync_api import Error, Page

from tests.kit.pages import Room

ALONE = {"auto_reconnect": False}


def test_the_others_see_the_host_close(room: Room) -> None:
    host = room.join("ann")
    bob = room.join("bob", config=ALONE)
    host.page.close()
    bob.wait_for_state("disconnected")
    bob.wait_for_peers({"ann": "disconnected", "bob": "disconnected"})
    assert bob.wait_for_error("host_lost")["retry"] is True


def test_the_next_to_join_hosts_with_a_higher_epoch(room: Room) -> None:
    first = room.join("ann").wait_for_role("host")
    epoch = first.epoch
    first.page.close()
    second = room.join("bob").wait_for_role("host")
    assert second.epoch > epoch
    room.join("cem").wait_for_role("client")


def test_the_others_go_on_without_the_host(room: Room) -> None:
    host = room.join("ann")
    others = [room.join("bob"), room.join("cem")]
    host.page.close()
    for peer in others:
        peer.wait_for_peers({"bob": "connected", "cem": "connected"})
    others[0].send("still here")
    others[1].wait_for_messages([("bob", "still here")])


def test_a_host_that_reloads_is_back_among_the_others(room: Room) -> None:
    host = room.join("ann")
    bob = room.join("bob")
    host.page.reload()
    for peer in (host, bob):
        peer.wait_for_peers({"ann": "connected", "bob": "connected"})


def test_a_crashed_host_is_replaced(room: Room) -> None:
    host = room.join("ann")
    bob = room.join("bob", config={"heartbeat": {"interval_mls": 200, "idle_timeout_mls": 1000}})
    crash(host.page)
    bob.wait_for_role("host").wait_for_peers({"bob": "connected"})


def test_a_crashed_client_is_shown_as_disconnected(room: Room) -> None:
    host = room.join("ann", config={"heartbeat": {"interval_mls": 200, "idle_timeout_mls": 1000}})
    bob = room.join("bob")
    crash(bob.page)
    host.wait_for_peers({"ann": "connected", "bob": "disconnected"})


def crash(page: Page) -> None:
    """Crash the renderer: unlike closing a page, that runs no handler."""
    with page.expect_event("crash"), pytest.raises(Error, match=r"ERR_ABORTED|crashed"):
        page.goto("chrome://crash")
