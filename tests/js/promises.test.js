import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { CLOSE_TIMEOUT_MLS } from "../../static/js/channel.js"
import { ERRORS, P2pError } from "../../static/js/errors.js"
import { fate, HEARTBEAT, World } from "./support/world.js"
import "./support/report_error.js"

const PEERS = ["ann", "bob", "cleo", "dave"]
/** Milliseconds in which all has its end: those who are lost are noticed, come back or don't, and what is for them is given up. */
const CALM_MLS = 90_000
/** How many courses of things are tried: `PROMISES=5000 node --test tests/js/promises.test.js`. */
const { PROMISES = "60" } = process.env

const who = fc.constantFrom(...PEERS)
const act = (name, rest = {}) => fc.record({ act: fc.constant(name), who, ...rest })
const step = fc.oneof(
  { weight: 8, arbitrary: act("tell", { whom: fc.option(fc.subarray(PEERS, { minLength: 1 }), { nil: undefined }) }) },
  { weight: 5, arbitrary: act("ask", { whom: who, topic: fc.constantFrom("answers", "throws", "sleeps", "nobody") }) },
  { weight: 8, arbitrary: act("pass", { mls: fc.constantFrom(1, 10, 300, 2_500, 16_000) }) },
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

  pass({ mls }) {
    return this.world.pass(mls)
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
    await this.world.pass(2 * HEARTBEAT.idleTimeoutMls)
    Object.assign(network, { isCut: false, isReachable: true })
  }
}

test("whatever happens, each promise is kept, or broken with a reason", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25, size: "max" }), async (steps) => {
    const course = new Course()
    for (const who of PEERS) await course.take({ act: "open", who })
    await course.world.pass(100)
    for (const step of steps) await course.take(step)
    await course.world.pass(CALM_MLS)
    const codes = Object.keys(ERRORS)
    const odd = course.promises.filter(({ fate }) => fate.is !== "resolved" && !codes.includes(fate.is))
    assert.deepEqual(odd.map(({ what, fate }) => `${what}: ${fate.is}`), [])
    for (const { peer } of course.pages.values()) peer.close()
    await course.world.pass(CLOSE_TIMEOUT_MLS)
    assert.equal(course.world.clock.pending, 0)
  }), { numRuns: Number(PROMISES) })
})
