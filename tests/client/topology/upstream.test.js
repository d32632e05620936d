import assert from "node:assert/strict"
import { test } from "node:test"

import { CLOSE_TIMEOUT_MS, LOW_BYTES } from "../../../static/js/transport/data_channel.js"
import { Content } from "../../../static/js/wire/content.js"
import { MAX_CANDIDATES, MAX_EARLY_CHARACTERS, OFFERS, PEERS_EVENTS, STATES_PER_FRAME } from "../../../static/js/base/limits.js"
import { decodeFrame, encodeFrame } from "../../../static/js/wire/frames.js"
import { settle } from "../support/fake_clock.js"
import { MAX_PEERS } from "../../../static/js/wire/presence.js"
import { Room } from "../support/room.js"

/** One of each kind that is for some only. @type {import("../../../static/js/wire/frames.js").RoutedFrame[]} */
const routed = [
  { type: "Direct", to: "bob", inc: "x", id: 1, after: 0, data: 1 },
  { type: "Received", to: "bob", inc: "x", id: 1 },
  { type: "Fast", inc: "x", id: 1, topic: "t", data: 1 },
  { type: "Chunk", to: ["bob"], transfer: "f", offset: 0, bytes: Uint8Array.of(1, 2) },
  { type: "Credit", to: "bob", transfer: "f", offset: 2 },
]

test("waits for the host's offer, and says what it waits for", async () => {
  const room = new Room()
  room.loses = () => true
  const ann = await room.join("ann")
  assert.equal(ann.role.state, "negotiating")
  assert.equal(ann.role.timeoutError().code, "connect_timeout")
  assert.equal(ann.role.isSynced, false)
  assert.throws(() => ann.role.send(1, Content.of("hello")), { code: "not_joined" })
  for (const frame of routed) assert.throws(() => ann.role.route(frame), { code: "not_joined" })
  assert.equal(ann.role.buffered(), 0)
  assert.equal(ann.role.iamHost, false)
})

test("a call of the host's over the server begins the link before the offer does, and nothing else does", async () => {
  const room = new Room()
  room.loses = () => true
  const ann = await room.join("ann")
  const { negotiation, signal } = room.signals[0]
  const late = { n: 3, ack: 0, packets: ["{}"] }
  for (const [from, name, batch] of [["host", `${negotiation}/0`, late], ["bob", `${negotiation}/0`, { n: 0, ack: 0 }], ["host", `${negotiation}/1`, { n: 0, ack: 0 }], ["host", negotiation, { n: 0, ack: 0 }]]) {
    ann.role.receiveBatch(from, name, batch)
    assert.equal(ann.role.hasOffer, false, name)
  }
  ann.role.receiveBatch("host", `${negotiation}/0`, { n: 0, ack: 0 })
  assert.deepEqual([ann.role.hasOffer, ann.role.state], [true, "negotiating"])
  const present = () => [...ann.role.links.values()][0]
  const link = present()
  ann.role.receiveSignal("host", negotiation, signal)
  await settle()
  assert.deepEqual([present(), ann.ends.size], [link, 1])
  // A later link takes its place, as it does with an offer, and not too often.
  let begun = 0
  for (let number = 0; number < 100; number += 1) {
    const before = present()
    ann.role.receiveBatch("host", `7-${number}x/0`, { n: 0, ack: 0 })
    if (present() !== before) begun += 1
  }
  assert.deepEqual([link.state, begun], ["closed", OFFERS.burst - 1])
  ann.role.stop()
})

test("answers the host, and nobody else", async () => {
  const room = new Room()
  room.loses = (from) => from === "host"
  const ann = await room.join("ann")
  const { negotiation, signal } = room.signals[0]
  ann.role.receiveSignal("bob", negotiation, signal)
  await settle()
  assert.equal(ann.ends.size, 0)
  ann.role.receiveSignal("host", negotiation, signal)
  await settle()
  assert.equal(ann.ends.size, 1)
})

