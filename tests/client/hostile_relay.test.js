import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../static/js/base/errors.js"
import { MAX_BATCH_BYTES, MAX_BATCH_PACKETS, OFFERS } from "../../static/js/base/limits.js"
import { CLOSE_TIMEOUT_MS } from "../../static/js/transport/data_channel.js"
import { ServerPath } from "../../static/js/transport/paths/index.js" // loaded before the clock is a fake one
import { HostileWorld } from "./support/hostile.js"
import { reported } from "./support/report_error.js"
import { fate, HEARTBEAT, RELAY_AFTER_MS, World } from "./support/world.js"

assert.ok(ServerPath)

const beat = '{"type":"Heartbeat"}'

/** A session whose links go over the server; mallory is a client, or the host. @param {"client" | "host"} attacker */
async function open(attacker) {
  const world = new World()
  world.server.terms = { relay: "fallback" }
  world.network.isReachable = false
  const names = attacker === "client" ? ["ann", "bob", "cleo", "mallory"] : ["mallory", "bob", "cleo"]
  const pages = await world.session(...names)
  await world.pass(RELAY_AFTER_MS + 1_000)
  for (const page of pages) assert.equal(page.lastState, "connected")
  const victim = attacker === "client" ? "ann" : "bob"
  return { world, pages: Object.fromEntries(pages.map((page, index) => [names[index], page])), victim }
}

/** Says something to a page as the server would pass it on. @param {World} world @param {string} to @param {any} batch */
function say(world, to, batch) {
  world.server.emit(to, "relay", { epoch: world.server.epoch, ack: 0, ...batch })
}

/** Everybody but mallory is in the session, and hears the others. @param {any} scene */
async function assertWell({ world, pages }) {
  await world.pass(20_000)
  assert.deepEqual(reported, [])
  const honest = Object.values(pages).filter(({ peer }) => peer !== pages.mallory.peer)
  for (const { errors } of Object.values(pages)) assert.ok(errors.every((error) => error instanceof P2pError))
  const said = fate(honest[0].peer.send("still here"))
  await world.pass(2_000)
  assert.equal(said.is, "resolved")
  for (const { messages } of honest) assert.equal(messages.at(-1)?.data, "still here")
  for (const { peer } of Object.values(pages)) peer.abort()
  await world.pass(CLOSE_TIMEOUT_MS + 10_000)
  assert.equal(world.clock.pending, 0)
}

/** The names of the links, from the offers that went over the server. @param {World} world @param {string} host @param {string} client */
function linkBetween(world, host, client) {
  return world.server.heard("sdp_offer").find(({ peerId, payload }) => peerId === host && payload.to === client).payload.negotiation
}

for (const attacker of /** @type {const} */ (["client", "host"])) {
  const scene = async () => {
    const opened = await open(attacker)
    const { world, victim } = opened
    const link = attacker === "client" ? linkBetween(world, "ann", "mallory") : linkBetween(world, "mallory", "bob")
    return { ...opened, link, attack: (batch) => say(world, victim, { from: "mallory", negotiation: `${link}/1`, ...batch }) }
  }

  test(`a ${attacker} may send packets that never end`, async () => {
    const opened = await scene()
    for (let n = 1_000, count = 0; count < 1_000; count++) opened.attack({ negotiation: `${opened.link}/1`, n: n++, packets: ["x".repeat(MAX_BATCH_BYTES)], part: true })
    await opened.world.pass(100)
    await assertWell(opened)
    const again = await scene()
    if (attacker === "client") {
      again.attack({ negotiation: `${again.link}/9`, n: 0 })
      await again.world.pass(10)
      for (let n = 1; n <= 3_000; n++) again.attack({ negotiation: `${again.link}/9`, n, packets: ["x".repeat(MAX_BATCH_BYTES)], part: true })
      await again.world.pass(100)
      assert.notEqual(again.pages.ann.presence.mallory, "connected")
    }
    await assertWell(again)
  })

  test(`a ${attacker} may send what is no frame, and no base64`, async () => {
    const opened = await scene()
    const rubbish = ["b!", "b", "bA", "b====", "", "{", "null", "\ud800", `${"[".repeat(5_000)}`, "b".repeat(32_000), "\n".repeat(2_000)]
    const name = `${opened.link}/7`
    if (attacker === "client") opened.attack({ negotiation: name, n: 0 })
    await opened.world.pass(10)
    for (let n = 1; n < 5; n++) opened.attack({ negotiation: attacker === "client" ? name : `${opened.link}/1`, n: attacker === "client" ? n : n + 10_000, packets: rubbish })
    await opened.world.pass(100)
    await assertWell(opened)
  })

  test(`a ${attacker} may name any number, and any path`, async () => {
    const opened = await scene()
    const { link } = opened
    for (const n of [0, 2, 2 ** 53 - 1]) for (const ack of [0, 1, 2 ** 53 - 1]) for (const name of [link, `${link}/`, `${link}/1`, `${link}/1e308`, `${link}/Infinity`, `${link}/-1`, `${link}/x`, `x/${link}/1`, "/", "9-9/1", "__proto__/1", "constructor/1"]) {
      opened.attack({ n, ack, negotiation: name, ...(n > 0 && { packets: [beat], lane: "bulk" }) })
    }
    await opened.world.pass(1_000)
    await assertWell(opened)
  })

  test(`a ${attacker} may begin a thousand paths`, async () => {
    const opened = await scene()
    const { world, link } = opened
    for (let number = 1; number <= 1_000; number++) {
      opened.attack({ negotiation: `${link}/${number}`, n: 0 })
      if (number % 10 === 0) await world.pass(10)
    }
    assert.ok(world.clock.pending < 100, String(world.clock.pending))
    await assertWell(opened)
  })

  test(`a ${attacker} may flood before the code for paths over the server is there`, async () => {
    const opened = await scene()
    for (let count = 0; count < 10_000; count++) opened.attack({ negotiation: `${opened.link}/${2 + (count % 50)}`, n: count % 7, packets: Array(MAX_BATCH_PACKETS).fill(beat) })
    await opened.world.pass(1_000)
    await assertWell(opened)
  })
}

