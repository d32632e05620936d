"""Attributes that change while the element lives, by whoever changes them."""

import json

import pytest

from tests.kit.pages import FRAME, RENEWALS, TIMEOUT_MS, Peer, Room

from .living import JOINING, attributes_of, change, news

BOTH = {"ann": "connected", "bob": "connected"}
GONE = {"ann": "connected", "bob": "disconnected"}
TWICE = "events.filter(({ name }) => name === 'connected').length === 2"


def moves(bob: Peer, other: Room) -> dict[str, str]:
    return attributes_of(bob.page, other, "bob")


def sent_tokens(bob: Peer) -> "list[str]":
    """Return a list that is filled with what goes over the page's WebSockets."""
    frames: list[str] = []
    bob.page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda payload: frames.append(str(payload))),
    )
    return frames


def test_another_session_is_entered_and_the_old_one_left(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), room.join("bob")
    change(bob, moves(bob, other), "void frame.send('only for eve')")
    eve.wait_for_messages([("bob", "only for eve")])
    ann.wait_for_peers(GONE)
    eve.wait_for_peers({"eve": "connected", "bob": "connected"})
    assert ann.messages == []
    assert news(bob) == [*JOINING, "closed", *JOINING]


def test_what_is_said_before_the_token_is_there_waits_for_it(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), room.join("bob")
    attributes = moves(bob, other)
    bob.page.evaluate(
        f"""({{ "session-id": id, token }}) => {{
          const frame = {FRAME}
          frame.setAttribute("session-id", id)
          frame.send("only for eve")
          frame.setAttribute("token", token)
        }}""",
        attributes,
    )
    eve.wait_for_messages([("bob", "only for eve")])
    assert ann.messages == []
    assert "error" not in news(bob)


def test_nothing_of_the_old_session_is_shown_in_the_new_one(room: Room, other: Room) -> None:
    ann, eve, bob = room.join("ann"), other.join("eve"), room.join("bob")
    # Both kinds: what is shown at once, and what waits for a handler.
    ann.page.evaluate(f"""() => {{
      let count = 0
      const say = () => {{
        void {FRAME}.send(count++)
        void {FRAME}.send("kept", {{ topic: "late" }})
      }}
      window.saying = setInterval(say, 5)
    }}""")
    bob.page.wait_for_function("events.some(({ detail }) => detail.type === 'Data')")
    mark = change(
        bob,
        moves(bob, other),
        "return new Promise((resolve) => queueMicrotask(() => resolve(events.length)))",
    )
    bob.page.evaluate(f"""() => {{
      window.late = []
      {FRAME}.on("late", (data) => late.push(data))
    }}""")
    eve.wait_for_peers({"eve": "connected", "bob": "connected"})
    eve.send("here")
    bob.page.wait_for_function(
        "events.some(({ detail }) => detail.data === 'here')", timeout=TIMEOUT_MS
    )
    shown = [one["detail"] for one in bob.events[mark:] if one["name"] == "message"]
    assert [one["senderId"] for one in shown if one["type"] == "Data"] == ["eve"]
    assert bob.page.evaluate("late") == []


