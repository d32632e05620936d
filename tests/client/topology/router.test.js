import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { AHEAD_BYTES } from "../../../static/js/files/limits.js"
import { FAST_CHARACTERS, FAST_MESSAGES, MAX_CONSENTS, MAX_FAST_BYTES, MAX_UNCREDITED_BYTES, MAX_WAITING_MESSAGES, NEWS, RELAYED_MESSAGES, TURN_MESSAGES } from "../../../static/js/base/limits.js"
import { Downstream } from "../../../static/js/topology/downstream.js"
import { decodeFrame } from "../../../static/js/wire/frames.js"
import { Router } from "../../../static/js/topology/router.js"
import { FakeClock } from "../support/fake_clock.js"

/**
 * A host's router and its clients, who only listen.
 * @param {...string} peerIds
 */
function open(...peerIds) {
  const clock = new FakeClock()
  /** @type {Map<string, any>} */
  const clients = new Map()
  const here = /** @type {any[]} */ ([])
  const failures = /** @type {any[]} */ ([])
  const router = new Router({
    peerId: "host",
    connections: {
      get all() {
        return [...clients.values()].filter(({ isConnected }) => isConnected)
      },
      connectedTo: (peerId) => (clients.get(peerId)?.isConnected ? clients.get(peerId) : undefined),
    },
    received: (frame) => here.push(frame),
  })
  const join = (peerId, canSend = true) => {
    const got = /** @type {any[]} */ ([])
    const kinds = new Set()
    const link = /** @type {any} */ ({
      peerId, state: "connected", failure: null,
      send: (packet, lane) => {
        if (link.failure) throw link.failure
        got.push([lane, decodeFrame(packet)])
      },
      sendFreshest: (kind, packet) => {
        kinds.add(kind)
        got.push(["fast", decodeFrame(packet)])
      },
      dismiss: (error) => failures.push([peerId, error.code]),
    })
    const client = Object.assign(new Downstream({ link, canSend, clock }), { got, kinds })
    clients.set(peerId, client)
    return client
  }
  const joined = peerIds.map((peerId) => join(peerId))
  const say = (client, frame) => router.admit(client, frame, 100)
  return { clock, router, here, failures, join, joined, say }
}

const direct = (rest = {}) => ({ type: "Direct", to: "bob", inc: "x", id: 1, after: 0, data: 1, ...rest })
const received = (rest = {}) => ({ type: "Received", to: "bob", inc: "x", id: 1, ...rest })
const fast = (rest = {}) => ({ type: "Fast", inc: "x", id: 1, data: 1, ...rest })
const chunk = (rest = {}) => ({ type: "Chunk", to: ["bob"], transfer: "f", offset: 0, bytes: Uint8Array.of(1, 2), ...rest })
const credit = (rest = {}) => ({ type: "Credit", to: "bob", transfer: "f", offset: 2, ...rest })
/** Says that it takes the file of the chunks above. @param {any} say @param {any[]} clients */
const consent = (say, ...clients) => { for (const client of clients) for (const to of ["ann", "host"]) say(client, credit({ to, offset: 0 })) }
/** The frames that somebody got. */
const frames = ({ got }) => got.map(([, frame]) => frame)

test("each frame goes to those that it is for, by its own channel, stamped with its sender", () => {
  const { here, joined: [ann, bob, cleo], say } = open("ann", "bob", "cleo")
  consent(say, bob)
  ann.got.length = here.length = 0
  const said = [direct(), received(), fast({ to: ["bob"], topic: "t" }), chunk(), credit()]
  for (const frame of said) say(ann, frame)
  assert.deepEqual(bob.got.map(([lane]) => lane), ["messages", "messages", "fast", "bulk", "bulk"])
  assert.deepEqual(frames(bob), said.map(({ to: _to, ...rest }) => ({ ...rest, senderId: "ann" })))
  assert.deepEqual([ann.got, cleo.got, here], [[], [], []])
})

test("a frame for the host stays with it", () => {
  const { here, joined: [ann, bob], say } = open("ann", "bob")
  consent(say, bob)
  here.length = 0
  say(ann, direct({ to: "host" }))
  say(ann, chunk({ to: ["host", "bob"] }))
  assert.deepEqual(here, [{ ...direct(), to: undefined, senderId: "ann" }, { ...chunk(), to: undefined, senderId: "ann" }].map(({ to: _to, ...rest }) => rest))
  assert.equal(bob.got.length, 1)
})

