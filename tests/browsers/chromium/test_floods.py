"""One modified client that sends as much as it can: what the others notice of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.kit.pages import FRAME, TIMEOUT_MS, Peer, Room

from .test_hostile import CHANNELS

BYSTANDERS = ("ann", "bob", "cleo", "dave", "eve")
SECONDS = 3
# A page that gets no turn for a while on a busy machine isn't lost.
CONFIG = {"heartbeat": {"interval_mls": 1_000, "idle_timeout_mls": 10_000}}

# Says a number every 100 ms, and keeps how long each number of the others has taken.
PROBES = """(() => {
  const now = () => performance.timeOrigin + performance.now()
  const probes = { said: 0, failures: [], shown: {}, delays: [], states: [], opened: 0 }
  window.probes = probes
  const Real = RTCPeerConnection
  window.RTCPeerConnection = class extends Real {
    constructor(...args) { super(...args); probes.opened += 1 }
  }
  for (const state of ["disconnected", "closed"]) {
    document.addEventListener(`p2p:${state}`, () => probes.states.push(state))
  }
  document.addEventListener("p2p:message", ({ detail: { senderId, data } }) => {
    if (!data?.probe) return
    (probes.shown[senderId] ??= []).push(data.probe)
    probes.delays.push(now() - data.at)
  })
  const say = () => FRAME.send({ probe: ++probes.said, at: now() })
    .catch(({ code }) => probes.failures.push(code))
  probes.start = () => { probes.timer = setInterval(say, 100) }
  probes.stop = () => clearInterval(probes.timer)
})()""".replace("FRAME", FRAME)

# Sends what `make` gives, over the newest channel of that name; a full one gets a moment.
FLOOD = """async ([make, label, mls]) => {
  const next = eval(make)
  const pause = () => new Promise((resolve) => setTimeout(resolve))
  const isOpen = (channel) => channel.label === label && channel.readyState === "open"
  let sent = 0
  for (const begun = performance.now(); performance.now() - begun < mls; await pause()) {
    const channel = window.channels.findLast(isOpen)
    for (let number = 0; number < 2_000 && channel?.readyState === "open"; number++) {
      if (channel.bufferedAmount > 4_000_000) break
      channel.send(next(++sent))
    }
  }
  return sent
}"""

FLOODS = {
    "small messages": ("messages", "(id) => JSON.stringify({ type: 'Data', id, data: 'flood' })"),
    "large messages": (
        "messages",
        "(id) => JSON.stringify({ type: 'Data', id, data: 'x'.repeat(200_000) })",
    ),
    "messages for one": (
        "messages",
        "(id) => JSON.stringify"
        "({ type: 'Direct', to: 'ann', inc: 'x', id, after: id - 1, data: 'flood' })",
    ),
    "requests": (
        "messages",
        "(id) => JSON.stringify({ type: 'Direct', to: 'ann', inc: 'x', id, after: id - 1, "
        "ask: id, topic: 't', data: 1 })",
    ),
    "what may be lost": (
        "fast",
        "(id) => JSON.stringify"
        "({ type: 'Fast', inc: 'x', id, topic: `${id % 500}`, data: 'flood' })",
    ),
    "large ones that may be lost": (
        "fast",
        "(id) => JSON.stringify({ type: 'Fast', inc: 'x', id, data: 'x'.repeat(16_000) })",
    ),
    "credits": (
        "bulk",
        "(id) => JSON.stringify({ type: 'Credit', to: 'ann', transfer: 'f', offset: id })",
    ),
    "acknowledgements for one": (
        "messages",
        "(id) => JSON.stringify({ type: 'Received', to: 'ann', inc: 'x', id })",
    ),
    "acknowledgements": ("messages", "(id) => JSON.stringify({ type: 'Ack', n: id })"),
}


@dataclass(frozen=True)
class Meeting:
    host: Peer
    bystanders: list[Peer]
    mallory: Peer

    def all(self) -> list[Peer]:
        return [self.host, *self.bystanders]


@pytest.fixture
def meeting(room: Room) -> Meeting:
    options: dict[str, Any] = {"config": CONFIG, "init_script": PROBES}
    host = room.join("host", **options)
    bystanders = [room.join(peer_id, **options) for peer_id in BYSTANDERS]
    mallory = room.join("mallory", config=CONFIG, init_script=CHANNELS).wait_for_role("client")
    return Meeting(host, bystanders, mallory)


def probing(meeting: Meeting, attack: Callable[[], Any]) -> dict[str, Any]:
    """Attack while the bystanders say their numbers, and tell how these have fared."""
    for peer in meeting.bystanders:
        peer.page.evaluate("probes.start()")
    attack()
    for peer in meeting.bystanders:
        peer.page.evaluate("probes.stop()")
    said = {peer.peer_id: peer.page.evaluate("probes.said") for peer in meeting.bystanders}
    for peer in meeting.all():
        peer.page.wait_for_function(
            "said => Object.entries(said)"
            ".every(([id, count]) => (probes.shown[id]?.at(-1) ?? 0) >= count)",
            arg=said,
            timeout=TIMEOUT_MS,
        )
    for peer in meeting.all():
        probes = peer.page.evaluate("probes")
        assert probes["failures"] == []
        assert probes["states"] == []
        for peer_id, count in said.items():
            assert probes["shown"][peer_id] == list(range(1, count + 1))
    delays = sorted(
        delay for peer in meeting.bystanders for delay in peer.page.evaluate("probes.delays")
    )
    return {"p95": delays[len(delays) * 95 // 100], "worst": delays[-1], "count": len(delays)}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_costs_others_no_message_and_no_connection(
    meeting: Meeting, flood: str, record_property: Callable[[str, object], None]
) -> None:
    label, make = FLOODS[flood]
    arguments = [make, label, SECONDS * 1_000]
    figures = probing(meeting, lambda: meeting.mallory.page.evaluate(FLOOD, arguments))
    record_property("figures", figures)
    # How quick they are is for `make hostile` to say, which has the machine for itself.
    print(f"\n{flood}: {figures}")


# Keeps how the page has joined.
SOCKETS = """
  window.said = []
  const RealSocket = WebSocket
  window.WebSocket = class extends RealSocket {
    send(packet) { window.said.push([this.url, packet]); super.send(packet) }
  }
