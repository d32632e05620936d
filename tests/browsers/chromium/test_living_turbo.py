"""Turbo 8, itself: what it does with the elements of a page, page by page."""

from itertools import groupby

import pytest
from playwright.sync_api import Route

from tests.kit.pages import FRAME, TIMEOUT_MS, Peer, Room

from .living import JOINING, news

# Follows a link, and waits until the page is there that the server has answered with.
VISIT = """async ([address, action]) => {
  const loaded = new Promise((resolve) => addEventListener("turbo:load", resolve, { once: true }))
  Turbo.visit(address, { action })
  await loaded
}"""


def visit(peer: Peer, address: str, action: str = "advance") -> None:
    peer.page.evaluate(VISIT, [address, action])


def page(room: Room, query: str = "") -> str:
    return room.address("bob", "turbo", query=query)


def join(room: Room, query: str = "") -> Peer:
    return room.join("bob", template="turbo", query=query)


# A page that is refreshed by a morph


def test_a_refresh_changes_nothing(room: Room) -> None:
    ann, bob = room.join("ann"), join(room)
    bob.page.evaluate(f"{FRAME}.id = 'room'; window.first = {FRAME}")
    token = bob.page.evaluate("first.getAttribute('token')")
    for number in range(3):
        visit(bob, page(room, f"number={number}"), "replace")
        assert bob.page.evaluate(f"first === {FRAME}")
        bob.wait_for_role("client")
    assert bob.page.evaluate("first.getAttribute('token')") != token
    bob.send("still here")
    ann.wait_for_messages([("bob", "still here")])
    assert news(bob) == JOINING


def test_a_refresh_brings_another_session(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), join(room)
    bob.page.evaluate(f"""() => {{
      window.first = {FRAME}
      addEventListener("turbo:morph", () => void {FRAME}.send("only for eve"), {{ once: true }})
    }}""")
    visit(bob, page(room, f"session={other.session_id}"), "replace")
    assert bob.page.evaluate(f"first === {FRAME}")
    eve.wait_for_messages([("bob", "only for eve")])
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    assert ann.messages == []


# Permanent elements


@pytest.mark.parametrize("role", ["client", "host"])
def test_a_permanent_element_stays(room: Room, role: str) -> None:
    if role == "client":
        room.join("ann")
    bob = join(room, "permanent=1").wait_for_role(role)
    cem = room.join("cem")
    said: list[tuple[str, object]] = []
    for number in range(4):
        bob.page.evaluate(f"number => {{ window.sent = {FRAME}.send(number) }}", number)
        visit(bob, page(room, f"permanent=1&number={number}"))
        said.append(("bob", number))
        bob.page.evaluate("sent")
    cem.wait_for_messages(said)
    assert news(bob) == (JOINING if role == "client" else ["negotiating", "connected"])
    assert news(cem) == JOINING


def test_a_permanent_element_says_what_it_is_told_meanwhile(room: Room) -> None:
    ann, bob = room.join("ann"), join(room, "permanent=1")
    bob.page.evaluate(f"""() => {{
      window.first = {FRAME}
      first.respond("double", (number) => 2 * number)
      const away = new MutationObserver(() => {{
        if (!first.isConnected) window.sent = first.send("on the way")
      }})
      away.observe(document, {{ childList: true, subtree: true }})
    }}""")
    ann.page.evaluate(f"window.asked = {FRAME}.request('bob', 'double', 21); 0")
    visit(bob, page(room, "permanent=1&number=1"))
    assert ann.page.evaluate("asked") == 42
    bob.page.evaluate("sent")
    assert news(bob) == JOINING


def test_a_permanent_element_leaves_with_its_page(room: Room) -> None:
    ann, bob = room.join("ann"), join(room, "permanent=1")
    visit(bob, page(room, "frame=none"))
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})


# Parts of pages


@pytest.mark.parametrize("permanent", ["0", "1"])
def test_a_stream_replaces_what_is_around_it(room: Room, permanent: str) -> None:
    ann, bob = room.join("ann"), join(room, f"permanent={permanent}")
    bob.page.evaluate(f"""() => {{
      const stream = document.createElement("turbo-stream")
      stream.setAttribute("action", "update")
      stream.setAttribute("target", "around")
      const template = document.createElement("template")
      template.innerHTML = `<p id="updated"></p>${{{FRAME}.outerHTML}}`
      stream.append(template)
      const around = document.createElement("div")
      around.id = "around"
      {FRAME}.before(around)
      around.append({FRAME})
      Turbo.renderStreamMessage(stream.outerHTML)
    }}""")
    bob.page.wait_for_selector("#updated", state="attached")
    bob.wait_for_role("client")
    bob.send("still here")
    ann.wait_for_messages([("bob", "still here")])
    assert bob.page.evaluate("document.querySelectorAll('p2p-frame').length") == 1
    assert "error" not in news(bob)


