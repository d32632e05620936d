import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { ATTEMPTS_MS } from "../../../static/js/transport/upkeep.js"
import { ServerPath } from "../../../static/js/transport/paths/index.js" // loaded before the clock is a fake one
import { CONNECT_TIMEOUT_MS, HEARTBEAT, RELAY_AFTER_MS, talk, World } from "../support/world.js"

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

test("a browser that has no connection left is told of, and does no harm: its host tries again later", async () => {
  const { world, pages, ann, bob } = await two("fallback", ({ network }) => { network.isReachable = false })
  await world.pass(RELAY_AFTER_MS)
  world.network.isExhausted = true
  await talk(world, pages, 100, 1_000)
  assert.deepEqual([...new Set(ann.errorCodes)], ["bad_request"])
  assert.ok(ann.errorCodes.length <= 2, String(ann.errorCodes))
  Object.assign(world.network, { isExhausted: false, isReachable: true })
  await world.pass(ATTEMPTS_MS.at(-1) + 1_000)
  assert.deepEqual([bob.peer.paths.get("ann"), ann.peer.paths.get("bob"), bob.errorCodes], ["direct", "direct", []])
  assertComplete(pages, 100)
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

test("what is said while the server is away waits for it as long as the link does", async () => {
  const { world, pages, bob, ann } = await two("fallback", ({ network }) => { network.isReachable = false })
  await world.pass(RELAY_AFTER_MS)
  await talk(world, pages, 100)
  world.server.stop()
  await talk(world, pages, 500, 10)
  await world.pass(12_000)
  assert.deepEqual(bob.states.filter((state) => state === "disconnected"), [])
  world.server.restart()
  await world.pass(20_000)
  assertComplete(pages, 600)
  assert.deepEqual([bob.states.filter((state) => state === "disconnected"), ann.peer.iamHost], [[], true])
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

for (const [what, happen] of /** @type {[string, (world: any, pages: any) => Promise<void>][]} */ ([
  ["the host's socket is away for a moment", async (world, { ann }) => {
    world.server.dropSocket("ann")
    await world.pass(1_000)
    world.server.connect(ann.signaling)
  }],
  ["the client's socket is away for a moment", async (world, { bob }) => {
    world.server.dropSocket("bob")
    await world.pass(1_000)
    world.server.connect(bob.signaling)
  }],
  ...["ann", "bob"].map((peerId) => /** @type {[string, (world: any) => Promise<void>]} */ ([`a batch to ${peerId} is lost`, async (world) => {
    let losses = 0
    world.server.loses = (event, batch, to) => event === "relay" && to === peerId && batch.n > 0 && losses++ === 0
  }])),
  ...[1, 2, 3].map((count) => /** @type {[string, (world: any) => Promise<void>]} */ ([`the server carries nothing for ${count} s`, async (world) => {
    const until = world.clock.now() + 1_000 * count
    world.server.refuseBatch = () => (world.clock.now() < until ? new P2pError("relay_full", { retryAfterMls: 200 }) : null)
  }])),
])) {
  test(`over the server, ${what}: the link goes on, and nothing is lost`, async () => {
    const { world, pages, ann, bob } = await two("fallback", ({ network }) => { network.isReachable = false })
    await world.pass(RELAY_AFTER_MS)
    await talk(world, pages, 50)
    await happen(world, { ann, bob })
    await talk(world, pages, 1_000, 10)
    await world.pass(2_000)
    assertComplete(pages, 1_050)
    assert.deepEqual([ann.states, bob.states], [["negotiating", "connected"], ["negotiating", "connecting", "connected"]])
    // The app is told of a server that is full for long.
    for (const { errorCodes } of [ann, bob]) assert.deepEqual(errorCodes.filter((code) => code !== "relay_full" || !what.includes("3 s")), [])
    assert.equal(ann.presence.bob, "connected")
  })
}

test("now and then a batch is lost, and the link goes on", async () => {
  const { world, pages, ann, bob } = await two("fallback", ({ network }) => { network.isReachable = false })
  await world.pass(RELAY_AFTER_MS)
  let batches = 0
  world.server.loses = (event, { n }) => event === "relay" && n > 0 && ++batches % 300 === 0
  await talk(world, pages, 3_000, 10)
  world.server.loses = () => false
  await world.pass(10_000)
  assertComplete(pages, 3_000)
  assert.ok(batches > 600)
  assert.deepEqual([ann.states.length, bob.states.length, ann.errorCodes, bob.errorCodes], [2, 3, [], []])
})

test("a client's choice that waits on a line which was cut doesn't take the host back when the line is whole", async () => {
  const { world, pages, ann, bob } = await two("fallback")
  await talk(world, pages, 10)
  const held = []
  const carry = world.network.carry.bind(world.network)
  const goOver = async (cut) => {
    world.network.carry = cut ? (_channel, arrive) => void held.push(arrive) : carry
    world.network.isReachable = !cut
    await talk(world, pages, 900, 10)
  }
  await goOver(true)
  assert.equal(bob.peer.paths.get("ann"), "server")
  // The line heals, and is cut again just when the client has chosen it.
  world.network.carry = (channel, arrive) => {
    const isChoice = channel.sent.at(-1)?.includes?.('"Resume"')
    if (isChoice) world.network.carry = (_channel, later) => void held.push(later)
    if (isChoice) held.push(arrive)
    else carry(channel, arrive)
  }
  held.splice(0).forEach((arrive) => arrive())
  await talk(world, pages, 900, 10)
  assert.equal(bob.peer.paths.get("ann"), "server")
  await goOver(true)
  world.network.isReachable = true
  world.network.carry = carry
  for (const arrive of held.splice(0)) {
    arrive()
    await world.pass(1)
  }
  await talk(world, pages, 1_000, 10)
  await world.pass(10_000)
  assertComplete(pages, 10 + 900 + 900 + 900 + 1_000)
  assert.deepEqual([ann.states, bob.states, ann.errorCodes, bob.errorCodes], [["negotiating", "connected"], ["negotiating", "connecting", "connected"], [], []])
})