test("a host that begins anew again and again makes this page's browser no more connections than a few", async () => {
  const room = new Room()
  room.loses = (from) => from === "host"
  const ann = await room.join("ann")
  const { signal } = room.signals[0]
  let made = 0
  const count = async () => {
    const before = ann.ends.get("host")
    ann.role.receiveSignal("host", `7-${(made += 1)}x`, signal)
    await settle()
    return ann.ends.get("host") === before ? 0 : 1
  }
  let begun = 0
  for (let offer = 0; offer < 100; offer += 1) begun += await count()
  assert.equal(begun, OFFERS.burst)
  room.clock.advance(1_000 / OFFERS.rate)
  assert.equal(await count(), 1)
})

test("candidates that come before the offer wait for it; those of another attempt don't count", async () => {
  const room = new Room()
  room.loses = (from) => from === "host"
  const ann = await room.join("ann")
  ann.role.receiveSignal("host", "7-1", { candidates: [{ candidate: "candidate:early" }] })
  ann.role.receiveSignal("host", "6-9", { candidates: [{ candidate: "candidate:stale" }] })
  assert.equal(ann.ends.size, 0)
  const { negotiation, signal } = room.signals[0]
  assert.equal(negotiation, "7-1")
  ann.role.receiveSignal("host", negotiation, signal)
  await settle()
  assert.ok(ann.ends.get("host").candidates.includes("candidate:early"))
  assert.ok(!ann.ends.get("host").candidates.includes("candidate:stale"))
})

test("only so many early signals wait, the last ones, and a repeated one counts once", async () => {
  const room = new Room()
  room.loses = (from) => from === "host"
  const ann = await room.join("ann")
  const early = (number) => ({ candidates: [{ candidate: `candidate:${number}-${"x".repeat(1_000)}` }] })
  for (let number = 0; number < 2 * MAX_CANDIDATES; number++) ann.role.receiveSignal("host", "7-1", early(number))
  for (let time = 0; time < 5; time++) ann.role.receiveSignal("host", "7-1", { candidates: [{ candidate: "candidate:last" }] })
  ann.role.receiveSignal("host", "7-1", room.signals[0].signal)
  await settle()
  const candidates = ann.ends.get("host").candidates.filter((candidate) => /xxx|last/.test(candidate))
  assert.ok(candidates.length > 10 && candidates.join("").length <= MAX_EARLY_CHARACTERS)
  assert.deepEqual(candidates.filter((candidate) => candidate === "candidate:last"), ["candidate:last"])
  assert.ok(candidates.includes(early(2 * MAX_CANDIDATES - 1).candidates[0].candidate))
})

test("a new negotiation takes the place of the old one", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  const [before] = [ann.ends.get("host")]
  room.host.role.peerReady("ann")
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.notEqual(ann.ends.get("host"), before)
  assert.equal(before.signalingState, "closed")
})

test("a new negotiation closes the old connection, also if the host's goodbye is lost", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  const before = ann.ends.get("host")
  ann.role.receiveSignal("host", "7-9", { description: { type: "offer", sdp: "v=0\no=end-99" } })
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.equal(before.signalingState, "closed")
  assert.equal(ann.ends.get("host").signalingState, "stable")
})

test("the offer sent again belongs to the same attempt", async () => {
  const room = new Room()
  room.loses = (from) => from === "ann"
  const ann = await room.join("ann")
  await room.pass(2_500)
  assert.equal(room.network.all.length, 2)
  room.loses = () => false
  await room.pass(2_000)
  assert.equal(ann.role.state, "connected")
})

test("a frame without a sender is not shown", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  room.host.channel("ann").send(encodeFrame({ type: "Data", id: 1, data: "who says so?" }))
  room.host.channel("ann").send('{"type":"Data","senderId":7,"id":1,"data":"who says so?"}')
  await settle()
  assert.deepEqual(ann.received, [])
})

