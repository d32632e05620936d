"""Elements that change again before the last change is through, or while somebody needs them."""

from tests.kit.pages import FRAME, TIMEOUT_MS, Room

from .living import attributes_of, change, news
from .test_page import ALL_CLOSED, COUNT_CONNECTIONS


def test_a_host_goes_to_another_session(room: Room, other: Room) -> None:
    ann, cem, eve = room.join("ann"), room.join("cem"), other.join("eve")
    change(ann, attributes_of(ann.page, other, "ann"))
    cem.wait_for_role("host")
    eve.wait_for_peers({"eve": "connected", "ann": "connected"})
    ann.wait_for_role("client")
    bob = room.join("bob")
    bob.send("to cem")
    cem.wait_for_messages([("bob", "to cem")])
    assert ann.messages == []


def test_to_and_fro_it_ends_where_it_was_sent_last(room: Room, other: Room) -> None:
    ann, eve = room.join("ann"), other.join("eve")
    bob = room.join("bob", init_script=COUNT_CONNECTIONS)
    rooms = [attributes_of(bob.page, each, "bob") for each in (other, room)]
    bob.page.evaluate(
        f"""async (rooms) => {{
          for (let count = 0; count < 21; count += 1) {{
            for (const [name, value] of Object.entries(rooms[count % 2])) {{
              {FRAME}.setAttribute(name, value)
            }}
            await new Promise((resolve) => setTimeout(resolve, 5 * count))
          }}
        }}""",
        rooms,
    )
    eve.wait_for_peers({"eve": "connected", "bob": "connected"})
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    bob.send("at last")
    eve.wait_for_messages([("bob", "at last")])
    assert "error" not in news(bob)
    bob.page.evaluate(f"{FRAME}.remove()")
    bob.page.wait_for_function(ALL_CLOSED, timeout=TIMEOUT_MS)


def test_what_waits_in_the_old_session_is_rejected(room: Room, other: Room) -> None:
    room.join("ann")
    other.join("eve")
    bob = room.join("bob")
    attributes = attributes_of(bob.page, other, "bob")
    codes = bob.page.evaluate(
        f"""async (attributes) => {{
          const frame = {FRAME}
          const file = new Blob([new Uint8Array(1024)])
          const waiting = [
            frame.request("ann", "nothing", 1, {{ timeout: 60000 }}),
            frame.sendFile(file, {{ to: "ann", name: "f" }}).done,
          ]
          for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value)
          const outcomes = await Promise.allSettled(waiting)
          return outcomes.map(({{ reason }}) => reason.code)
        }}""",
        attributes,
    )
    assert codes == ["not_joined", "not_joined"]
    bob.wait_for_role("client")


def test_a_listener_mends_what_it_is_told_of(room: Room) -> None:
    ann = room.join("ann")
    page = room.open("nobody", template="empty").page
    page.evaluate(
        """(attributes) => {
          const frame = document.createElement("p2p-frame")
          frame.addEventListener("p2p:error", ({ detail }) => {
            const [name] = Object.keys(attributes).filter((each) => detail.message.includes(each))
            frame.setAttribute(name, attributes[name])
          })
          document.body.append(frame)
        }""",
        attributes_of(page, room, "bob"),
    )
    ann.wait_for_peers({"ann": "connected", "bob": "connected"})


def test_a_moved_element_may_change_on_its_way(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), room.join("bob")
    bob.page.evaluate(
        f"""(attributes) => {{
          const frame = {FRAME}
          frame.remove()
          for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value)
          void frame.send("only for eve")
          document.body.append(frame)
        }}""",
        attributes_of(bob.page, other, "bob"),
    )
    eve.wait_for_messages([("bob", "only for eve")])
    ann.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    assert ann.messages == []
    bob.wait_for_role("client")
    assert "error" not in news(bob)


def test_a_browser_without_webrtc_stays_out(room: Room) -> None:
    bob = room.open("bob", init_script="delete window.RTCPeerConnection")
    bob.wait_for_state("failed")
    bob.call("reconnect")
    change(bob, {"token": attributes_of(bob.page, room, "bob")["token"]})
    told = "events.filter(({ detail }) => detail.code === 'unsupported').length === 3"
    bob.page.wait_for_function(told, timeout=TIMEOUT_MS)
    assert bob.state == "failed"
    assert "negotiating" not in news(bob)
