import assert from "node:assert/strict"
import { test } from "node:test"

import { ATTEMPTS_MS } from "../../../static/js/transport/upkeep.js"
import { ServerPath } from "../../../static/js/transport/paths/index.js" // loaded before the clock is a fake one
import { CONNECT_TIMEOUT_MS, fate, HEARTBEAT, RELAY_AFTER_MS, World } from "../support/world.js"

assert.ok(ServerPath)

/** A world whose server carries what peers say. @param {"off" | "fallback" | "first"} relay */
function worldWith(relay) {
  const world = new World()
  world.server.terms = { relay }
  return world
}

/** @param {import("../support/world.js").World} world @param {string} peerId */
async function join(world, peerId) {
  const page = world.page(peerId)
  page.peer.start()
  await world.pass(100)
  return page
}

/** Lets two peers talk, each sending so many messages. */
async function talk(world, pages, count, everyMs = 5) {
  const fates = []
  for (let number = 0; number < count; number++) {
    for (const page of pages) fates.push(fate(page.peer.send(`${page.said = (page.said ?? 0) + 1}`)))
    await world.pass(everyMs)
  }
  return fates
}

/** Everybody was shown everything, once and in order. */
function assertComplete(pages, total) {
  for (const page of pages) {
    for (const other of pages) {
      const numbers = page.messages.filter(({ senderId }) => senderId === other.id).map(({ data }) => Number(data))
      assert.deepEqual(numbers, Array.from({ length: total }, (_, index) => index + 1), `${page.id} of ${other.id}`)
    }
    assert.deepEqual(page.gaps, [])
  }
}

async function two(relay, prepare = () => undefined) {
  const world = worldWith(relay)
  prepare(world)
  const pages = [await join(world, "ann"), await join(world, "bob")]
  pages.forEach((page, index) => { page.id = ["ann", "bob"][index] })
  return { world, pages, ann: pages[0], bob: pages[1] }
}

test("where browsers find no path to each other, the server carries what they say, soon", async () => {
  const { world, pages, bob } = await two("fallback", ({ network }) => { network.isReachable = false })
  await world.pass(RELAY_AFTER_MS)
  assert.deepEqual([bob.lastState, bob.peer.paths.get("ann"), bob.errorCodes], ["connected", "server", []])
  assert.equal(pages[0].peer.paths.get("bob"), "server")
  const fates = await talk(world, pages, 200)
  await world.pass(5_000)
  assertComplete(pages, 200)
  assert.deepEqual([...new Set(fates.map(({ is }) => is))], ["resolved"])
  assert.equal(bob.signaling.isConnected, true)
})

test("where the server may carry nothing, that is an error, in time", async () => {
  const { world, bob } = await two("off", ({ network }) => { network.isReachable = false })
  await world.pass(CONNECT_TIMEOUT_MS)
  assert.deepEqual([bob.lastState, bob.errorCodes], ["failed", ["ice_failed"]])
})

test("the server carries a link first, and lets go when the browsers have found a path", async () => {
  const world = worldWith("first")
  const ann = await join(world, "ann")
  world.network.isReachable = false
  const bob = await join(world, "bob")
  Object.assign(ann, { id: "ann" })
  Object.assign(bob, { id: "bob" })
  assert.deepEqual([bob.lastState, bob.peer.paths.get("ann")], ["connected", "server"])
  await talk(world, [ann, bob], 50)
  world.network.isReachable = true
  await talk(world, [ann, bob], 2_000)
  await world.pass(ATTEMPTS_MS[0])
  assert.deepEqual([bob.peer.paths.get("ann"), ann.peer.paths.get("bob"), bob.signaling.isConnected], ["direct", "direct", false])
  await world.pass(5_000)
  assertComplete([ann, bob], 2_050)
  assert.deepEqual(bob.states.filter((state) => state === "disconnected"), [])
  assert.deepEqual(bob.paths, [["ann", "server"], ["ann", "direct"]])
})

test("ten times cut and mended, a link goes over the server and back, and nothing is lost, doubled or out of order", async () => {
  const { world, pages, bob, ann } = await two("fallback")
  let total = 0
  for (let time = 0; time < 10; time++) {
    world.network.isCut = true
    await talk(world, pages, 800)
    world.network.isCut = false
    world.network.isReachable = true
    await talk(world, pages, 1_600)
    total += 2_400
  }
  await world.pass(10_000)
  assertComplete(pages, total)
  assert.deepEqual([bob.states.filter((state) => state === "disconnected"), ann.errorCodes, bob.errorCodes], [[], [], []])
  assert.ok(bob.paths.filter(([, path]) => path === "server").length >= 9, JSON.stringify(bob.paths))
})

test("the server goes away while it carries a link, and comes back: the link goes on", async () => {
  const { world, pages, bob, ann } = await two("fallback", ({ network }) => { network.isReachable = false })
  await world.pass(RELAY_AFTER_MS)
  await talk(world, pages, 100)
  world.server.stop()
  await talk(world, pages, 500, 10)
  world.server.restart()
  await talk(world, pages, 1_000)
  await world.pass(20_000)
  assertComplete(pages, 1_600)
  assert.deepEqual([bob.states.filter((state) => state === "disconnected"), ann.peer.iamHost, bob.errorCodes], [[], true, []])
})

test("a client whose host leaves over the server hears of it at once", async () => {
  const { world, ann, bob } = await two("fallback", ({ network }) => { network.isReachable = false })
  await world.pass(RELAY_AFTER_MS)
  ann.peer.abort()
  await world.pass(50)
  assert.ok(bob.states.includes("disconnected"))
  await world.pass(1_000)
  assert.deepEqual([bob.peer.iamHost, bob.lastState], [true, "connected"])
})

test("a client that is silent over the server is lost after its time, as any other", async () => {
  const { world, ann, bob } = await two("fallback", ({ network }) => { network.isReachable = false })
  await world.pass(RELAY_AFTER_MS)
  world.server.loses = (event, _payload, peerId) => event === "relay" && peerId === "ann"
  await world.pass(HEARTBEAT.idleTimeoutMs + 1_000)
  assert.equal(ann.presence.bob, "disconnected")
  assert.ok(bob)
})
