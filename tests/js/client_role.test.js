import assert from "node:assert/strict"
import { test } from "node:test"

import { CLOSE_TIMEOUT_MLS } from "../../static/js/channel.js"
import { encodeFrame } from "../../static/js/messages.js"
import { MAX_WAITING_CANDIDATES } from "../../static/js/negotiation.js"
import { settle } from "./support/fake_clock.js"
import { Room } from "./support/room.js"

test("waits for the host's offer, and says what it waits for", async () => {
  const room = new Room()
  room.loses = () => true
  const ann = await room.join("ann")
  assert.equal(ann.role.state, "negotiating")
  assert.equal(ann.role.timeoutError().code, "connect_timeout")
  assert.equal(ann.role.isSynced, false)
  assert.throws(() => ann.role.send(1, '"hello"'), { code: "not_joined" })
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