test("a lost host is told once, and shown as disconnected, as is this peer", async () => {
  const room = new Room()
  const [ann] = [await room.join("ann"), await room.join("bob")]
  room.host.role.abort()
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.deepEqual(ann.losses.map(({ code }) => code), ["host_lost"])
  assert.deepEqual(ann.presence, { host: "disconnected", ann: "disconnected", bob: "connected" })
})

test("stopping and aborting close the one connection, and tell nothing", async () => {
  for (const end of ["stop", "abort"]) {
    const room = new Room()
    const ann = await room.join("ann")
    ann.role[end]()
    await room.pass(CLOSE_TIMEOUT_MS)
    await settle()
    assert.deepEqual(ann.losses, [])
    assert.equal(room.host.presence.ann, "disconnected")
    assert.deepEqual(room.network.open, [])
  }
})

test("a role that never had a connection can be stopped", () => {
  const room = new Room()
  room.loses = () => true
  room.join("ann")
  const { role } = /** @type {any} */ (room.players.get("ann"))
  role.stop()
  role.abort()
})

// What is for some only

test("hands each frame to the host by its own channel, as it is", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  for (const frame of routed) ann.role.route(frame)
  await room.pass()
  const sent = (label) => ann.channel("host", label).frames.map(decodeFrame).filter((frame) => routed.some(({ type }) => type === frame?.type))
  assert.deepEqual(["messages", "bulk", "fast"].map(sent), [routed.slice(0, 2), routed.slice(3), routed.slice(2, 3)])
})

test("tells what comes from others, with who it is from, and nothing that says no sender", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  const { channel } = { channel: (label) => room.host.channel("ann", label) }
  for (const { to: _to, ...frame } of /** @type {any[]} */ (routed)) {
    const label = { Fast: "fast", Chunk: "bulk", Credit: "bulk" }[frame.type]
    channel(label).send(encodeFrame(frame))
    channel(label).send(encodeFrame({ ...frame, senderId: "bob" }))
  }
  await settle()
  assert.deepEqual(new Set(ann.routed.map(({ type }) => type)), new Set(routed.map(({ type }) => type)))
  assert.equal(ann.routed.length, routed.length)
  assert.ok(ann.routed.every(({ senderId }) => senderId === "bob"))
})

test("says how much of files waits, and when there is room again", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  const channel = ann.channel("host", "bulk")
  channel.stall()
  for (const offset of [0, LOW_BYTES / 2]) ann.role.route({ type: "Chunk", to: ["bob"], transfer: "f", offset, bytes: new Uint8Array(LOW_BYTES / 2) })
  assert.equal(ann.role.buffered(), channel.bufferedAmount)
  assert.ok(ann.role.buffered() > LOW_BYTES)
  const { drains } = ann
  channel.resume()
  await settle()
  assert.deepEqual([ann.role.buffered(), ann.drains], [0, drains + 1])
})

test("of what may be lost, the newest for the same peers on the same topic waits for room", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  const channel = ann.channel("host", "fast")
  channel.stall()
  channel.send("x".repeat(LOW_BYTES + 1))
  let id = 0
  for (let time = 0; time < 3; time++) for (const to of [undefined, ["host"], ["host", "bob"]]) for (const topic of ["a", undefined]) ann.role.route({ type: "Fast", to, inc: "x", id: ++id, topic, data: id })
  channel.resume()
  await settle()
  assert.deepEqual(room.host.routed.map(({ data }) => data), [13, 14, 15, 16, 17, 18])
})

// Who is there

/** @param {[string, string][]} states @param {object} [rest] */
const told = (states, rest) => JSON.stringify({ type: "Data.Connection.State", senderId: "host", data: Object.fromEntries(states), ...rest })

test("what changes within a turn is told once, and before the message that comes with it", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  /** @type {any[]} */
  const heard = []
  ann.rolePeersChanged = () => heard.push(ann.presence)
  ann.messageShown = ({ data }) => heard.push(data)
  const message = (id) => JSON.stringify({ type: "Data", senderId: "host", inc: "x", id, n: id, data: `message ${id}` })
  const states = ["negotiating", "connecting", "connected"].map((state) => told([["bob", state]]))
  room.host.channel("ann").send([...states, message(1), told([["bob", "closed"]]), message(2)].join("\n"))
  await settle()
  const picture = { host: "connected", ann: "connected" }
  assert.deepEqual(heard, [{ ...picture, bob: "connected" }, "message 1", { ...picture, bob: "closed" }, "message 2"])
})

