import assert from "node:assert/strict"
import { test } from "node:test"

import { Downstream } from "../../../static/js/topology/downstream.js"
import { KnownPeers } from "../../../static/js/messaging/known_peers.js"
import { Content } from "../../../static/js/wire/content.js"
import { Broadcast } from "../../../static/js/messaging/broadcast.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { LOOK_MS, WITNESS_MS } from "../../../static/js/base/limits.js"
import { FILL_WINDOW_MS, SETTLE_MS } from "../../../static/js/messaging/recovery.js"
import { ALONE_AFTER_MS, Sequencer } from "../../../static/js/messaging/sequencer.js"
import { FakeClock, settle } from "../support/fake_clock.js"
import { fate } from "../support/world.js"

const EPOCH = 7

/**
 * A host's sequencer with clients who only listen.
 * @param {{ seen?: any[], peers?: Record<string, any> }} [options] `seen` makes it a host that was in the session before, with these `peers`
 */
function open({ seen, peers = {} } = {}) {
  const clock = new FakeClock()
  const host = { texts: /** @type {string[]} */ ([]), gaps: /** @type {any[]} */ ([]), on: /** @type {(message: any) => void} */ (() => undefined) }
  const broadcast = new Broadcast({
    peerId: "host", clock,
    reader: {
      messageShown: (message) => {
        host.texts.push(`${message.senderId}: ${message.data}`)
        host.on(message)
      },
    },
    delegate: {
      messagesMissed: (gap) => host.gaps.push(gap),
      messagesForked: () => undefined,
    },
  })
  if (seen) broadcast.meet(seen)
  const knownPeers = new KnownPeers({ peerId: "host", clock })
  knownPeers.meet(new Map(Object.entries(peers)))
  const failures = []
  const sequencer = new Sequencer({ broadcast, knownPeers, clock, epoch: EPOCH })
  const join = (peerId, { canSend = true, inc = "x", saysHello = () => undefined } = {}) => {
    const got = []
    const dismiss = (error) => failures.push([peerId, error.code])
    const link = /** @type {any} */ ({ peerId, state: "connected", isHeard: true, trySend: (frame) => got.push(frame), send: (text) => got.push(JSON.parse(text)), dismiss })
    const client = Object.assign(new Downstream({ link, canSend, clock }), { got })
    sequencer.connected(client)
    saysHello()
    sequencer.meet(client, { type: "Sync", inc, fresh: true, history: 0, seen: [] })
    return client
  }
  const leave = (client) => sequencer.left(client)
  const say = (client, id, rest = {}) => sequencer.admit(client, { type: "Data", id, data: id, ...rest }, 10)
  const sayOwn = (data) => {
    const result = fate(broadcast.outbox.add(Content.of(data)))
    broadcast.outbox.flush((id, content) => sequencer.sendOwn("host", id, content))
    return result
  }
  return { clock, host, broadcast, sequencer, failures, join, leave, say, sayOwn }
}

const stableTo = ({ got }) => got.filter(({ type }) => type === "Stable").at(-1)?.n ?? 0
const heard = ({ got }) => got.filter(({ type }) => type === "Data").map(({ senderId, data }) => `${senderId}: ${data}`)
const isWitness = ({ got }) => got.some(({ type, ms }) => type === "Pace" && ms === 0)

// When a message is stable

test("alone: what the host says is stable at once", async () => {
  const { sayOwn } = open()
  const result = sayOwn("hello")
  await settle()
  assert.equal(result.is, "resolved")
})

test("a host that expects others doesn't take itself to be alone before their time is over", async () => {
  const { clock, sequencer, sayOwn } = open({ peers: { ann: "connected" } })
  const result = sayOwn("hello")
  clock.advance(ALONE_AFTER_MS - 1)
  await settle()
  assert.equal(result.is, "pending")
  clock.advance(1)
  await settle()
  assert.equal(result.is, "resolved")
  sequencer.stop()
  assert.equal(clock.pending, 0)
})

test("nobody is expected who had gone before", async () => {
  const { sayOwn, clock } = open({ peers: { ann: "disconnected", bob: "closed" } })
  const result = sayOwn("hello")
  await settle()
  assert.deepEqual([result.is, clock.pending], ["resolved", 0])
})

test("who comes ends the waiting, and its word is needed then", async () => {
  const { sequencer, join, sayOwn, clock } = open({ peers: { ann: "connected" } })
  const result = sayOwn("hello")
  const ann = join("ann")
  ann.link.isHeard = false
  clock.advance(2 * ALONE_AFTER_MS)
  await settle()
  assert.equal(result.is, "pending")
  sequencer.shown(ann, 1)
  await settle()
  assert.equal(result.is, "resolved")
})

