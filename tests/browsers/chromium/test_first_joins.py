"""First joins that find no server, or no way for a WebSocket to it."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.gate import Gate, gate_before
from tests.kit.nginx import nginx_before
from tests.kit.pages import FRAME, OPTIONS, PAGES, Peer, Room, pages
from tests.kit.servers import Server, app

BOTH = ["websocket", "polling"]
POLLING: dict[str, Any] = {
    **PAGES,
    "flask": {**PAGES["flask"], "P2P_TRANSPORTS": BOTH},
    "options": {**OPTIONS, "transports": BOTH},
}
IMPATIENT: dict[str, object] = {"connect_timeout_mls": 1000}
NO_WEBSOCKET = "no WebSocket to it can be opened"
HIDDEN = """
  Object.defineProperty(document, "hidden", { value: true, writable: true })
"""
# Counts the WebSockets that a page has opened or tried to open.
COUNTING = """
  window.tried = 0
  window.WebSocket = class extends WebSocket {
    constructor(...options) {
      super(...options)
      window.tried += 1
    }
  }
"""
LONGEST_LOOK_MS = 3_000
"""The longest time before the first look."""
# An element that is put back into its page begins anew, as a page does that was just loaded.
TAKE_OUT = f"window.taken = {FRAME}; taken.remove()"
PUT_IN = "document.body.append(taken)"
LOADED = """
  performance.getEntriesByType("resource").map(({ name }) => new URL(name)).map(
    ({ pathname, searchParams }) => searchParams.get("transport") ?? pathname.split("/").pop()
  )
"""


class Sites(NamedTuple):
    """Servers, and nginx that passes no WebSocket on to them."""

    refused: str
    """Such an nginx before a server that takes WebSockets only."""
    polled: str
    """One before a server that allows long polling."""
    direct: str
    """That server without nginx."""


@pytest.fixture
def gate(servers: dict[str, Server]) -> Iterator[Gate]:
    with gate_before(servers["eventlet"].port) as gate:
        yield gate


@pytest.fixture
def behind(browser: Browser, gate: Gate) -> Iterator[Room]:
    """A room whose server can be away."""
    room = Room(browser, gate.url)
    yield room
    room.close()


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    with ExitStack() as stack:
        plain = stack.enter_context(pages("threading"))
        polled = stack.enter_context(app("threading", **POLLING))
        fronts = [
            stack.enter_context(nginx_before(each.port, with_upgrades=False))
            for each in (plain, polled)
        ]
        refused, polling = (f"http://127.0.0.1:{front}" for front in fronts)
        yield Sites(refused, polling, polled.url)


def begin_without_server(
    room: Room, gate: Gate, config: dict[str, object] = IMPATIENT, *, init_script: str = ""
) -> Peer:
    """Return a page that was loaded, and whose frame has found no server at its first join."""
    ann = room.join("ann", config=config, init_script=init_script)
    ann.page.evaluate(TAKE_OUT)
    gate.shut()
    ann.page.evaluate(PUT_IN)
    return ann.wait_for_state("failed")


def test_a_page_that_found_no_server_comes_in_when_that_is_there(behind: Room, gate: Gate) -> None:
    ann = begin_without_server(behind, gate, init_script=COUNTING)
    error = ann.wait_for_error("signaling_lost")
    assert NO_WEBSOCKET not in error["message"]
    assert error["retry"]
    tried = ann.page.evaluate("tried")
    ann.page.wait_for_function("tried => window.tried >= tried + 2", arg=tried)
    assert ann.state == "failed"

    gate.open()
    ann.wait_for_role("host")
    bob = behind.join("bob")
    bob.wait_for_role("client")
    bob.send("here")
    ann.wait_for_messages([("bob", "here")])


def test_at_once_when_the_network_is_back(behind: Room, gate: Gate) -> None:
    # It wouldn't come by itself.
    ann = begin_without_server(behind, gate, init_script=HIDDEN)
    gate.open()
    ann.page.evaluate("dispatchEvent(new Event('online'))")
    ann.wait_for_role("host")


def test_not_by_itself_where_only_the_app_may(behind: Room, gate: Gate) -> None:
    config = {**IMPATIENT, "auto_reconnect": False}
    ann = begin_without_server(behind, gate, config)
    gate.open()
    ann.page.evaluate("dispatchEvent(new Event('online'))")
    ann.page.wait_for_timeout(LONGEST_LOOK_MS)
    assert ann.state == "failed"
    ann.call("reconnect")
    ann.wait_for_role("host")


def test_a_hidden_page_looks_for_no_server(behind: Room, gate: Gate) -> None:
    ann = begin_without_server(behind, gate, init_script=COUNTING + HIDDEN)
    tried = ann.page.evaluate("tried")
    gate.open()
    ann.page.wait_for_timeout(LONGEST_LOOK_MS)
    assert (ann.state, ann.page.evaluate("tried")) == ("failed", tried)
    ann.page.evaluate("document.hidden = false")
    ann.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    ann.wait_for_role("host")


def test_a_proxy_that_passes_no_websocket_is_named(browser: Browser, sites: Sites) -> None:
    room = Room(browser, sites.refused)
    ann = room.open("ann", config={"connect_timeout_mls": 3000}).wait_for_state("failed")
    error = ann.wait_for_error("signaling_lost")
    assert NO_WEBSOCKET in error["message"]
    assert "Upgrade, Connection and Host" in error["hint"]
    assert "P2P_TRANSPORTS" in error["hint"]
    room.close()


def loaded(page: Page) -> list[str]:
    return list(page.evaluate(LOADED))


def test_long_polling_where_the_app_allows_it(browser: Browser, sites: Sites) -> None:
    room = Room(browser, sites.polled)
    ann = room.join("ann").wait_for_role("host")
    assert {"p2p-polling.js", "polling"} <= set(loaded(ann.page))
    bob = room.join("bob").wait_for_role("client")
    bob.send("by a long way")
    ann.wait_for_messages([("bob", "by a long way")])
    ann.page.close()
    bob.wait_for_role("host")
    room.close()


def test_a_page_whose_websocket_opens_loads_nothing_of_it(browser: Browser, sites: Sites) -> None:
    room = Room(browser, sites.direct)
    ann = room.join("ann")
    assert not {"p2p-polling.js", "polling"} & set(loaded(ann.page))
    room.close()