test("what may be lost goes to everybody but its sender, where it names nobody; else to those that it names", () => {
  const { here, router, joined: [ann, bob, cleo], say } = open("ann", "bob", "cleo")
  say(ann, fast())
  assert.deepEqual([ann, bob, cleo].map(({ got }) => got.length), [0, 1, 1])
  assert.equal(here.length, 1)
  router.route("host", /** @type {any} */ (fast()))
  assert.deepEqual([ann, bob, cleo].map(({ got }) => got.length), [1, 2, 2])
  assert.equal(here.length, 1)
  say(ann, fast({ to: [] }))
  say(ann, fast({ to: ["cleo", "host"] }))
  assert.deepEqual([ann, bob, cleo].map(({ got }) => got.length), [1, 2, 3])
  assert.equal(here.length, 2)
})

test("nobody speaks in another's name", () => {
  const { here, joined: [ann, bob], say } = open("ann", "bob", "cleo")
  consent(say, bob)
  here.length = 0
  for (const frame of [direct, received, fast, chunk, credit]) for (const senderId of ["cleo", "host", "bob", ""]) say(ann, frame({ senderId }))
  say(ann, direct({ to: "host", senderId: "cleo" }))
  for (const { senderId } of [...frames(bob), ...here]) assert.equal(senderId, "ann")
  assert.equal(bob.got.length, 20)
})

test("what is for nobody who is connected is dropped", () => {
  const { failures, joined: [ann, bob], say } = open("ann", "bob")
  bob.link.state = "connecting"
  for (const to of ["bob", "stranger", "__proto__"]) {
    say(ann, direct({ to }))
    say(ann, received({ to }))
    say(ann, chunk({ to: [to] }))
    say(ann, credit({ to }))
    say(ann, fast({ to: [to] }))
  }
  say(ann, fast())
  assert.deepEqual([bob.got, ann.got, failures], [[], [], []])
})

test("what names nobody is for nobody, but for what may be lost", () => {
  const { here, joined: [ann, bob], say } = open("ann", "bob")
  for (const frame of [direct, received, chunk, credit]) {
    const { to: _to, ...rest } = frame()
    say(ann, rest)
  }
  assert.deepEqual([bob.got, here], [[], []])
})

test("who is named often gets it once", () => {
  const { here, joined: [ann, bob], say } = open("ann", "bob")
  consent(say, bob)
  here.length = 0
  say(ann, chunk({ to: ["bob", "host", "bob", "host", "bob"] }))
  say(ann, fast({ to: ["bob", "bob"] }))
  assert.deepEqual([bob.got.length, here.length], [2, 1])
})

test("of what may be lost, each sender's topic is a kind of its own", () => {
  const { join, joined: [bob], say } = open("bob")
  for (const peerId of ["a", "a/b"]) for (const topic of ["b/c", "c", undefined]) for (const id of [1, 2]) say(join(peerId), fast({ id, to: ["bob"], topic }))
  assert.deepEqual([bob.got.length, bob.kinds.size], [12, 6])
})

// Who may do what

test("a reader says nothing to anybody, and acknowledges, and takes files", () => {
  const { here, join, joined: [bob], say } = open("bob")
  const reader = join("reader", false)
  const speech = [direct(), direct({ ask: 1 }), direct({ data: undefined, note: { kind: "offer" } }), fast(), fast({ to: ["bob"] }), chunk(), direct({ to: "host" })]
  for (const frame of speech) say(reader, frame)
  assert.deepEqual([bob.got, here], [[], []])
  const deeds = [received(), credit(), ...["accept", "fail", "done", "pause"].map((kind) => direct({ data: undefined, note: { kind, id: "f" } }))]
  for (const frame of deeds) say(reader, frame)
  assert.equal(bob.got.length, deeds.length)
})

test("a reader answers who asks it", () => {
  const { join, joined: [bob], say } = open("bob")
  const reader = join("reader", false)
  say(reader, direct({ answer: 1 }))
  say(reader, direct({ answer: 2, data: undefined, error: { code: "no_handler" } }))
  assert.equal(bob.got.length, 2)
})

// Files go to those only who take them