# Pages from Turbo's cache


def test_a_preview_doesnt_join(room: Room) -> None:
    ann, bob = room.join("ann"), join(room)
    visit(bob, page(room, "frame=none"))
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    mark = len(ann.events)
    bob.page.evaluate("""() => {
      window.previews = []
      addEventListener("turbo:render", () => {
        const isPreview = document.documentElement.hasAttribute("data-turbo-preview")
        const { state } = document.querySelector("p2p-frame")
        previews.push([isPreview, state, document.querySelector("p2p-frame").getAttribute("state")])
      })
    }""")
    # The answer comes when the preview has had time to join.
    bob.page.route("**/turbo/**", lambda route: answer_later(bob, route))
    visit(bob, page(room))
    bob.wait_for_role("client")
    ann.wait_for_peers({"ann": "connected", "bob": "connected"})
    assert bob.page.evaluate("previews[0]") == [True, "new", "new"]
    told = [one["detail"].get("bob") for one in ann.events[mark:] if one["name"] == "peers"]
    states = [state for state, _ in groupby(told)]
    assert states.count("connected") == 1
    assert states[-1] == "connected"


def answer_later(bob: Peer, route: Route) -> None:
    bob.page.wait_for_function("window.previews.length > 0", timeout=TIMEOUT_MS)
    # It doesn't join when it is looked at again, either.
    bob.page.evaluate(f"""async () => {{
      {FRAME}.setAttribute("token", {FRAME}.getAttribute("token"))
      for (let turn = 0; turn < 20; turn += 1) {{
        await new Promise((resolve) => setTimeout(resolve))
      }}
    }}""")
    route.continue_()


def answer_when(bob: Peer, condition: str, route: Route) -> None:
    bob.page.wait_for_function(condition, timeout=TIMEOUT_MS)
    route.continue_()


def test_a_permanent_element_of_a_preview_joins_with_the_page(room: Room) -> None:
    ann, bob = room.join("ann"), join(room, "permanent=1")
    visit(bob, page(room, "frame=none"))
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    bob.page.evaluate("""() => {
      addEventListener("turbo:render", () => {
        window.first = document.querySelector("p2p-frame")
        window.before = first.state
      }, { once: true })
    }""")
    # The answer comes when the preview has been shown: else there would be none.
    bob.page.route("**/turbo/**", lambda route: answer_when(bob, "window.before", route))
    visit(bob, page(room, "permanent=1"))
    bob.wait_for_role("client")
    assert bob.page.evaluate(f"[before, first === {FRAME}]") == ["new", True]
    bob.send("here again")
    ann.wait_for_messages([("bob", "here again")])


def test_a_permanent_element_stays_through_a_transition(room: Room) -> None:
    ann, bob = room.join("ann"), join(room, "permanent=1&transition=1")
    visit(bob, page(room, "permanent=1&transition=1&number=1"))
    bob.send("still here")
    ann.wait_for_messages([("bob", "still here")])
    assert news(bob) == JOINING


def test_a_page_that_comes_back_from_the_cache_joins(room: Room) -> None:
    ann, bob = room.join("ann"), join(room)
    for _ in range(2):
        visit(bob, page(room, "frame=none"))
        ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
        bob.page.evaluate("history.back()")
        bob.wait_for_role("client")
        ann.wait_for_peers({"ann": "connected", "bob": "connected"})
    assert "error" not in news(bob)


def test_a_page_of_the_same_session_takes_its_place(room: Room) -> None:
    ann, bob = room.join("ann"), join(room)
    bob.page.evaluate(f"window.first = {FRAME}")
    visit(bob, page(room, "number=1"))
    bob.wait_for_role("client")
    assert bob.page.evaluate(f"first !== {FRAME}")
    bob.send("here again")
    ann.wait_for_messages([("bob", "here again")])
    assert "error" not in news(bob)


# A policy with nonces


def test_nothing_is_blocked_under_a_policy_with_nonces(room: Room) -> None:
    ann = room.join("ann")
    bob = Peer(room.new_context().new_page(), "bob")
    bob.page.goto(page(room, "frame=none&csp=nonces"))
    bob.page.wait_for_function("window.Turbo && window.events")
    for number in range(3):
        visit(bob, page(room, f"csp=nonces&number={number}"))
        bob.wait_for_role("client")
        visit(bob, page(room, f"csp=nonces&frame=none&number={number}"))
        ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    assert bob.page.evaluate("window.violations") == []