test("a newcomer is told once who is there, though the host tells all of it as well", async () => {
  const room = new Room()
  await room.join("bob")
  const joining = room.join("ann")
  /** @type {any[]} */
  const heard = []
  const ann = /** @type {any} */ (room.players.get("ann"))
  ann.rolePeersChanged = () => heard.push(ann.presence)
  await joining
  await room.pass(1_000)
  assert.deepEqual(heard, [{ host: "connected", bob: "connected", ann: "connected" }])
})

test("a host that tells of new peers without end is told of now and then, and the last picture is right", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  await room.pass(10_000)
  let count = 0
  ann.rolePeersChanged = () => { count += 1 }
  for (let round = 0; round < 2 * PEERS_EVENTS.burst; round++) {
    room.host.channel("ann").send(told([["bob", round % 2 ? "connected" : "negotiating"], [`peer-${round}`, "connected"]]))
    await settle()
  }
  assert.equal(count, PEERS_EVENTS.burst)
  await room.pass(1_000)
  assert.equal(count, PEERS_EVENTS.burst + 1)
  assert.deepEqual([ann.presence.bob, ann.role.peers.size], ["connected", 3 + 2 * PEERS_EVENTS.burst])
})

test("a host tells of so many peers in one frame, and of so many in all", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  const crowd = Array.from({ length: 2 * MAX_PEERS }, (_, index) => /** @type {[string, string]} */ ([`peer-${index}`, "connected"]))
  room.host.channel("ann").send(told(crowd.slice(0, STATES_PER_FRAME + 1)))
  await settle()
  assert.equal(ann.role.peers.size, 2)
  for (let start = 0; start < crowd.length; start += STATES_PER_FRAME) room.host.channel("ann").send(told(crowd.slice(start, start + STATES_PER_FRAME)))
  await settle()
  assert.equal(ann.role.peers.size, MAX_PEERS)
})

test("readers that are invented fill no memory, and those who are there stay silent", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  for (let round = 0; round < 3 * MAX_PEERS; round += STATES_PER_FRAME) {
    const ids = Array.from({ length: STATES_PER_FRAME }, (_, index) => `peer-${round + index}`)
    room.host.channel("ann").send(told(ids.map((id) => [id, "connected"]), { readers: ids }))
    room.host.channel("ann").send(told(ids.slice(1).map((id) => [id, "closed"]), { readers: ids.slice(1) }))
    await settle()
  }
  room.host.channel("ann").send(JSON.stringify({ type: "Fast", senderId: "peer-0", inc: "x", id: 1, data: "I may only read" }))
  await settle()
  assert.deepEqual(ann.routed, [])
})

test("an app that leaves when it is told who is there is told nothing after that, whatever comes in the same packet", async () => {
  const message = JSON.stringify({ type: "Data", senderId: "host", inc: "x", id: 1, n: 1, data: "too late" })
  const letter = JSON.stringify({ type: "Direct", senderId: "bob", inc: "x", id: 1, after: 0, data: "too late" })
  const back = [told([["bob", "negotiating"]]), told([["bob", "connected"]])]
  for (const frames of [[told([["bob", "closed"]]), message], [told([["bob", "closed"]]), letter], back]) {
    const room = new Room()
    const ann = await room.join("ann")
    await room.join("bob")
    await room.pass(1_000)
    let count = 0
    ann.rolePeersChanged = () => {
      count += 1
      ann.role.stop()
    }
    room.host.channel("ann").send(frames.join("\n"))
    await room.pass(CLOSE_TIMEOUT_MS)
    assert.deepEqual([count, ann.received, ann.routed], [1, [], []])
  }
})
