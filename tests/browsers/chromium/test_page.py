"""The element in its page: moved, removed, twice, under a strict CSP, beside other code."""

from tests.kit.pages import FRAME, Room

COUNT_CONNECTIONS = """
  window.connections = []
  const Real = RTCPeerConnection
  window.RTCPeerConnection = class extends Real {
    constructor(...args) { super(...args); window.connections.push(this) }
  }
"""
ALL_CLOSED = """
  window.connections.length > 0
  && window.connections.every(({ signalingState }) => signalingState === "closed")
"""


def test_removing_the_element_frees_everything(room: Room) -> None:
    host = room.join("ann")
    bob = room.join("bob", init_script=COUNT_CONNECTIONS, config={"keep_signaling": True})
    host.wait_for_sockets(2)
    bob.page.evaluate(f"{FRAME}.remove()")
    host.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    bob.page.wait_for_function(ALL_CLOSED)
    host.wait_for_sockets(1)


def test_joining_and_leaving_leaves_no_connection_behind(room: Room) -> None:
    host = room.join("ann", init_script=COUNT_CONNECTIONS)
    bob = room.join("bob")
    for _ in range(5):
        bob.call("close")
        bob.wait_for_state("closed")
        host.wait_for_peers({"ann": "connected", "bob": "disconnected"})
        bob.call("reconnect")
        bob.wait_for_state("connected")
    bob.page.close()
    host.page.wait_for_function(f"window.connections.length >= 6 && {ALL_CLOSED}")


def test_moving_the_element_does_not_hang_up(room: Room) -> None:
    host = room.join("ann")
    bob = room.join("bob")
    bob.page.evaluate(f"""() => {{
      const frame = {FRAME}
      document.body.append(document.createElement("main"))
      document.querySelector("main").append(frame)
      document.body.moveBefore?.(frame, null)
    }}""")
    bob.send("still here")
    host.wait_for_messages([("bob", "still here")])
    assert [event["name"] for event in bob.events].count("connected") == 1
    assert bob.state == "connected"


def test_two_frames_in_one_page(room: Room) -> None:
    page = room.open("ann", template="two").page
    page.wait_for_selector("#one[state=connected]", state="attached")
    page.wait_for_selector("#two[state=connected]", state="attached")
    assert page.locator("script").count() == 3  # import map, client, the page's own

    page.evaluate("Promise.all([one.send('first'), two.send('second')])")
    received = page.evaluate(
        "window.events.filter(({ detail }) => detail.type === 'Data')"
        ".map(({ frame, detail }) => [frame, detail.data])"
    )
    assert sorted(received) == [["one", "first"], ["two", "second"]]


def test_a_strict_content_security_policy(room: Room) -> None:
    host = room.join("ann", query="csp=1")
    bob = room.join("bob", query="csp=1")
    bob.send("hello")
    host.wait_for_messages([("bob", "hello")])
    assert host.page.evaluate("window.violations") == []
    assert bob.page.evaluate("window.violations") == []


def test_the_pages_own_socket_is_left_alone(room: Room) -> None:
    host = room.join("ann")
    bob = room.open("bob")
    bob.page.evaluate("""async () => {
      const { io } = await import("/socket.io.js")
      window.own = io({ transports: ["websocket"] })
      await new Promise((resolve) => window.own.on("connect", resolve))
    }""")
    bob.wait_for_role("client")
    host.wait_for_sockets(2)
    assert bob.page.evaluate("window.own.emitWithAck('echo', 7)") == 7
    bob.call("close")
    host.wait_for_peers({"ann": "connected", "bob": "disconnected"})
    assert bob.page.evaluate("window.own.emitWithAck('echo', 8)") == 8


def test_a_late_listener_gets_the_present_state(room: Room) -> None:
    ann = room.join("ann")
    heard = ann.page.evaluate(f"""async () => {{
      const heard = []
      for (const name of ["negotiating", "connected", "peers", "host-changed"]) {{
        const listener = ({{ type, target }}) => heard.push([type, target.localName])
        {FRAME}.addEventListener(`p2p:${{name}}`, listener)
      }}
      await undefined
      return heard
    }}""")
    assert heard == [
        ["p2p:connected", "p2p-frame"],
        ["p2p:peers", "p2p-frame"],
        ["p2p:host-changed", "p2p-frame"],
    ]


def test_the_states_come_in_their_order(room: Room) -> None:
    room.join("ann")
    bob = room.join("bob")
    bob.call("close")
    bob.wait_for_state("closed")
    states = {"negotiating", "connecting", "connected", "disconnected", "closed"}
    assert [event["name"] for event in bob.events if event["name"] in states] == [
        "negotiating",
        "connecting",
        "connected",
        "closed",
    ]
