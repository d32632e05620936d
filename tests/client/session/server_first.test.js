// Links that the server carries first (P2P_RELAY="first").
import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { ServerPath } from "../../../static/js/transport/paths/index.js" // loaded before the clock is a fake one
import { HEAD_START_MS } from "../../../static/js/transport/upkeep.js"
import { RELAY_AFTER_MS, talk, World } from "../support/world.js"

assert.ok(ServerPath)

/** A session with a host, whose server tells what goes by. */
async function hosted() {
  const world = new World()
  world.server.terms = { relay: "first" }
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(100)
  /** @type {[event: string, to: string, payload: any][]} */
  const log = []
  world.server.loses = (event, payload, to) => void log.push([event, to, payload])
  return { world, ann, log }
}

/** What a page was shown of another one. */
const numbersOf = (page, senderId) => page.messages.filter((message) => message.senderId === senderId && Number(message.data) > 0).map(({ data }) => Number(data))

/** All from the first one on, in order. */
const upTo = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

test("a newcomer is shown the host's first word after three messages over the server, and before the browsers look for a path", async () => {
  const { world, ann, log } = await hosted()
  ann.on.peers = (peers) => {
    if (peers.get("bob") === "connected") void ann.peer.send("welcome")
    ann.on.peers = peers.get("bob") === "connected" ? () => undefined : ann.on.peers
  }
  const bob = world.page("bob")
  /** @type {string[] | null} */
  let before = null
  bob.on.message = ({ data }) => { if (data === "welcome") before = log.map(([event, to]) => `${event} to ${to}`) }
  bob.peer.start()
  await world.pass(HEAD_START_MS / 2)
  assert.deepEqual(before, ["session_ready to bob", "session_ready to ann", "relay to bob", "relay to ann", "relay to bob"])
  assert.equal(world.network.all.length, 0)
  await world.pass(HEAD_START_MS)
  assert.deepEqual(bob.paths, [["ann", "server"], ["ann", "direct"]])
  await world.pass(1_000)
  assert.deepEqual([bob.states, bob.signaling.isConnected], [["negotiating", "connected"], false])
})

/** Loses the first message that fits. */
function loseFirst(world, fits) {
  const { loses } = world.server
  let count = 0
  world.server.loses = (event, payload, to) => loses(event, payload, to) || (event === "relay" && fits(payload, to) && count++ === 0)
}

for (const [what, happen] of /** @type {[string, (world: any, ann: any) => void][]} */ ([
  ["nothing happens", () => undefined],
  ["the host's call is lost", (world) => loseFirst(world, ({ n }, to) => n === 0 && to === "bob")],
  ["the client's first batch is lost", (world) => loseFirst(world, ({ n }, to) => n === 1 && to === "ann")],
  ["the host's first batch is lost", (world) => loseFirst(world, ({ n }, to) => n === 1 && to === "bob")],
  ["a later batch is lost", (world) => loseFirst(world, ({ n }, to) => n === 2 && to === "bob")],
  ["the host's call comes late", (world) => { world.server.latency = (to) => (to === "bob" ? 700 : 0) }],
  ["the server carries nothing for a time", (world) => {
    const until = world.clock.now() + 1_000
    world.server.refuseBatch = () => (world.clock.now() < until ? new P2pError("relay_full", { retryAfterMls: 100 }) : null)
  }],
  ["the server carries nothing at all", (world) => { world.server.refuseBatch = () => new P2pError("forbidden") }],
  ["the host's socket is lost after the call", (world, ann) => loseFirst(world, ({ n }, to) => {
    const isCall = n === 0 && to === "bob"
    if (isCall) queueMicrotask(() => world.server.dropSocket("ann"))
    if (isCall) world.clock.setTimeout(() => world.server.connect(ann.signaling), 1_000)
    return isCall
  })],
  ["the browsers find no path at first", (world) => {
    world.network.isReachable = false
    world.clock.setTimeout(() => { world.network.isReachable = true }, 3_000)
  }],
  ["the first path between the browsers is cut when it is open", (world) => {
    world.clock.setTimeout(() => { world.network.isCut = true }, HEAD_START_MS + 1)
    world.clock.setTimeout(() => { world.network.isCut = false }, 4_000)
  }],
  ["the first path between the browsers dies when the client has chosen it", (world) => {
    const carry = world.network.carry.bind(world.network)
    let dead = []
    world.network.carry = (channel, arrive) => {
      if (!dead.includes(channel)) carry(channel, arrive)
      if (dead.length === 0 && channel.sent.at(-1)?.includes?.('"Resume"')) dead = world.network.all.flatMap(({ channels }) => channels)
    }
  }],
])) {
  test(`the server carries a link first, and ${what}: both hear all that is said, once and in order, and end on a direct path`, async () => {
    const { world, ann } = await hosted()
    happen(world, ann)
    const bob = world.page("bob")
    bob.peer.start()
    const fates = await talk(world, [ann, bob], 2_000)
    world.server.loses = () => false
    fates.push(...await talk(world, [ann, bob], 1_000, 20))
    await world.pass(10_000)
    assert.deepEqual([...new Set(fates.map(({ is }) => is))], ["resolved"])
    assert.deepEqual(numbersOf(ann, "bob"), upTo(1, 3_000))
    assert.deepEqual(numbersOf(bob, "bob"), upTo(1, 3_000))
    const [first] = numbersOf(bob, "ann")
    assert.deepEqual(numbersOf(bob, "ann"), upTo(first, 3_000))
    assert.deepEqual([bob.lastState, ann.peer.paths.get("bob"), bob.peer.paths.get("ann"), bob.gaps, ann.gaps], ["connected", "direct", "direct", [], []])
    assert.deepEqual(bob.states.filter((state) => state === "disconnected"), [])
  })
}

test("a client whose host hasn't called over the server in time calls it", async () => {
  const { world, ann, log } = await hosted()
  world.network.isReachable = false
  const { loses } = world.server
  world.server.loses = (event, payload, to) => loses(event, payload, to) || (event === "relay" && payload.negotiation.endsWith("/0"))
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(HEAD_START_MS + RELAY_AFTER_MS + 100)
  assert.deepEqual([bob.peer.paths.get("ann"), ann.peer.paths.get("bob")], ["server", "server"])
  assert.ok(log.some(([event, to, { negotiation }]) => event === "relay" && to === "ann" && negotiation.endsWith("/1")))
  await talk(world, [ann, bob], 100)
  await world.pass(1_000)
  assert.deepEqual([numbersOf(ann, "bob"), numbersOf(bob, "ann")], [upTo(1, 100), upTo(1, 100)])
})

test("a call of the present link, or of nobody's, begins nothing", async () => {
  const { world, log } = await hosted()
  const bob = world.page("bob")
  bob.peer.start()
  await world.pass(1_000)
  const [, , call] = /** @type {any} */ (log.find(([event, to]) => event === "relay" && to === "bob"))
  const { role } = bob.peer.leadership
  const [link] = role.links.values()
  for (const [from, name] of [["ann", call.negotiation], ["cyd", "7-99/0"], ["ann", "7-99/1"], ["ann", "7-99"], ["ann", ""]]) {
    role.receiveBatch(from, name, { n: 0, ack: 0 })
    assert.equal([...role.links.values()][0], link)
  }
  await world.pass(1_000)
  assert.deepEqual([bob.lastState, bob.peer.paths.get("ann")], ["connected", "direct"])
})
