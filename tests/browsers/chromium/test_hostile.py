"""Pages with modified client code: whatever they send, the others notice nothing."""

import pytest

from tests.kit.pages import TIMEOUT_MS, Peer, Room

CHANNELS = """
  window.channels = []
  const Real = RTCPeerConnection
  window.RTCPeerConnection = class extends Real {
    constructor(...args) {
      super(...args)
      this.addEventListener("datachannel", ({ channel }) => window.channels.push(channel))
    }
    createDataChannel(...args) {
      const channel = super.createDataChannel(...args)
      window.channels.push(channel)
      return channel
    }
  }
"""

# Each is an expression for what is sent over the channel as it is.
RUBBISH = [
    "''",
    "'x'",
    "'null'",
    "'[]'",
    "'{}'",
    "'7'",
    "'\\u0000'",
    """'{"type": "Data"}'""",
    """'{"type": "Data", "id": "1", "data": 1}'""",
    """'{"type": "Data", "id": 1e999, "data": 1}'""",
    """'{"type": "Data", "id": 1.5, "data": 1}'""",
    """'{"type": "Data", "id": NaN, "data": 1}'""",
    """'{"type": "Data", "id": 9, "senderId": {"a": 1}, "data": 1}'""",
    """'{"type": "Data", "id": 9, "senderId": "", "data": 1}'""",
    """'{"type": "Data", "id": 9, "senderId": "' + "x".repeat(1000) + '", "data": 1}'""",
    """'{"type": "Data.Connection.State", "data": []}'""",
    """'{"type": "Data.Connection.State", "data": null}'""",
    """'{"type": "Data.Connection.State", "data": {"bob": "dead"}}'""",
    """'{"type": "Data.Connection.State", "data": {}, "readers": "bob"}'""",
    """'{"type": "Refused"}'""",
    """'{"type": "Refused", "id": 1}'""",
    """'{"type": "Refused", "id": 77, "error": {"code": "__proto__"}}'""",
    """'{"type": "Sync", "everything": true}'""",
    """'{"type": "__proto__"}'""",
    """'{"type": {"type": "Data"}}'""",
    """'['.repeat(100000)""",
    """'{"type": "Data", "id": 9, "data": '""",
    "new ArrayBuffer(1000)",
    "new Uint8Array(200000)",
    "new Blob(['x'.repeat(1000)])",
    "'x'.repeat(262144)",
]


def send_raw(peer: Peer, expression: str) -> None:
    peer.page.evaluate(
        f"() => {{ for (const channel of window.channels) "
        f"if (channel.readyState === 'open') channel.send({expression}) }}"
    )


def test_a_hostile_client_is_not_heard(room: Room) -> None:
    host, bob = room.join("ann"), room.join("bob")
    errors: list[object] = []
    for peer in (host, bob):
        peer.page.on("pageerror", lambda error: errors.append(error))
    mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("client")

    for number, rubbish in enumerate(RUBBISH):
        send_raw(mallory, rubbish)
        if number % 10 == 0:
            bob.send(number)
    bob.send("still here")

    expected = [("bob", 0), ("bob", 10), ("bob", 20), ("bob", 30), ("bob", "still here")]
    for peer in (host, bob):
        peer.wait_for_messages(expected)
        peer.wait_for_peers({"ann": "connected", "bob": "connected", "mallory": "connected"})
    assert errors == []


def test_nobody_speaks_for_another(room: Room) -> None:
    host, bob = room.join("ann"), room.join("bob")
    mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("client")
    send_raw(mallory, """'{"type": "Data", "senderId": "bob", "id": 1, "data": "I am bob"}'""")
    state = '{"type": "Data.Connection.State", "senderId": "ann", "data": {"bob": "closed"}}'
    send_raw(mallory, f"'{state}'")
    send_raw(mallory, """'{"type": "Data", "id": 1, "data": "I am myself"}'""")
    send_raw(mallory, """'{"type": "Data", "id": 1, "data": "once more"}'""")
    # Of two senders the host hears either first.
    bob.wait_for_messages([("mallory", "I am myself")])
    bob.send("the real one")
    for peer in (host, bob):
        peer.wait_for_messages([("mallory", "I am myself"), ("bob", "the real one")])
        peer.wait_for_peers({"ann": "connected", "bob": "connected", "mallory": "connected"})


def test_a_client_that_floods_is_dropped_and_nobody_else(room: Room) -> None:
    host, bob = room.join("ann"), room.join("bob")
    mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("client")
    # What the host says last may not reach who is as busy; it is told again then.
    mallory.page.evaluate("""async () => {
      const pause = () => new Promise((resolve) => setTimeout(resolve, 10))
      const isOpen = ({ label, readyState }) => label === "messages" && readyState === "open"
      const isTold = () => window.events.some(({ detail }) => detail.code === "rate_limited")
      for (const begun = performance.now(); !isTold() && performance.now() - begun < 60_000;) {
        await pause()
        const channel = window.channels.findLast(isOpen)
        for (let id = 1; id < 60_000 && channel?.readyState === "open"; id++) {
          // A host that stands still takes nothing, and a full channel throws.
          if (channel.bufferedAmount > 4_000_000) break
          channel.send(JSON.stringify({ type: "Data", id, data: "flood" }))
          if (id % 1000 === 0) await pause()
        }
      }
    }""")
    mallory.wait_for_error("rate_limited")
    bob.send("still here")
    for peer in (host, bob):
        peer.page.wait_for_function(
            "window.events.some(({ detail }) => detail.data === 'still here')"
        )


