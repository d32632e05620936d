import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { CLOSE_TIMEOUT_MS } from "../../static/js/transport/data_channel.js"
import { Link } from "../../static/js/transport/link.js"
import { ERRORS, P2pError } from "../../static/js/base/errors.js"
import { HANDOVER_TIMEOUT_MS } from "../../static/js/session/succession.js"
import { LOOK_MS, READ_TERM_MS, SEND_TERM_MS } from "../../static/js/base/limits.js"
import { decodeFrame } from "../../static/js/wire/frames.js"
// So that a file needs no time to be begun that isn't the clock's.
import "../../static/js/files/transfers.js"
import { CONNECT_TIMEOUT_MS, fate, HEARTBEAT, RELAY_AFTER_MS, World } from "./support/world.js"
import "./support/report_error.js"

const PEERS = ["ann", "bob", "cleo", "dave"]
/** Milliseconds in which all has its end: those who are lost are noticed, come back or don't, and what is for them is given up. */
const CALM_MS = 90_000
/** How many courses of things are tried: `PROMISES=5000 node --test tests/client/promises.test.js`. */
const { PROMISES = "60" } = process.env

const who = fc.constantFrom(...PEERS)
const act = (name, rest = {}) => fc.record({ act: fc.constant(name), who, ...rest })
const step = fc.oneof(
  { weight: 8, arbitrary: act("tell", { whom: fc.option(fc.subarray(PEERS, { minLength: 1 }), { nil: undefined }) }) },
  { weight: 5, arbitrary: act("ask", { whom: who, topic: fc.constantFrom("answers", "throws", "sleeps", "nobody") }) },
  { weight: 8, arbitrary: act("pass", { ms: fc.constantFrom(1, 10, 300, 2_500, 16_000) }) },
  { weight: 2, arbitrary: act("handOver", { whom: who }) },
  ...["open", "close", "abort", "reconnect", "expel", "mute", "unmute", "cut"].map((name) => ({ weight: 2, arbitrary: act(name) })),
)

/** What apps do, and what happens to them. */
class Course {
  world = new World()
  /** @type {Map<string, any>} */
  pages = new Map()
  /** What was promised, and to what end it came. @type {{ what: string, fate: { is: string } }[]} */
  promises = []

  /** @param {any} step */
  async take(step) {
    const page = this.pages.get(step.who)
    if (page || ["open", "pass"].includes(step.act)) await this[step.act](step, page)
  }

  promise(what, promise) {
    this.promises.push({ what, fate: fate(promise) })
  }

  /** A page is opened; one of this peer that is there goes as it is loaded anew. */
  async open({ who }, page) {
    page?.peer.abort()
    const next = this.world.page(who)
    this.pages.set(who, next)
    next.topics.respond("answers", (data) => data)
    next.topics.respond("throws", () => { throw new P2pError("bad_request") })
    next.topics.respond("sleeps", () => new Promise(() => undefined))
    next.peer.start()
    // It may be told only when it has spoken already whether it may.
    this.tell({ who, whom: undefined }, next)
    this.tell({ who, whom: ["ann"] }, next)
  }

  tell({ who, whom }, { peer }) {
    this.promise(`${who} tells ${whom ?? "all"}`, peer.send("x", { to: whom }))
  }

  ask({ who, whom, topic }, { peer }) {
    this.promise(`${who} asks ${whom}: ${topic}`, peer.request(whom, topic, 1))
  }

  handOver({ who, whom }, { peer }) {
    this.promise(`${who} hands over to ${whom}`, peer.handOver(whom))
  }

  pass({ ms }) {
    return this.world.pass(ms)
  }

  close(_, { peer }) {
    peer.close()
  }

  abort(_, { peer }) {
    peer.abort()
  }

  reconnect(_, { peer }) {
    peer.reconnect()
  }

  expel({ who }) {
    const host = [...this.pages.values()].find(({ peer }) => peer.iamHost)
    if (host) host.signaling.delegate.signalingExpelled(who, new P2pError("forbidden"))
  }

  /** From the next time on that it joins. */
  mute({ who }) {
    this.world.server.readers.add(who)
  }

  unmute({ who }) {
    this.world.server.readers.delete(who)
  }

  /** For so long that everybody notices: a reliable channel loses nothing else. */
  async cut() {
    const { network } = this.world
    Object.assign(network, { isCut: true, isReachable: false })
    await this.world.pass(2 * HEARTBEAT.idleTimeoutMs)
    Object.assign(network, { isCut: false, isReachable: true })
  }
}

