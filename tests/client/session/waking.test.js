import assert from "node:assert/strict"
import { test } from "node:test"

import { LOOK_DELAYS_MS } from "../../../static/js/signaling/search.js"
import { CALM_MS } from "../../../static/js/session/reconnection.js"
import { MAX_REJOINS } from "../../../static/js/base/backoff.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { CONNECT_TIMEOUT_MS, fate, World } from "../support/world.js"

// The network is back

/** @type {Record<string, (world: World) => void>} */
const TROUBLES = {
  signaling_lost: ({ server }) => { server.isDown = true },
  connect_timeout: ({ server }) => { server.loses = () => true },
  ice_failed: ({ network }) => { network.isReachable = false },
  unavailable: ({ server }) => { server.refuse = () => new P2pError("unavailable") },
}

for (const [code, trouble] of Object.entries(TROUBLES)) {
  test(`a peer that has failed for want of a network (${code}) comes back with it`, async () => {
    const world = new World()
    await world.session("ann")
    trouble(world)
    const bob = world.page("bob")
    bob.peer.start()
    await world.pass(CONNECT_TIMEOUT_MS)
    assert.deepEqual([bob.lastState, bob.errorCodes], ["failed", [code]])
    Object.assign(world.server, { isDown: false, loses: () => false, refuse: () => null })
    world.network.isReachable = true
    bob.peer.hurry()
    await world.pass(1_000)
    assert.deepEqual([bob.lastState, bob.errorCodes], ["connected", [code]])
    bob.peer.hurry()
    await world.pass(1_000)
    assert.equal(world.server.heard("join").filter(({ peerId }) => peerId === "bob").length, code === "signaling_lost" ? 1 : 2)
  })
}

test("one that finds no network then fails once more, and comes back the next time", async () => {
  const world = new World()
  world.server.isDown = true
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  ann.peer.hurry()
  ann.peer.hurry()
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["failed", ["signaling_lost", "signaling_lost"]])
  world.server.restart()
  ann.peer.hurry()
  await world.pass(100)
  assert.equal(ann.lastState, "connected")
})

test("one that has failed for good, or has left, or is to be brought back by its app alone, doesn't", async () => {
  for (const code of /** @type {const} */ (["forbidden", "token_expired", "unauthorized", "session_expired", "bad_request"])) {
    const world = new World()
    world.server.refuse = () => new P2pError(code)
    const ann = world.page("ann")
    ann.peer.start()
    await world.pass(100)
    world.server.refuse = () => null
    ann.peer.hurry()
    await world.pass(CONNECT_TIMEOUT_MS)
    assert.deepEqual([ann.lastState, ann.errorCodes, world.server.heard("join").length], ["failed", [code], 1])
  }
  for (const end of /** @type {const} */ (["close", "abort"])) {
    const world = new World()
    const [ann] = await world.session("ann")
    ann.peer[end]()
    ann.peer.hurry()
    await world.pass(CONNECT_TIMEOUT_MS)
    assert.equal(ann.lastState, "closed")
  }
  const world = new World()
  const [ann] = await world.session("ann")
  const bob = world.page("bob", { autoReconnect: false })
  bob.peer.start()
  await world.pass(100)
  ann.peer.abort()
  await world.pass(100)
  bob.peer.hurry()
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([bob.lastState, bob.errorCodes], ["disconnected", ["host_lost"]])
})

test("one that has failed, and was closed then, stays closed", async () => {
  const world = new World()
  world.server.isDown = true
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  ann.peer.close()
  world.server.restart()
  ann.peer.hurry()
  await world.pass(1_000)
  assert.equal(ann.lastState, "closed")
})

test("one that has given up after too many attempts comes back, too", async () => {
  const world = new World()
  const [ann, bob] = await world.session("ann", "bob")
  ann.peer.abort()
  world.server.refuse = () => new P2pError("unavailable")
  await world.pass(2 * MAX_REJOINS * 5_000)
  assert.equal(bob.lastState, "disconnected")
  world.server.refuse = () => null
  bob.peer.hurry()
  await world.pass(1_000)
  assert.deepEqual([bob.lastState, bob.peer.iamHost], ["connected", true])
})

test("a host that waits to ask the server again doesn't wait any longer", async () => {
  const world = new World()
  const [ann] = await world.session("ann", "bob")
  world.server.refuse = () => new P2pError("unavailable", { retryAfterMls: CALM_MS })
  world.server.dropSocket("ann")
  world.server.connect(ann.signaling)
  await world.pass(1_000)
  world.server.refuse = () => null
  ann.peer.hurry()
  await world.pass(100)
  assert.deepEqual([world.server.sockets, ann.errorCodes], [["ann"], []])
  await world.pass(2 * CALM_MS)
  assert.equal(world.server.heard("join").filter(({ peerId }) => peerId === "ann").length, 3)
})

