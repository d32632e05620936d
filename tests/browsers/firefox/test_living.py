"""Elements that live, in Firefox: changed in place, taken out and put back, shown ahead."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from playwright.sync_api import Browser

from tests.browsers.chromium.living import JOINING, attributes_of, change, news
from tests.browsers.chromium.test_elements import EMBED
from tests.browsers.chromium.test_living_turbo import visit
from tests.kit.pages import FRAME, Peer, Room

from .firefox import Firefox

BOTH = {"ann": "connected", "fox": "connected"}
GONE = {"ann": "connected", "fox": "disconnected"}


@pytest.fixture
def room(browser: Browser, url: str) -> Iterator[Room]:
    room = Room(browser, url)
    yield room
    room.close()


@pytest.fixture
def other(browser: Browser, url: str) -> Iterator[Room]:
    other = Room(browser, url)
    yield other
    other.close()


class Foxes:
    """Opens pages in Firefox, and closes them."""

    def __init__(self, firefox: Firefox) -> None:
        self._firefox = firefox
        self._pages: list[Any] = []

    def open(self, address: str) -> Peer:
        page: Any = self._firefox.open(address, "")
        self._pages.append(page)
        return Peer(page, "fox")

    def close(self) -> None:
        for page in self._pages:
            page.close()


@pytest.fixture
def foxes(firefox: Firefox) -> Iterator[Foxes]:
    foxes = Foxes(firefox)
    yield foxes
    foxes.close()


def turbo(room: Room, query: str) -> str:
    return room.address("fox", "turbo", query=query)


def test_another_session_is_entered_and_the_old_one_left(
    room: Room, other: Room, foxes: Foxes
) -> None:
    ann, eve = room.join("ann"), other.join("eve")
    fox = foxes.open(room.address("fox", "plain")).wait_for_role("client")
    attributes = attributes_of(fox.page, other, "fox")
    change(fox, attributes, "void frame.send('only for eve')")
    eve.wait_for_messages([("fox", "only for eve")])
    ann.wait_for_peers(GONE)
    assert ann.messages == []
    change(fox, {"state": None, "peer-role": None})
    fox.wait_for_role("client")


def test_a_refresh_changes_nothing(room: Room, foxes: Foxes) -> None:
    ann = room.join("ann")
    fox = foxes.open(turbo(room, "")).wait_for_role("client")
    for number in range(3):
        visit(fox, turbo(room, f"number={number}"), "replace")
        fox.wait_for_role("client")
    fox.send("still here")
    ann.wait_for_messages([("fox", "still here")])
    assert news(fox) == JOINING


def test_a_permanent_element_stays(room: Room, foxes: Foxes) -> None:
    ann = room.join("ann")
    fox = foxes.open(turbo(room, "permanent=1")).wait_for_role("client")
    for number in range(3):
        fox.page.evaluate(f"number => {{ window.sent = {FRAME}.send(number) }}", number)
        visit(fox, turbo(room, f"permanent=1&number={number}"))
        fox.page.evaluate("window.sent.then(() => 0)")
    ann.wait_for_messages([("fox", 0), ("fox", 1), ("fox", 2)])
    assert news(fox) == JOINING


def test_a_preview_doesnt_join(room: Room, foxes: Foxes) -> None:
    ann = room.join("ann")
    fox = foxes.open(turbo(room, "")).wait_for_role("client")
    visit(fox, turbo(room, "frame=none"))
    ann.wait_for_peers(GONE)
    fox.page.evaluate(f"""() => {{
      window.previews = []
      addEventListener("turbo:render", () => {{
        const isPreview = document.documentElement.hasAttribute("data-turbo-preview")
        previews.push([isPreview, {FRAME}.state])
      }})
    }}""")
    visit(fox, turbo(room, ""))
    fox.wait_for_role("client")
    ann.wait_for_peers(BOTH)
    assert fox.page.evaluate("previews[0]") == [True, "new"]


def test_a_page_within_the_apps_own_joins(room: Room, foxes: Foxes) -> None:
    ann = room.join("ann")
    fox = foxes.open(room.address("nobody", "empty"))
    fox.page.evaluate(EMBED, cast("Any", [attributes_of(fox.page, room, "fox"), ""]))
    ann.wait_for_peers(BOTH)
