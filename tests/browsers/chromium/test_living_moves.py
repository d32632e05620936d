"""Elements that are copied, taken out of the page, or put back."""

from typing import Any

import pytest

from tests.kit.pages import FRAME, TIMEOUT_MS, Room

from .living import JOINING, attributes_of, change, news

BOTH = {"ann": "connected", "bob": "connected"}
GONE = {"ann": "connected", "bob": "disconnected"}


def test_a_copy_says_what_it_is(room: Room) -> None:
    ann = room.join("ann")
    seen = ann.page.evaluate(f"""async () => {{
      window.copy = {FRAME}.cloneNode(true)
      await undefined
      return [copy.state, copy.getAttribute("state"), copy.getAttribute("peer-role")]
    }}""")
    assert seen == ["new", "new", None]


def test_a_copy_in_the_page_takes_the_place(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"""() => {{
      window.first = {FRAME}
      first.id = "first"
      const copy = first.cloneNode(true)
      copy.id = "copy"
      document.body.append(copy)
    }}""")
    bob.page.wait_for_selector("#first[state=closed]", state="attached", timeout=TIMEOUT_MS)
    bob.page.wait_for_selector("#copy[state=connected]", state="attached", timeout=TIMEOUT_MS)
    assert bob.wait_for_error("peer_replaced")
    assert bob.page.evaluate("copy.send('from the copy')") is None
    ann.wait_for_messages([("bob", "from the copy")])


# Elements that go out, and back


def test_out_of_the_page_for_a_turn_isnt_away(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"""async () => {{
      const frame = {FRAME}
      frame.remove()
      for (let count = 0; count < 100; count += 1) await undefined
      window.promises = [frame.send("on the way")]
      frame.setAttribute("class", "moved")
      frame.setAttribute("token", frame.getAttribute("token"))
      for (let count = 0; count < 100; count += 1) await undefined
      document.body.append(frame)
      await Promise.all(promises)
    }}""")
    ann.wait_for_messages([("bob", "on the way")])
    assert news(bob) == JOINING
    assert "disconnected" not in news(ann)


def test_who_calls_from_within_leaves_nobody_behind(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), room.join("bob")
    bob.page.evaluate(f"""() => {{
      const frame = {FRAME}
      frame.addEventListener("p2p:closed", () => {{
        frame.send("at once").catch(() => {{}})
        frame.reconnect()
      }})
    }}""")
    change(bob, attributes_of(bob.page, other, "bob"))
    ann.wait_for_peers(GONE)
    eve.wait_for_peers({"eve": "connected", "bob": "connected"})
    bob.page.evaluate(f"{FRAME}.remove()")
    eve.wait_for_peers({"eve": "connected", "bob": "disconnected"})
    assert ann.messages == []
    assert ann.peers == GONE


def test_an_element_that_comes_back_later_joins_again(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"() => {{ window.kept = {FRAME}; kept.remove() }}")
    ann.wait_for_peers(GONE)
    seen: Any = bob.page.evaluate("[kept.state, kept.getAttribute('state')]")
    assert seen == ["closed", "closed"]
    bob.page.evaluate("document.body.append(kept)")
    bob.wait_for_role("client")
    ann.wait_for_peers(BOTH)


def test_removed_in_a_page_that_goes_away_it_says_goodbye(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"""() => {{
      const frame = {FRAME}
      frame.addEventListener("p2p:closed", () => {{ localStorage.farewell = "said" }})
      addEventListener("pagehide", () => frame.remove(), {{ capture: true }})
      location.assign("/sockets")
    }}""")
    bob.page.wait_for_url("**/sockets")
    ann.wait_for_peers(GONE)
    assert bob.page.evaluate("localStorage.farewell") == "said"


def test_an_element_goes_with_its_iframe(room: Room) -> None:
    ann = room.join("ann")
    page = room.open("nobody", template="empty").page
    page.evaluate(
        """(address) => {
          const iframe = document.createElement("iframe")
          iframe.src = address
          document.body.append(iframe)
        }""",
        room.address("bob", "plain"),
    )
    ann.wait_for_peers(BOTH)
    page.evaluate("document.querySelector('iframe').remove()")
    ann.wait_for_peers(GONE)


def test_in_a_document_that_nobody_sees_it_isnt_there(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"""() => {{
      window.kept = {FRAME}
      document.implementation.createHTMLDocument().body.append(kept)
    }}""")
    ann.wait_for_peers(GONE)
    bob.page.evaluate("document.body.append(kept)")
    bob.wait_for_role("client")
    ann.wait_for_peers(BOTH)


@pytest.mark.parametrize(
    ("opened", "gone"),
    [
        ("open('/static/no-page', '', 'popup')", "place.close()"),
        ("document.body.appendChild(iframe()).contentWindow", "place.location = '/static/another'"),
        ("document.body.appendChild(iframe()).contentWindow", "place.frameElement.remove()"),
    ],
)
def test_an_element_goes_with_the_window_that_it_was_moved_into(
    room: Room, opened: str, gone: str
) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"""async () => {{
      const src = "/static/no-page"
      const iframe = () => Object.assign(document.createElement("iframe"), {{ src }})
      window.moved = {FRAME}
      window.place = {opened}
      await new Promise((resolve) => place.addEventListener("load", resolve))
      place.document.body.append(moved)
      return moved.send("from there")
    }}""")
    ann.wait_for_messages([("bob", "from there")])
    bob.page.evaluate(gone)
    ann.wait_for_peers(GONE)
    bob.page.wait_for_function("moved.state === 'closed'", timeout=TIMEOUT_MS)
    bob.page.evaluate("document.body.append(moved)")
    bob.wait_for_role("client")
    ann.wait_for_peers(BOTH)


def test_written_anew_it_says_what_it_is(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    seen = bob.page.evaluate(f"""async () => {{
      window.first = {FRAME}
      first.outerHTML = first.outerHTML
      await undefined
      return {FRAME}.getAttribute("state")
    }}""")
    assert seen == "negotiating"
    bob.page.wait_for_function(f"first.state === 'closed' && {FRAME}.state === 'connected'")
    ann.wait_for_peers(BOTH)


def test_what_waits_goes_on_where_a_host_is_moved(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"""() => {{
      {FRAME}.addEventListener("p2p:file", async ({{ detail }}) => {{
        window.took = (await detail.accept()).size
      }})
    }}""")
    size = ann.page.evaluate(f"""async () => {{
      const frame = {FRAME}
      const size = 8 * 1024 * 1024
      const shipment = frame.sendFile(new Blob([new Uint8Array(size)]), {{ to: "bob", name: "f" }})
      let moves = 0
      frame.addEventListener("p2p:progress", () => {{
        if (moves++ > 20) return
        frame.remove()
        queueMicrotask(() => document.body.append(frame))
      }})
      await shipment.done
      return moves > 0 ? size : 0
    }}""")
    bob.page.wait_for_function("size => window.took === size", arg=size, timeout=TIMEOUT_MS)
    assert news(ann) == ["negotiating", "connected"]