// The server answers again

test("a peer that has failed because its server was away comes back when that answers again", async () => {
  const world = new World()
  world.server.isDown = true
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS + 300_000)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["failed", ["signaling_lost"]])
  world.server.isDown = false
  await world.pass(LOOK_DELAYS_MS.at(-1))
  assert.deepEqual([ann.lastState, ann.errorCodes], ["connected", ["signaling_lost"]])
  assert.equal(world.server.heard("join").length, 1)
})

test("soon, if it wasn't away for long", async () => {
  const world = new World()
  world.server.isDown = true
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  world.server.isDown = false
  await world.pass(LOOK_DELAYS_MS[0])
  assert.equal(ann.lastState, "connected")
})

test("one that was connected, and has given up, does so, too", async () => {
  const world = new World()
  const [ann, bob] = await world.session("ann", "bob")
  ann.peer.abort()
  world.server.isDown = true
  await world.pass(2 * MAX_REJOINS * (CONNECT_TIMEOUT_MS + 5_000))
  assert.equal(bob.lastState, "disconnected")
  world.server.isDown = false
  await world.pass(LOOK_DELAYS_MS.at(-1))
  assert.equal(bob.lastState, "connected")
})

test("nobody looks for the server of a peer that was closed, or that only its app may bring back", async () => {
  for (const [options, end] of /** @type {const} */ ([[{}, "later"], [{}, "while it is told"], [{ autoReconnect: false }, "never"]])) {
    const world = new World()
    world.server.isDown = true
    const ann = world.page("ann", options)
    if (end === "while it is told") ann.on.failed = () => ann.peer.close()
    ann.peer.start()
    await world.pass(CONNECT_TIMEOUT_MS)
    if (end === "later") ann.peer.close()
    assert.equal(world.clock.pending, 0)
    world.server.isDown = false
    await world.pass(10 * LOOK_DELAYS_MS.at(-1))
    assert.equal(ann.lastState, end === "never" ? "failed" : "closed")
  }
})

test("a server that is only seen, and can't be joined, is asked no oftener for it", async () => {
  const world = new World()
  world.server.isDown = true
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(CONNECT_TIMEOUT_MS)
  const pauses = LOOK_DELAYS_MS.reduce((sum, ms) => sum + ms, 0)
  ann.signaling.seesServer = true
  await world.pass(pauses + LOOK_DELAYS_MS.length * CONNECT_TIMEOUT_MS)
  assert.equal(ann.errorCodes.length, 1 + LOOK_DELAYS_MS.length)
})

// The page has slept

const HOUR_MS = 3_600_000

/**
 * Every page is frozen for an hour, and what came meanwhile comes when they wake.
 * @param {World} world
 */
async function sleepAll(world) {
  world.clock.leap(HOUR_MS)
  await world.pass()
}

test("an attempt in the middle of which the page slept has its time when it is awake", async () => {
  const world = new World()
  TROUBLES.signaling_lost(world)
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(1_000)
  await sleepAll(world)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["negotiating", []])
  world.server.restart()
  await world.pass(CONNECT_TIMEOUT_MS - 1)
  assert.deepEqual([ann.lastState, ann.errorCodes], ["connected", []])
})

test("so has a connection that was being made", async () => {
  const world = new World()
  const [ann] = await world.session("ann")
  TROUBLES.ice_failed(world)
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(1_000)
  await sleepAll(world)
  assert.deepEqual([bob.lastState, bob.errorCodes, ann.presence.bob], ["connecting", [], "connecting"])
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([bob.lastState, bob.errorCodes, ann.presence.bob], ["failed", ["ice_failed"], "disconnected"])
})

test("a handover, a request and a message to who was away aren't given up because this page slept", async () => {
  const world = new World()
  const [ann, bob] = await world.session("ann", "bob")
  bob.topics.respond("t", () => 1)
  world.server.loses = () => true
  world.network.isCut = true
  const fates = [fate(ann.peer.handOver("bob")), fate(ann.peer.request("bob", "t", 1))]
  await sleepAll(world)
  assert.deepEqual(fates.map(({ is }) => is), ["pending", "pending"])
  await world.pass(30_000)
  assert.ok(fates.every(({ is }) => is !== "pending"))
})