test("chunks go to those who have taken the file of that sender, by accepting it or by saying how far they are", () => {
  const { router, joined: [ann, bob, cleo, dave], say } = open("ann", "bob", "cleo", "dave")
  const chunks = () => [bob, cleo, dave].map((client) => frames(client).filter(({ type }) => type === "Chunk").length)
  const to = ["bob", "cleo", "dave"]
  say(ann, chunk({ to }))
  assert.deepEqual(chunks(), [0, 0, 0])
  say(bob, direct({ to: "ann", data: undefined, note: { kind: "accept", id: "f" } }))
  say(cleo, credit({ to: "ann" }))
  for (const frame of [direct({ to: "ann", data: undefined, note: { kind: "accept", id: "g" } }), direct({ to: "ann", data: undefined, note: { kind: "pause", id: "f" } }), direct({ to: "bob", data: undefined, note: { kind: "accept", id: "f" } })]) say(dave, frame)
  say(ann, chunk({ to }))
  assert.deepEqual(chunks(), [1, 1, 0])
  say(bob, chunk({ to: ["cleo", "dave"] }))
  assert.deepEqual(chunks(), [1, 1, 1])
  router.route("host", /** @type {any} */ (chunk({ to })))
  assert.deepEqual(chunks(), [2, 2, 2])
})

test("a page that comes again says again what it takes", () => {
  const { join, joined: [ann, bob], say } = open("ann", "bob")
  consent(say, bob)
  const after = join("bob")
  say(ann, chunk())
  assert.deepEqual(after.got, [])
  consent(say, after)
  say(ann, chunk())
  assert.equal(after.got.length, 1)
})

test("only so many files are known to be taken, and the oldest is forgotten", () => {
  const { clock, joined: [ann, bob], say } = open("ann", "bob")
  consent(say, bob)
  clock.advance(1_000)
  for (let number = 0; number < MAX_CONSENTS - 2; number++) say(bob, credit({ to: "ann", transfer: `f${number}` }))
  say(ann, chunk())
  assert.equal(bob.got.length, 1)
  say(bob, credit({ to: "ann", transfer: "one more" }))
  say(ann, chunk())
  assert.equal(bob.got.length, 1)
})

test("what isn't the name of a file is not kept", () => {
  const { joined: [ann, bob], say } = open("ann", "bob")
  const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)
  for (const id of [deep, "x".repeat(10_000), 7, null, {}]) say(bob, direct({ to: "ann", data: undefined, note: { kind: "accept", id } }))
  say(ann, chunk({ transfer: "x".repeat(10_000) }))
  assert.deepEqual(bob.got, [])
})

// How much

test("a recipient that takes nothing more loses its connection, and the others get theirs", () => {
  const { failures, joined: [ann, bob, cleo], say } = open("ann", "bob", "cleo")
  bob.link.failure = new P2pError("rate_limited")
  say(ann, direct())
  say(ann, direct({ to: "cleo" }))
  say(ann, received())
  assert.deepEqual(failures, [["bob", "rate_limited"], ["bob", "rate_limited"]])
  assert.equal(cleo.got.length, 1)
})

test("a recipient whose channel for files is full loses what doesn't fit, and no connection", () => {
  const { failures, joined: [ann, bob, cleo], say } = open("ann", "bob", "cleo")
  consent(say, bob, cleo)
  bob.link.failure = new P2pError("rate_limited")
  say(ann, chunk({ to: ["bob", "cleo"] }))
  say(ann, credit())
  assert.deepEqual([failures, cleo.got.length], [[], 1])
})

test("of what may be lost, so much a second is handed on for each client, and what comes faster is lost", () => {
  const { clock, joined: [ann, bob, cleo], say } = open("ann", "bob", "cleo")
  const { burst, rate } = FAST_MESSAGES
  for (let id = 1; id <= burst + 500; id++) say(ann, fast({ id, to: ["bob"] }))
  assert.equal(bob.got.length, burst)
  say(cleo, fast({ to: ["bob"] }))
  assert.equal(bob.got.length, burst + 1)
  clock.advance(100)
  for (let id = 9_000; id < 9_000 + rate; id++) say(ann, fast({ id, to: ["bob"] }))
  assert.equal(bob.got.length, burst + 1 + rate / 10)
  say(ann, direct())
  assert.equal(bob.got.at(-1)[1].type, "Direct")
})