test("one client: its own message is stable with the host, the host's with the client", async () => {
  const { sequencer, join, say, sayOwn } = open()
  const ann = join("ann")
  say(ann, 1)
  assert.equal(stableTo(ann), 1)
  const result = sayOwn("hello")
  await settle()
  assert.equal(result.is, "pending")
  sequencer.shown(ann, 2)
  await settle()
  assert.equal(result.is, "resolved")
})

test("two clients: one's message is stable when the other has been shown it", () => {
  const { sequencer, join, say } = open()
  const [ann, bob] = [join("ann"), join("bob")]
  say(ann, 1)
  say(bob, 1)
  sequencer.shown(ann, 2)
  assert.deepEqual([stableTo(ann), stableTo(bob)], [0, 2])
  sequencer.shown(bob, 1)
  assert.equal(stableTo(ann), 1)
  sequencer.shown(bob, 0)
  assert.equal(stableTo(ann), 1)
})

test("three clients: any other one will do, and its own word won't", () => {
  const { sequencer, join, say } = open()
  const [ann, bob, cleo] = ["ann", "bob", "cleo"].map((peerId) => join(peerId))
  say(ann, 1)
  sequencer.shown(ann, 1)
  assert.equal(stableTo(ann), 0)
  sequencer.shown(cleo, 1)
  assert.equal(stableTo(ann), 1)
  assert.deepEqual([stableTo(bob), stableTo(cleo)], [0, 0])
})

test("two are witnesses, and when one goes the next one takes its place", () => {
  const { sequencer, join, leave, say } = open()
  const [ann, bob, cleo, dave] = ["ann", "bob", "cleo", "dave"].map((peerId) => join(peerId))
  assert.deepEqual([ann, bob, cleo, dave].map(isWitness), [true, true, false, false])
  say(ann, 1)
  leave(bob)
  assert.deepEqual([cleo, dave].map(isWitness), [true, false])
  assert.equal(stableTo(ann), 0)
  sequencer.shown(cleo, 1)
  assert.equal(stableTo(ann), 1)
})

test("when all the others go, what the last client has said is stable", () => {
  const { join, leave, say } = open()
  const [ann, bob, cleo] = ["ann", "bob", "cleo"].map((peerId) => join(peerId))
  say(ann, 1)
  leave(bob)
  assert.equal(stableTo(ann), 0)
  leave(cleo)
  assert.equal(stableTo(ann), 1)
})

test("when all go, what the host has said is stable", async () => {
  const { join, leave, sayOwn } = open()
  const ann = join("ann")
  const result = sayOwn("hello")
  await settle()
  assert.equal(result.is, "pending")
  leave(ann)
  await settle()
  assert.equal(result.is, "resolved")
})

test("who says that it has been shown what isn't there yet vouches for nothing that comes", () => {
  const { sequencer, join, say } = open()
  const [ann, bob] = [join("ann"), join("bob")]
  sequencer.shown(bob, Number.MAX_SAFE_INTEGER)
  say(ann, 1)
  assert.equal(stableTo(ann), 0)
  sequencer.shown(bob, 1)
  assert.equal(stableTo(ann), 1)
})

// A client that acknowledges nothing

/** Milliseconds after which one that owed an acknowledgement all the time isn't waited for any more, looks and all. */
const SILENT_MS = WITNESS_MS + 3 * LOOK_MS

test("one that is there, and acknowledges nothing, holds up nobody: then the host is enough", async () => {
  const { clock, join, say, sayOwn } = open()
  const [ann] = [join("ann"), join("mallory")]
  say(ann, 1)
  const own = sayOwn("hello")
  clock.advance(WITNESS_MS)
  await settle()
  assert.deepEqual([stableTo(ann), own.is], [0, "pending"])
  clock.advance(3 * LOOK_MS)
  await settle()
  assert.deepEqual([stableTo(ann), own.is], [1, "resolved"])
  for (let id = 2; id <= 1_000; id++) say(ann, id)
  clock.advance(0)
  assert.equal(stableTo(ann), 1_001)
})

test("another is witness in its place, and its word is needed as before", () => {
  const { clock, sequencer, join, say } = open()
  const [mallory, malice, ann, bob] = ["mallory", "malice", "ann", "bob"].map((peerId) => join(peerId))
  assert.deepEqual([mallory, malice, ann, bob].map(isWitness), [true, true, false, false])
  say(ann, 1)
  for (const client of [ann, bob]) sequencer.shown(client, 1)
  clock.advance(SILENT_MS)
  assert.deepEqual([ann, bob].map(isWitness), [true, true])
  say(ann, 2)
  assert.equal(stableTo(ann), 1)
  sequencer.shown(bob, 2)
  assert.equal(stableTo(ann), 2)
})

