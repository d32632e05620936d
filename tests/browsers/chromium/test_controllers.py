"""Controllers as users write them: whatever they define, they hear what happens, and no longer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.kit.pages import TIMEOUT_MS, Room

NAMES = ("method", "super", "field", "assigned", "leaving", "broken", "brokenfield")
BROKEN = ("broken", "brokenfield")
PUT = """([name, selector]) => {
  const element = document.createElement("div")
  Object.assign(element, { id: name }).setAttribute("data-controller", name)
  document.querySelector(selector).append(element)
}"""


class Board:
    """A page with a frame, into which controllers are put."""

    def __init__(self, room: Room) -> None:
        self.peer = room.join("ann", template="controllers")
        self.page: Page = self.peer.page
        self.page.wait_for_function("window.isReady")
        self.marks = 0

    def put(self, name: str, inside: str = "p2p-frame") -> None:
        self.page.evaluate(PUT, [name, inside])

    def wait_for(self, call: str) -> None:
        self.page.wait_for_function("(call) => calls.includes(call)", arg=call, timeout=TIMEOUT_MS)

    def say(self, text: str) -> None:
        self.page.evaluate("(text) => document.querySelector('p2p-frame').send(text)", text)

    @property
    def calls(self) -> list[str]:
        """What was called up to now, all that Stimulus notices late included."""
        self.page.evaluate("new Promise((resolve) => setTimeout(resolve))")
        return list(self.page.evaluate("calls.splice(0)"))

    @property
    def errors(self) -> list[str]:
        return list(self.page.evaluate("errors.splice(0)"))


@pytest.fixture
def board(room: Room) -> Iterator[Board]:
    board = Board(room)
    troubles: list[object] = []
    board.page.on("pageerror", lambda error: troubles.append(error))
    yield board
    assert troubles == []


@pytest.mark.parametrize("name", NAMES)
def test_whatever_it_defines_it_hears_what_happens_and_no_longer(board: Board, name: str) -> None:
    board.put(name)
    board.wait_for(f"{name} connected ann")
    board.say("one")
    called = [call for call in board.calls if "connect" not in call.split()[1][:7]]
    assert called == [f"{name} one"]

    # It goes, and comes back as the same controller.
    board.page.evaluate("(name) => (window.gone = document.getElementById(name)).remove()", name)
    left = [] if name in (*BROKEN, "assigned") else ["disconnect"]
    assert [call.split()[1] for call in board.calls] == left
    board.say("two")
    assert board.calls == []
    board.page.evaluate("document.querySelector('p2p-frame').append(gone)")
    board.wait_for(f"{name} connected ann")
    board.say("three")
    told = [call for call in board.calls if not call.startswith(f"{name} connect ")]
    assert [call for call in told if call != f"{name} connect"] == [
        f"{name} connected ann",
        f"{name} three",
    ]
    wrong = ["connecting", "disconnecting", "connecting"] if name in BROKEN else []
    assert [error.split()[1] for error in board.errors] == wrong


def test_a_controller_may_use_its_frame_from_the_beginning_to_the_end(board: Board) -> None:
    for name in ("super", "field"):
        board.put(name)
        board.wait_for(f"{name} connect ann")
    board.page.evaluate("document.getElementById('super').remove()")
    board.wait_for("super disconnect ann")


def test_callbacks_may_be_fields(board: Board) -> None:
    board.put("callbacks")
    board.wait_for("callbacks connected")
    board.say("hello")
    assert "callbacks hello" in board.calls


def test_one_on_the_frame_itself_and_several_within(board: Board) -> None:
    frame = "document.querySelector('p2p-frame')"
    board.page.evaluate(f"Object.assign({frame}, {{ id: 'frame' }}).dataset.controller = 'field'")
    board.put("method")
    board.put("super")
    for name in ("frame", "method", "super"):
        board.wait_for(f"{name} connected ann")
    assert sum("connected" in call for call in board.calls) == 3
    board.say("to all")
    assert sorted(board.calls) == ["frame to all", "method to all", "super to all"]
    board.page.evaluate("document.querySelector('#method').remove()")
    board.wait_for("method disconnect")
    board.say("to two")
    assert sorted(board.calls) == ["frame to two", "method disconnect", "super to two"]


@pytest.mark.parametrize("name", ["method", "assigned", "brokenfield"])
def test_one_outside_any_frame_says_so_once_and_works_within(board: Board, name: str) -> None:
    board.put(name, inside="#outside")
    board.page.wait_for_function("errors.length > 0")
    assert not any("connected" in call for call in board.calls)
    errors = board.errors
    missing = "Error connecting controller: There is no <p2p-frame> around this controller."
    broken = "Error connecting controller: broken at connect"
    assert errors == ([broken, missing] if name in BROKEN else [missing])
    board.page.evaluate("(n) => document.querySelector('p2p-frame').append(window[n])", name)
    board.wait_for(f"{name} connected ann")
    board.say("now")
    assert f"{name} now" in board.calls


def test_a_frame_that_is_moved_takes_its_controllers_along(board: Board) -> None:
    board.put("field")
    board.wait_for("field connected ann")
    board.page.evaluate("outside.append(document.querySelector('p2p-frame'))")
    board.page.wait_for_function("calls.filter((call) => call === 'field connected ann')[1]")
    assert board.calls.count("field disconnect") == 1
    board.say("here")
    assert board.calls == ["field here"]