test("messages for single peers come at the pace of all messages, in order; who floods is given up", () => {
  const { clock, failures, joined: [ann, bob], say } = open("ann", "bob")
  for (let id = 1; id <= RELAYED_MESSAGES.burst + 200; id++) say(ann, direct({ id }))
  assert.equal(bob.got.length, TURN_MESSAGES)
  for (let turn = 0; turn < RELAYED_MESSAGES.burst / TURN_MESSAGES; turn++) clock.advance(0)
  assert.equal(bob.got.length, RELAYED_MESSAGES.burst)
  clock.advance(1_000)
  assert.deepEqual(frames(bob).map(({ id }) => id), Array.from({ length: RELAYED_MESSAGES.burst + 200 }, (_, index) => index + 1))
  for (let id = 1; id <= RELAYED_MESSAGES.burst + MAX_WAITING_MESSAGES + 1; id++) if (failures.length === 0) say(ann, direct({ id }))
  assert.deepEqual(failures, [["ann", "rate_limited"]])
})

test("what is too large with its stamp is its sender's fault", () => {
  const { failures, join, joined: [bob], say } = open("bob")
  const long = join("l".repeat(128))
  say(long, direct({ data: "x".repeat(262_050) }))
  assert.deepEqual([failures, bob.got], [[[long.link.peerId, "too_large"]], []])
})

test("what is larger than what may be lost isn't passed on, whoever has sent it; whom it is for doesn't count", () => {
  const { clock, here, router, joined: [ann, bob] } = open("ann", "bob")
  const to = ["bob", ...Array.from({ length: 250 }, (_, number) => `${number}`.padEnd(128, "x"))]
  const data = "x".repeat(MAX_FAST_BYTES)
  router.admit(ann, fast({ to, data }), MAX_FAST_BYTES + JSON.stringify(to).length + 100)
  assert.equal(bob.got.length, 1)
  router.admit(ann, fast({ data: `${data}${data}` }), 2 * MAX_FAST_BYTES)
  assert.deepEqual([bob.got.length, here.length], [1, 0])
  for (let id = 0; id < 2 * FAST_CHARACTERS.burst / MAX_FAST_BYTES; id++) router.admit(ann, fast({ id, data }), MAX_FAST_BYTES)
  assert.equal(bob.got.length, 1 + Math.floor((FAST_CHARACTERS.burst - MAX_FAST_BYTES - JSON.stringify(to).length - 100) / MAX_FAST_BYTES))
  assert.equal(clock.pending, 0)
})

for (const [what, make] of /** @type {[string, (rest: any) => any][]} */ ([["Received", received], ["Credit", credit]])) {
  test(`of ${what} a victim gets so many a second, and of what comes faster the newest`, () => {
    const { clock, joined: [mallory, bob, cleo], say } = open("mallory", "bob", "cleo")
    for (let id = 1; id <= 8_000; id++) say(mallory, make({ id, offset: id }))
    assert.equal(bob.got.length, NEWS.burst)
    say(mallory, make({ to: "cleo", id: 1, offset: 1 }))
    clock.advance(10)
    const { id, offset } = frames(bob).at(-1)
    assert.equal(id ?? offset, 8_000)
    assert.deepEqual([bob.got.length, cleo.got.length, clock.pending], [NEWS.burst + 1, 1, 0])
  })
}

test("a host passes on as many bytes of a file as its sender goes ahead", () => {
  assert.equal(MAX_UNCREDITED_BYTES, AHEAD_BYTES)
})

test("of a file nobody gets more than it has made room for; what it lacks it asks for again", () => {
  const { joined: [ann, bob], say } = open("ann", "bob")
  const bytes = new Uint8Array(64 * 1024)
  const most = MAX_UNCREDITED_BYTES / bytes.length
  const send = (count) => { for (let number = 0; number < count; number++) say(ann, chunk({ bytes })) }
  const credits = (offset, rest = {}) => say(bob, credit({ to: "ann", offset, ...rest }))
  say(bob, direct({ to: "ann", data: undefined, note: { kind: "accept", id: "f" } }))
  send(3 * most)
  assert.equal(bob.got.length, most)
  credits(4 * bytes.length)
  send(most)
  assert.equal(bob.got.length, most + 4)
  credits(4 * bytes.length)
  send(1)
  assert.equal(bob.got.length, most + 4)
  credits(4 * bytes.length, { resume: true })
  send(3 * most)
  assert.equal(bob.got.length, 2 * most + 4)
  credits(100 * most * bytes.length)
  send(3 * most)
  assert.equal(bob.got.length, 3 * most + 4)
})