def test_another_peer_comes_in_the_place_of_the_old_one(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    change(bob, attributes_of(bob.page, room, "cem"))
    ann.wait_for_peers({**GONE, "cem": "connected"})
    bob.wait_for_state("connected")
    assert bob.page.evaluate(f"{FRAME}.peerId") == "cem"


def test_many_changes_of_one_turn_are_one(room: Room, other: Room) -> None:
    other.join("eve")
    bob = room.join("bob")
    frames = sent_tokens(bob)
    attributes = moves(bob, other)
    change(bob, {**dict.fromkeys(attributes, "x"), **attributes})
    bob.wait_for_role("client")
    assert news(bob).count("closed") == 1
    assert sum("token" in frame for frame in frames) == 1


def test_a_change_and_back_again_is_none(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"""() => {{
      const frame = {FRAME}
      for (const {{ name, value }} of [...frame.attributes]) {{
        frame.removeAttribute(name)
        frame.setAttribute(name, value)
      }}
      frame.setAttribute("config", ` ${{frame.getAttribute("config")}} `)
    }}""")
    bob.send("still here")
    ann.wait_for_messages([("bob", "still here")])
    assert news(bob) == JOINING


def test_a_newer_token_costs_nothing_and_is_used_next_time(room: Room) -> None:
    room.join("ann")
    bob = room.join("bob")
    frames = sent_tokens(bob)
    newer = attributes_of(bob.page, room, "bob", query="expires_in=3600")
    change(bob, {name: newer[name] for name in ("token", "token-expires-in-ms")})
    bob.send("still here")
    assert news(bob) == JOINING
    bob.call("reconnect")
    bob.wait_for_state("connected")
    bob.page.wait_for_function(TWICE, timeout=TIMEOUT_MS)
    assert [newer["token"] in frame for frame in frames if '"token"' in frame] == [True]


def test_a_token_that_is_taken_away_was_good(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    bob.page.evaluate(f"{FRAME}.removeAttribute('token')")
    bob.send("still here")
    bob.call("reconnect")
    ann.wait_for_messages([("bob", "still here")])
    bob.page.wait_for_function(TWICE, timeout=TIMEOUT_MS)


def test_a_good_token_brings_a_peer_in_that_had_failed(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    good = attributes_of(bob.page, room, "bob")
    bob.page.evaluate(f"token => {{ {FRAME}.setAttribute('token', 'no.good') }}", None)
    bob.call("reconnect")
    bob.wait_for_state("failed")
    change(bob, {"token": good["token"]})
    bob.wait_for_state("connected")
    ann.wait_for_peers(BOTH)


def test_what_a_renewal_brings_is_there_for_a_copy(room: Room) -> None:
    bob = room.open("bob", init_script=RENEWALS)
    given = attributes_of(bob.page, room, "bob")
    change(bob, {"token-expires-in-ms": "1", "token": given["token"]})
    bob.page.wait_for_function("window.renewals.length > 0", timeout=TIMEOUT_MS)
    newer = bob.page.evaluate("renewals[0].answer")
    is_newer = f"token => {FRAME}.getAttribute('token') === token"
    bob.page.wait_for_function(is_newer, arg=newer["token"], timeout=TIMEOUT_MS)
    term = bob.page.evaluate(f"{FRAME}.getAttribute('token-expires-in-ms')")
    assert int(term) == int(newer["expires_in_ms"])


def test_ice_servers_are_used_from_the_next_connection_on(room: Room) -> None:
    script = """
      window.used = []
      const Real = RTCPeerConnection
      window.RTCPeerConnection = class extends Real {
        constructor(setup) { super(setup); window.used.push(setup.iceServers) }
      }"""
    room.join("ann")
    bob = room.join("bob", init_script=script)
    servers = [{"urls": "stun:127.0.0.1:9"}]
    given = attributes_of(bob.page, room, "bob", config={"ice_servers": servers})
    change(bob, {"config": given["config"]})
    bob.send("still here")
    assert news(bob) == JOINING
    bob.call("reconnect")
    bob.page.wait_for_function(TWICE, timeout=TIMEOUT_MS)
    assert bob.page.evaluate("used.at(-1)") == json.loads(given["config"])["ice_servers"]


@pytest.mark.parametrize(
    ("name", "value"), [("config", '{"history": 5}'), ("signaling-path", "/socket.io/")]
)
def test_whatever_else_changes_begins_anew(room: Room, name: str, value: str) -> None:
    room.join("ann")
    bob = room.join("bob")
    change(bob, {name: value})
    bob.page.wait_for_function(
        "events.filter(({ name }) => name === 'negotiating').length === 2", timeout=TIMEOUT_MS
    )
    assert news(bob)[3] == "closed"


def test_what_becomes_bad_leaves_and_says_why(room: Room) -> None:
    ann, bob = room.join("ann"), room.join("bob")
    session_id = bob.page.evaluate(f"{FRAME}.getAttribute('session-id')")
    change(bob, {"session-id": None})
    assert "session-id" in bob.wait_for_error("bad_request")["message"]
    ann.wait_for_peers(GONE)
    assert bob.page.evaluate(f"{FRAME}.send('x').catch(({{ code }}) => code)") == "not_joined"
    assert bob.page.evaluate(f"[{FRAME}.state, {FRAME}.getAttribute('state')]") == ["failed"] * 2
    change(bob, {"session-id": session_id})
    bob.wait_for_state("connected")
    ann.wait_for_peers(BOTH)


def test_an_element_is_built_in_the_page(room: Room) -> None:
    ann = room.join("ann")
    page = room.open("nobody", template="empty").page
    bob = Peer(page, "bob")
    page.evaluate(
        """(attributes) => {
          const frame = document.createElement("p2p-frame")
          document.body.append(frame)
          for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value)
        }""",
        attributes_of(page, room, "bob"),
    )
    bob.wait_for_role("client")
    ann.wait_for_peers(BOTH)
    assert "error" not in news(bob)


def test_who_left_stays_out_until_it_is_another_session(room: Room, other: Room) -> None:
    eve, bob = other.join("eve"), room.join("bob")
    bob.call("close")
    bob.wait_for_state("closed")
    change(bob, {"token": attributes_of(bob.page, room, "bob")["token"]})
    assert bob.page.evaluate(f"{FRAME}.send('x').catch(({{ code }}) => code)") == "not_joined"
    change(bob, moves(bob, other))
    eve.wait_for_peers({"eve": "connected", "bob": "connected"})


# What the element reflects


def test_what_is_reflected_is_put_back(room: Room) -> None:
    ann = room.join("ann")
    for attributes in ({"state": None, "peer-role": None}, {"state": "new", "peer-role": "client"}):
        change(ann, attributes)
        ann.wait_for_role("host")
    assert news(ann) == ["negotiating", "connected"]


def test_whoever_takes_all_away_comes_to_an_end(room: Room) -> None:
    ann = room.join("ann")
    rounds = ann.page.evaluate(f"""() => {{
      const frame = {FRAME}
      let rounds = 0
      while (frame.attributes.length > 0 && ++rounds < 1000) {{
        frame.removeAttribute(frame.attributes[0].name)
      }}
      return rounds
    }}""")
    assert rounds < 20


def test_whoever_insists_isnt_fought_for_ever(room: Room) -> None:
    ann = room.join("ann")
    ann.page.evaluate(f"""() => {{
      const frame = {FRAME}
      window.taken = 0
      window.since = performance.now()
      window.thief = new MutationObserver(() => {{
        if (frame.hasAttribute("state")) taken += 1
        frame.removeAttribute("state")
      }})
      thief.observe(frame, {{ attributes: true }})
      frame.removeAttribute("state")
    }}""")
    ann.page.wait_for_function("taken >= 11", timeout=TIMEOUT_MS)
    taken, seconds = ann.page.evaluate("[taken, (performance.now() - since) / 1000]")
    assert taken <= 10 + seconds + 1
    ann.page.evaluate("thief.disconnect()")
    ann.wait_for_role("host")