test("who acknowledges again is waited for again", () => {
  const { clock, sequencer, join, say } = open()
  const [ann, bob] = [join("ann"), join("bob")]
  say(ann, 1)
  clock.advance(SILENT_MS)
  assert.equal(stableTo(ann), 1)
  sequencer.shown(bob, 1)
  say(ann, 2)
  assert.equal(stableTo(ann), 1)
  sequencer.shown(bob, 2)
  assert.equal(stableTo(ann), 2)
})

test("one that isn't heard may be frozen: it is waited for as long as it is connected", () => {
  const { clock, join, leave, say } = open()
  const [ann, bob] = [join("ann"), join("bob")]
  bob.link.isHeard = false
  say(ann, 1)
  clock.advance(10 * SILENT_MS)
  assert.equal(stableTo(ann), 0)
  leave(bob)
  assert.equal(stableTo(ann), 1)
})

test("a host that was frozen itself takes nobody for silent", () => {
  const { clock, join, say } = open()
  const [ann] = [join("ann"), join("bob")]
  say(ann, 1)
  clock.leap(3_600_000)
  assert.equal(stableTo(ann), 0)
})

test("a newcomer has its time from when it came; what was said before that doesn't wait for ever", () => {
  const { clock, sequencer, join, say } = open()
  const [ann] = [join("ann"), join("bob")]
  say(ann, 1)
  clock.advance(WITNESS_MS)
  join("mallory")
  clock.advance(2 * LOOK_MS)
  assert.equal(stableTo(ann), 0)
  clock.advance(SILENT_MS)
  assert.equal(stableTo(ann), 1)
  sequencer.stop()
  assert.equal(clock.pending, 0)
})

test("while all is acknowledged, nobody looks", () => {
  const { clock, sequencer, join, say } = open()
  const [ann, bob] = [join("ann"), join("bob")]
  say(ann, 1)
  for (const client of [ann, bob]) sequencer.shown(client, 1)
  clock.advance(LOOK_MS)
  assert.equal(clock.pending, 0)
})

// What is passed on

/** A client that hasn't said hello. @param {string} peerId @param {() => void} send */
function stranger(peerId, send) {
  const ends = /** @type {string[]} */ ([])
  const link = /** @type {any} */ ({ peerId, state: "connected", isHeard: true, send, trySend: () => undefined, dismiss: (error) => ends.push(error.code) })
  return Object.assign(new Downstream({ link, canSend: true, clock: new FakeClock() }), { ends })
}

test("nothing is taken from a client before it has said how far it has come", () => {
  const { clock, host, sequencer, say } = open()
  const client = stranger("ann", () => undefined)
  sequencer.connected(client)
  say(client, 1)
  sequencer.shown(client, 0)
  assert.deepEqual([host.texts, clock.pending], [[], 0])
})

test("a newcomer that can't be given what it lacks loses its connection, and nobody else", () => {
  const { sequencer, join, say, host } = open()
  const ann = join("ann")
  const bob = stranger("bob", () => { throw new P2pError("rate_limited") })
  sequencer.connected(bob)
  sequencer.meet(bob, { type: "Sync", inc: "x", fresh: true, history: 0, seen: [] })
  say(ann, 1)
  assert.deepEqual([bob.ends, sequencer.isSynced(bob), host.texts], [["rate_limited"], false, ["ann: 1"]])
})

test("an app that sends from within what it is told is heard after that, by all", () => {
  const { host, join, say, sayOwn } = open()
  const [ann, bob] = [join("ann"), join("bob")]
  host.on = ({ senderId }) => { if (senderId !== "host") sayOwn("echo") }
  say(ann, 1)
  say(bob, 1)
  for (const client of [ann, bob]) assert.deepEqual(heard(client), ["ann: 1", "host: echo", "bob: 1", "host: echo"])
  assert.deepEqual(host.texts, heard(ann))
})

test("a reader's messages are refused one by one, its word for others is not taken, and the numbers leave no hole", () => {
  const { clock, host, join, say } = open()
  const [eve, ann] = [join("eve", { canSend: false }), join("ann")]
  say(eve, 1)
  say(eve, 2)
  say(eve, 1, { senderId: "gone", inc: "y" })
  clock.advance(SETTLE_MS)
  assert.deepEqual(eve.got.filter(({ type }) => type === "Refused").map(({ id, error }) => [id, error.code]), [[1, "forbidden"], [2, "forbidden"]])
  assert.deepEqual([host.texts, heard(ann)], [[], []])
})

// What a former host has passed on to some only

const orphan = (senderId, rest = {}) => ({ senderId, inc: "gone", epoch: 3, ...rest })