test("a client that talks over the server may ask for restarts: its host makes no connection for them", async () => {
  const count = async (/** @type {string[]} */ extra) => {
    const opened = await open("client")
    const { world } = opened
    const link = linkBetween(world, "ann", "mallory")
    world.server.refuseBatch = ({ negotiation, packets, lane }) => {
      if (negotiation.startsWith(link) && packets && !lane) packets.push(...extra)
      return null
    }
    const made = world.network.all.length
    await world.pass(60_000)
    await assertWell(opened)
    return world.network.all.length - made
  }
  const usual = await count([])
  assert.equal(await count(['{"type":"Signal","negotiation":"x","restart":true}']), usual)
})

test("what isn't from the host is nothing to a client, and what isn't from the client whose link it is, nothing to a host", async () => {
  const opened = await open("client")
  const { world, pages } = opened
  const link = linkBetween(world, "ann", "bob")
  const goodbye = '{"type":"Goodbye"}'
  for (const number of [1, 2, 99]) for (const n of [0, 1, 2, 3, 500]) {
    for (const [to, from] of [["bob", "mallory"], ["bob", "cleo"], ["bob", "nobody"], ["ann", "mallory"], ["ann", "nobody"], ["mallory", "bob"]]) say(world, to, { from, negotiation: `${link}/${number}`, n, ack: 10_000, packets: n > 0 ? [goodbye] : [] })
  }
  for (const epoch of [0, 2, 2 ** 53 - 1]) world.server.emit("bob", "relay", { from: "ann", epoch, negotiation: `${link}/1`, n: 2 ** 40, ack: 0, packets: [goodbye] })
  await world.pass(1_000)
  for (const name of ["bob", "cleo", "mallory"]) assert.deepEqual([pages[name].states.filter((state) => state === "disconnected"), pages.ann.presence[name]], [[], "connected"])
  await assertWell(opened)
})

test("a client that is silent, and only acknowledges, is lost after its time", async () => {
  const { world, pages } = await open("client")
  const link = linkBetween(world, "ann", "mallory")
  for (let ms = 0; ms < HEARTBEAT.idleTimeoutMs + 1_000; ms += 500) {
    world.server.loses = () => false
    say(world, "ann", { from: "mallory", negotiation: `${link}/1`, n: 0, ack: 2 ** 40 })
    await world.pass(0)
    world.server.loses = (event, { from }) => event === "relay" && from === "mallory"
    await world.pass(500)
  }
  assert.equal(pages.ann.presence.mallory, "disconnected")
})

for (const attacker of /** @type {const} */ (["client", "host"])) {
  for (const [what, frame] of /** @type {[string, (number: number) => any][]} */ ([
    ["choices of a path", (id) => ({ type: "Resume", n: 0, id })],
    ["choices of a path that name what can't be", (id) => ({ type: "Resume", n: 2 ** 52, id })],
    ["heartbeats that ask", (n) => ({ type: "Heartbeat", n, at: n, echo: n, held: 0, ask: true })],
    ["heartbeats that confirm what was never sent", () => ({ type: "Heartbeat", n: 2 ** 53 - 1 })],
    ["signals of negotiations that don't exist", (number) => ({ type: "Signal", negotiation: `9-9.${number}`, candidates: [{ candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host" }] })],
    ["offers", (number) => ({ type: "Signal", negotiation: `1-1.${number + 1}`, description: { type: "offer", sdp: "v=0\no=end-1" } })],
    ["restarts", (number) => ({ type: "Signal", negotiation: `1-1.${number + 1}`, restart: true, description: { type: "offer", sdp: "v=0\no=end-1" } })],
    ["answers", (number) => ({ type: "Signal", negotiation: `1-1.${number % 3}`, description: { type: "answer", sdp: "v=0\no=end-1" } })],
  ])) {
    test(`a ${attacker} may flood with ${what}`, async () => {
      const hostile = await HostileWorld.open(attacker)
      const { world, bystanders: [one, ...others] } = hostile
      const made = world.network.all.length
      let taken = 0
      for (let number = 1; number <= 3_000 && hostile.isOpen; number++) {
        taken += hostile.say("messages", JSON.stringify(frame(number)))
        if (number % 100 === 0) await world.pass(10)
      }
      assert.ok(taken < 3_000, `${taken} ms`)
      assert.ok(world.network.all.length - made <= 2 * OFFERS.burst, `${world.network.all.length - made} connections`)
      await world.pass(20_000)
      assert.deepEqual(reported, [])
      const said = fate(one.peer.send("still here"))
      await world.pass(1_000)
      assert.equal(said.is, "resolved")
      for (const { messages } of others) assert.equal(messages.at(-1)?.data, "still here")
      for (const { peer } of hostile.pages) peer.abort()
      await world.pass(CLOSE_TIMEOUT_MS)
      assert.equal(world.clock.pending, 0)
    })
  }
}