test("whatever happens, each promise is kept, or broken with a reason", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25, size: "max" }), async (steps) => {
    const course = new Course()
    for (const who of PEERS) await course.take({ act: "open", who })
    await course.world.pass(100)
    for (const step of steps) await course.take(step)
    await course.world.pass(CALM_MS)
    const codes = Object.keys(ERRORS)
    const odd = course.promises.filter(({ fate }) => fate.is !== "resolved" && !codes.includes(fate.is))
    assert.deepEqual(odd.map(({ what, fate }) => `${what}: ${fate.is}`), [])
    for (const { peer } of course.pages.values()) peer.close()
    await course.world.pass(CLOSE_TIMEOUT_MS)
    assert.equal(course.world.clock.pending, 0)
  }), { numRuns: Number(PROMISES) })
})

// Those who don't do their part

/**
 * A page of which only some frames go out.
 * @param {World} world @param {string} peerId @param {(type: string) => boolean} says
 */
function withholding(world, peerId, says) {
  const page = world.page(peerId, {
    createLink: (setup) => {
      const { clock, network: { RTCPeerConnection } } = world
      const link = new Link({ ...setup, clock, heartbeat: HEARTBEAT, connectTimeoutMs: CONNECT_TIMEOUT_MS, relayAfterMs: RELAY_AFTER_MS, RTCPeerConnection: /** @type {any} */ (RTCPeerConnection) })
      const send = link.send.bind(link)
      link.send = (packet, lane) => { if (says(decodeFrame(packet)?.type ?? "")) send(packet, lane) }
      return link
    },
  })
  page.peer.start()
  return page
}

/** A Blob that is never read. */
const unread = () => Object.assign(new Blob(["x"]), { arrayBuffer: () => new Promise(() => undefined) })

/** All that a page can promise its app. @param {any} page @param {string} whom */
function promiseAll({ peer, topics }, whom) {
  topics.respond("t", () => 1)
  return {
    toAll: fate(peer.send("x")),
    toOne: fate(peer.send("x", { to: [whom] })),
    toSeveral: fate(peer.send("x", { to: [whom, "bob"] })),
    lossy: fate(peer.send("x", { reliable: false })),
    request: fate(peer.request(whom, "t", 1)),
    file: fate(Promise.resolve().then(() => peer.sendFile(new Blob(["file"]), { to: [whom] }).done)),
    blob: fate(peer.send(unread())),
    afterBlob: fate(peer.send("x")),
    handOver: fate(peer.handOver(whom)),
  }
}

/** @param {Record<string, { is: string }>} fates */
const pendingOf = (fates) => Object.entries(fates).filter(([, { is }]) => is === "pending").map(([name]) => name)

/** Milliseconds after which nothing is pending: what was read late has its term from then. */
const END_MS = READ_TERM_MS + SEND_TERM_MS + 4 * LOOK_MS

for (const [what, says] of /** @type {[string, (type: string) => boolean][]} */ ([
  ["answers nothing", () => false],
  ["answers heartbeats only", (type) => type === "Heartbeat"],
  ["keeps its clients in step, and shows nothing", (type) => !["Data", "Stable", "Direct", "Received"].includes(type)],
  ["shows all, and says of nothing that it is stable", (type) => !["Stable", "Received"].includes(type)],
])) {
  test(`every promise ends under a host that ${what}`, async () => {
    const world = new World()
    withholding(world, "mallory", says)
    await world.pass(10)
    const [ann] = [world.page("ann"), world.page("bob")].map((page) => (page.peer.start(), page))
    await world.pass(100)
    const fates = promiseAll(ann, "mallory")
    await world.pass(END_MS)
    assert.deepEqual(pendingOf(fates), [])
    const codes = Object.keys(ERRORS)
    for (const [name, { is }] of Object.entries(fates)) assert.ok(is === "resolved" || codes.includes(is), `${name}: ${is}`)
  })
}

test("a host that lets nothing become stable is a lost host, after twice the time of silence, and not before", async () => {
  const world = new World()
  withholding(world, "mallory", (type) => type !== "Stable")
  await world.pass(10)
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(60_000)
  assert.equal(ann.states.includes("disconnected"), false)
  const said = fate(ann.peer.send("x"))
  await world.pass(2 * HEARTBEAT.idleTimeoutMs - LOOK_MS)
  assert.equal(ann.states.includes("disconnected"), false)
  await world.pass(3 * LOOK_MS)
  assert.equal(ann.states.includes("disconnected"), true)
  const [join] = world.server.heard("join").filter(({ peerId, payload }) => peerId === "ann" && payload.lost_epoch !== undefined)
  assert.equal(join.payload.lost_epoch, 1)
  await world.pass(100)
  assert.equal(said.is, "resolved") // the next connection says that the host has it
})

