import assert from "node:assert/strict"
import { test } from "node:test"

import { CLOSE_TIMEOUT_MLS, LOW_BYTES } from "../../static/js/channel.js"
import { Content } from "../../static/js/contents.js"
import { decodeFrame, encodeFrame } from "../../static/js/messages.js"
import { MAX_WAITING_CANDIDATES } from "../../static/js/negotiation.js"
import { settle } from "./support/fake_clock.js"
import { Room } from "./support/room.js"

/** One of each kind that is for some only. @type {import("../../static/js/messages.js").RoutedFrame[]} */
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

test("only so many early signals wait", async () => {
  const room = new Room()
  room.loses = (from) => from === "host"
  const ann = await room.join("ann")
  for (let number = 0; number < MAX_WAITING_CANDIDATES + 50; number++) ann.role.receiveSignal("host", "7-1", { candidates: [{ candidate: "candidate:early" }] })
  ann.role.receiveSignal("host", "7-1", room.signals[0].signal)
  await settle()
  assert.equal(ann.ends.get("host").candidates.filter((candidate) => candidate === "candidate:early").length, MAX_WAITING_CANDIDATES)
})

test("a new negotiation takes the place of the old one", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  const [before] = [ann.ends.get("host")]
  room.host.role.peerReady("ann")
  await room.pass(CLOSE_TIMEOUT_MLS)
  assert.notEqual(ann.ends.get("host"), before)
  assert.equal(before.signalingState, "closed")
})

test("a new negotiation closes the old connection, also if the host's goodbye is lost", async () => {
  const room = new Room()
  const ann = await room.join("ann")
  const before = ann.ends.get("host")
  ann.role.receiveSignal("host", "7-9", { description: { type: "offer", sdp: "v=0\no=end-99" } })
  await room.pass(CLOSE_TIMEOUT_MLS)
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
  await room.pass(CLOSE_TIMEOUT_MLS)
  assert.deepEqual(ann.losses.map(({ code }) => code), ["host_lost"])
  assert.deepEqual(ann.presence, { host: "disconnected", ann: "disconnected", bob: "connected" })
})

test("stopping and aborting close the one connection, and tell nothing", async () => {
  for (const end of ["stop", "abort"]) {
    const room = new Room()
    const ann = await room.join("ann")
    ann.role[end]()
    await room.pass(CLOSE_TIMEOUT_MLS)
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