test("one who isn't here is spoken for, after a while, in its order, once, and the host is shown it too", () => {
  const { clock, host, join, say } = open({ seen: [["dave", "gone", 1]] })
  const [ann, bob] = [join("ann"), join("bob")]
  for (const id of [3, 2, 1]) say(ann, id, orphan("dave"))
  for (const id of [2, 3]) say(bob, id, orphan("dave"))
  assert.deepEqual(heard(bob), [])
  clock.advance(SETTLE_MS)
  for (const texts of [heard(ann), heard(bob), host.texts]) assert.deepEqual(texts, ["dave: 2", "dave: 3"])
})

test("who comes meanwhile speaks for itself", () => {
  const { clock, host, join, say } = open({ seen: [["dave", "x", 1]] })
  const ann = join("ann")
  say(ann, 2, { senderId: "dave", inc: "x" })
  const dave = join("dave")
  say(dave, 2, { data: "my own word" })
  clock.advance(SETTLE_MS)
  assert.deepEqual(host.texts, ["dave: my own word"])
})

test("who is here is not spoken for, nor is the host, nor a stranger where the host knows better", () => {
  const { clock, host, broadcast, join, say } = open({ seen: [["dave", "gone", 1]], peers: { eve: "disconnected" } })
  const [ann] = [join("ann"), join("bob")]
  say(ann, 1, orphan("bob", { inc: "x" }))
  say(ann, 2, orphan("host", { inc: broadcast.inc }))
  say(ann, 1, orphan("stranger"))
  say(ann, 1, orphan("eve"))
  clock.advance(SETTLE_MS)
  assert.deepEqual(host.texts, ["eve: 1"])
})

test("a host that came as a newcomer passes on what strangers have said, and isn't shown it", () => {
  const { clock, host, join, say } = open()
  const [ann, bob] = [join("ann"), join("bob")]
  say(ann, 1, orphan("dave"))
  clock.advance(SETTLE_MS)
  assert.deepEqual([heard(bob), host.texts], [["dave: 1"], []])
})

test("what is brought too late is not taken", () => {
  const { clock, host, join, say } = open({ seen: [["dave", "gone", 1]] })
  const ann = join("ann")
  clock.advance(FILL_WINDOW_MS + 1)
  say(ann, 2, orphan("dave"))
  clock.advance(10 * SETTLE_MS)
  assert.deepEqual([host.texts, clock.pending], [[], 0])
})

test("a host that another one had followed takes what that one has passed on to some only, however old it is itself", () => {
  const { clock, host, sequencer, join, say } = open({ seen: [["dave", "gone", 1]] })
  clock.advance(10 * FILL_WINDOW_MS)
  sequencer.resume(EPOCH + 2)
  const ann = join("ann")
  say(ann, 2, orphan("dave", { epoch: EPOCH + 1 }))
  clock.advance(SETTLE_MS)
  assert.deepEqual(host.texts, ["dave: 2"])
})

test("what nobody has of one who is gone is told of as a gap", () => {
  const { clock, host, join, say } = open({ seen: [["dave", "gone", 1]] })
  const ann = join("ann")
  say(ann, 4, orphan("dave"))
  clock.advance(SETTLE_MS)
  assert.deepEqual([host.texts, host.gaps], [["dave: 4"], [{ senderId: "dave", from: 2, to: 3 }]])
  assert.deepEqual(ann.got.filter(({ type }) => type === "Gap"), [{ type: "Gap", senderId: "dave", inc: "gone", from: 2, to: 3 }])
})

test("a hostile number of one who is gone is not taken, and uses nothing up", () => {
  const { clock, host, join, say } = open({ seen: [["dave", "x", 1]] })
  const ann = join("ann")
  say(ann, Number.MAX_SAFE_INTEGER, { senderId: "dave", inc: "x" })
  clock.advance(SETTLE_MS)
  const dave = join("dave")
  say(dave, 2)
  assert.deepEqual(host.texts, ["dave: 2"])
})

test("one that is too large to be passed on is left out, the others are not", () => {
  const { clock, host, join, say, failures } = open({ seen: [["dave", "gone", 0]], peers: { dave: "connected" } })
  const ann = join("ann")
  say(ann, 1, orphan("dave", { data: "x".repeat(262_144) }))
  say(ann, 2, orphan("dave"))
  clock.advance(SETTLE_MS)
  assert.deepEqual([host.texts, failures], [["dave: 2"], []])
})

test("a newcomer is shown all that was said since it is connected, however late its hello comes", () => {
  const { join, sayOwn } = open()
  sayOwn("before")
  const ann = join("ann", { saysHello: () => { for (const data of ["one", "two"]) sayOwn(data) } })
  sayOwn("three")
  assert.deepEqual(ann.got.filter(({ type }) => type === "Data").map(({ data }) => data), ["one", "two", "three"])
})