@pytest.mark.parametrize("half", [0, 1])
def test_a_hostile_host_breaks_no_client(room: Room, half: int) -> None:
    mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("host")
    bob = room.join("bob")
    errors: list[object] = []
    bob.page.on("pageerror", lambda error: errors.append(error))
    for rubbish in RUBBISH[half::2]:
        send_raw(mallory, rubbish)
    mallory.send("a good one")
    bob.send("another")
    bob.wait_for_messages([("mallory", "a good one"), ("bob", "another")])
    bob.wait_for_peers({"mallory": "connected", "bob": "connected"})
    assert errors == []


def test_a_host_that_invents_peers_fills_no_memory(room: Room) -> None:
    mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("host")
    bob = room.join("bob")
    mallory.page.evaluate("""() => {
      for (let round = 0; round < 50; round++) {
        const peers = Array.from({ length: 200 }, (_, n) => [`peer-${round}-${n}`, "connected"])
        const data = Object.fromEntries(peers)
        window.channels[0].send(JSON.stringify({ type: "Data.Connection.State", data }))
      }
    }""")
    mallory.send("after that")
    bob.wait_for_messages([("mallory", "after that")])
    assert len(bob.peers) == 2000


# Each is sent over the channel for messages, as an expression of `number`.
DOTS = """JSON.stringify({
  type: "Direct", to: "ann", inc: "x", id: number + 1, after: 0,
  note: { kind: "offer", id: `f${number}`, name: ".".repeat(260_000) + "x", type: "", size: 1 },
})"""
LINE_BREAKS = """"\\n".repeat(262_143)"""
STATES = """Array.from({ length: 4_295 }, (_, n) =>
  `{"type":"Data.Connection.State","data":{"${number}${n}":"new"}}`).join("\\n")"""


def roster(size: int) -> str:
    """Tell of many peers that stay, and then of `size` in each packet that have gone."""
    return f"""JSON.stringify({{
      type: "Data.Connection.State", full: number === 0, data: Object.fromEntries(Array.from(
        {{ length: {size} }},
        (_, n) => [`${{number}}-${{n}}`, number < 1900 / {size} ? "connected" : "closed"])),
    }})"""


class MainThread:
    """The time of the processor that a page's main thread takes, whatever else the machine does."""

    def __init__(self, peer: Peer) -> None:
        self._devtools = peer.page.context.new_cdp_session(peer.page)
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._begun = self._seconds

    @property
    def seconds(self) -> float:
        return self._seconds - self._begun

    @property
    def _seconds(self) -> float:
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def send_many(peer: Peer, expression: str, count: int) -> None:
    """Send packets as fast as the channel takes them, as long as it is open."""
    peer.page.evaluate(
        f"""async (count) => {{
          for (const channel of window.channels.filter(({{ label }}) => label === "messages")) {{
            for (let number = 0; number < count && channel.readyState === "open"; number++) {{
              channel.send({expression})
              while (channel.bufferedAmount > 1_000_000 && channel.readyState === "open")
                await new Promise((resolve) => setTimeout(resolve, 10))
            }}
          }}
        }}""",
        count,
    )


@pytest.mark.parametrize("expression", [DOTS, LINE_BREAKS])
def test_no_message_holds_up_the_host(room: Room, expression: str) -> None:
    host, bob = room.join("ann"), room.join("bob")
    mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("client")
    thread = MainThread(host)
    send_many(mallory, expression, 20)
    mallory.send("behind all that")
    bob.send("still here")
    bob.wait_for_messages([("mallory", "behind all that"), ("bob", "still here")])
    assert thread.seconds < 1.5


@pytest.mark.parametrize(("expression", "count"), [(STATES, 5), (roster(190), 500)])
def test_no_host_holds_up_its_clients(room: Room, expression: str, count: int) -> None:
    mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("host")
    bob = room.join("bob")
    thread = MainThread(bob)
    send_many(mallory, expression, count)
    mallory.send("behind all that")
    bob.page.wait_for_function(
        "window.events.some(({ detail }) => detail.data === 'behind all that')"
    )
    assert thread.seconds < 1.5


@pytest.mark.parametrize("role", ["client", "host"])
def test_who_sends_rubbish_without_end_is_let_go_of(room: Room, role: str) -> None:
    if role == "client":
        good = room.join("ann")
        mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("client")
    else:
        mallory = room.join("mallory", init_script=CHANNELS).wait_for_role("host")
        good = room.join("bob")
    errors: list[object] = []
    good.page.on("pageerror", lambda error: errors.append(error))
    send_many(mallory, "'{'", 300)
    told = mallory if role == "client" else good
    assert told.wait_for_error("bad_request")["retry"] is (role == "host")
    if role == "client":
        mallory.wait_for_state("failed")
        assert [one["detail"].get("code") for one in mallory.events].count("bad_request") == 1
    else:
        good.page.wait_for_selector(
            "p2p-frame[state=connected]", state="attached", timeout=TIMEOUT_MS
        )
    assert errors == []