test("a host that never keeps step with a client is lost to it, though it says that it is there", async () => {
  const world = new World()
  withholding(world, "mallory", (type) => type === "Heartbeat")
  await world.pass(10)
  const ann = world.page("ann")
  ann.peer.start()
  await world.pass(2 * HEARTBEAT.idleTimeoutMs + 4 * LOOK_MS)
  assert.equal(ann.states.includes("disconnected"), true)
})

test("a client that acknowledges nothing holds up nobody: not who talks to all, nor who talks to others", async () => {
  const world = new World()
  const [, ann, bob] = await world.session("host", "ann", "bob")
  withholding(world, "mallory", (type) => !["Ack", "Received"].includes(type))
  await world.pass(100)
  const toAll = Array.from({ length: 500 }, () => fate(ann.peer.send("x")))
  const toMallory = Array.from({ length: 1_000 }, () => fate(ann.peer.send("x", { to: ["mallory"] })))
  const toBob = fate(ann.peer.send("x", { to: ["bob"] }))
  bob.topics.respond("t", () => 1)
  const asked = fate(ann.peer.request("bob", "t", 1))
  await world.pass(10_000)
  assert.deepEqual([new Set(toAll.map(({ is }) => is)), toBob.is, asked.is], [new Set(["resolved"]), "resolved", "resolved"])
  assert.deepEqual(new Set(toMallory.map(({ is }) => is)), new Set(["pending"]))
  await world.pass(SEND_TERM_MS)
  assert.deepEqual(new Set(toMallory.map(({ is }) => is)), new Set(["no_answer"]))
})

test("a client alone with its host and one that acknowledges nothing is refused nothing", async () => {
  const world = new World()
  const [, ann] = await world.session("host", "ann")
  withholding(world, "mallory", (type) => type !== "Ack")
  await world.pass(100)
  const fates = []
  for (let number = 0; number < 1_200; number++) {
    fates.push(fate(ann.peer.send(number)))
    if (number % 20 === 0) await world.pass(100)
  }
  await world.pass(5_000)
  assert.deepEqual(new Set(fates.map(({ is }) => is)), new Set(["resolved"]))
})

test("nothing stays pending where a peer has given up coming back", async () => {
  for (const keeps of ["disconnected", "failed"]) {
    const world = new World()
    const [host] = await world.session("host")
    const ann = world.page("ann", { autoReconnect: false })
    ann.peer.start()
    await world.pass(100)
    const { file, handOver, ...fates } = promiseAll(ann, "host")
    host.peer.abort()
    if (keeps === "failed") ann.peer.close()
    await world.pass(END_MS)
    assert.deepEqual(pendingOf({ ...fates, file, handOver }), [])
  }
})

test("a next host that doesn't come ends the wish, and what it says later moves nobody", async () => {
  const world = new World()
  const [host] = await world.session("host")
  withholding(world, "mallory", (type) => type !== "Succeed")
  await world.pass(100)
  const wish = fate(host.peer.handOver("mallory"))
  await world.pass(HANDOVER_TIMEOUT_MS)
  assert.deepEqual([wish.is, host.peer.iamHost], ["unavailable", true])
})

test("whatever a host withholds, and from when on, each promise ends", async () => {
  const TYPES = ["Heartbeat", "Data", "Stable", "Sync", "Direct", "Received", "Data.Connection.State", "Chunk", "Credit"]
  await fc.assert(fc.asyncProperty(fc.subarray(TYPES), fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 20_000 }), async (withheld, from, at) => {
    const world = new World()
    withholding(world, "mallory", (type) => world.clock.now() < from || !withheld.includes(type))
    await world.pass(10)
    const ann = world.page("ann")
    ann.peer.start()
    await world.pass(at)
    const fates = promiseAll(ann, "mallory")
    await world.pass(END_MS)
    assert.deepEqual(pendingOf(fates), [])
    ann.peer.close()
  }), { numRuns: Number(PROMISES) })
})

test("a client that has much to say to all, and much to single peers, is taken for no flood", async () => {
  const world = new World()
  const pages = await world.session(...Array.from({ length: 11 }, (_, index) => `p${index}`))
  const { peer, errors } = pages[1]
  const large = "x".repeat(250_000)
  const said = Array.from({ length: 16 }, () => fate(peer.send(large)))
  for (const to of ["p2", "p3", "p4", "p5"]) for (let count = 0; count < 16; count++) said.push(fate(peer.send(large, { to: [to] })))
  await world.pass(30_000)
  assert.deepEqual([errors, said.filter(({ is }) => is !== "resolved")], [[], []])
  for (const { peer: each } of pages) each.abort()
})