"""
# Joins as the page has, on a socket of its own, and then again and again on the same one.
STORM = """async (count) => {
  document.querySelector("p2p-frame").remove()
  const [url, hello] = window.said.find(([, packet]) => packet.startsWith("40/p2p,"))
  const socket = new WebSocket(url)
  await new Promise((resolve) => { socket.onmessage = resolve })
  socket.send(hello)
  await new Promise((resolve) => { socket.onmessage = resolve })
  for (let number = 0; number < count; number++) {
    socket.send(`42/p2p,${number}["session_join",{}]`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}"""
# How many connections a page has opened, and how many seconds old it is.
OPENED = "[probes.opened, performance.now() / 1_000]"
# Says nothing of what has come.
SILENCE = """
  const send = RTCDataChannel.prototype.send
  RTCDataChannel.prototype.send = function (data) {
    if (typeof data !== "string") return send.call(this, data)
    const frames = data.split("\\n").filter((frame) => !/"(Received|Ack)"/.test(frame))
    if (frames.length > 0) send.call(this, frames.join("\\n"))
  }
"""


def test_who_joins_again_and_again_costs_the_host_few_connections(room: Room) -> None:
    host = room.join("host", init_script=PROBES)
    ann = room.join("ann")
    mallory = room.join("mallory", init_script=SOCKETS)
    before, begun = host.page.evaluate(OPENED)
    mallory.page.evaluate(STORM, 549)
    room.join("bob")
    after, ended = host.page.evaluate(OPENED)
    # Five at once and one a second after that, for mallory and for bob; what has waited for its
    # turn is counted, however long that takes.
    assert after - before <= 2 * (5 + ended - begun)
    ann.send("still here")
    assert ann.state == "connected"


def test_who_acknowledges_nothing_fills_nobody_elses_room(room: Room) -> None:
    room.join("host")
    ann, bob = room.join("ann"), room.join("bob")
    mallory = room.join("mallory", init_script=SILENCE + CHANNELS)
    ann.page.evaluate(f"void {FRAME}.respond('t', () => 'x'.repeat(1_000))")
    bob.page.evaluate(f"void {FRAME}.respond('t', () => 'bob')")
    bob.page.evaluate("""() => document.addEventListener("p2p:file", ({ detail }) => {
      window.taken = detail.accept().then((file) => file.text())
    })""")
    mallory.page.evaluate("""() => {
      const channel = window.channels.find(({ label }) => label === "messages")
      for (let id = 1; id <= 1_000; id++) {
        const frame = { type: "Direct", to: "ann", inc: "x", id, after: id - 1, ask: id }
        channel.send(JSON.stringify({ ...frame, topic: "t", data: 1 }))
      }
    }""")
    # Then the answers have filled what there is for mallory.
    full = """async () => {
      const said = FRAME.send("x", { to: "mallory" })
      const later = new Promise((resolve) => setTimeout(resolve, 100))
      return Promise.race([said, later]).then(() => false, ({ code }) => code === "rate_limited")
    }""".replace("FRAME", FRAME)
    ann.page.wait_for_function(full, timeout=TIMEOUT_MS)
    told = ann.page.evaluate(f"""async () => {{
      const frame = {FRAME}
      const file = frame.sendFile(new Blob(["all of it"]), {{ to: "bob" }})
      await frame.send("hello", {{ to: "bob" }})
      const answer = await frame.request("bob", "t", 1)
      await file.done
      return answer
    }}""")
    assert told == "bob"
    assert bob.page.evaluate("window.taken") == "all of it"
    bob.wait_for_messages([("ann", "hello")])


def test_who_acknowledges_nothing_keeps_nobody_waiting(room: Room) -> None:
    host, ann = room.join("host"), room.join("ann")
    room.join("mallory", init_script=SILENCE)
    for peer in (ann, host):
        told = peer.page.evaluate(f"""async () => {{
          let count = 0
          for (let round = 0; round < 2; round++) {{
            const said = Array.from({{ length: 600 }}, () => {FRAME}.send("x"))
            count += (await Promise.all(said)).length
          }}
          return count
        }}""")
        assert told == 1_200
