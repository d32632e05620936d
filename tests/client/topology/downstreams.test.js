import assert from "node:assert/strict"
import { test } from "node:test"

import { CLOSE_TIMEOUT_MS, LOW_BYTES, MAX_BUFFERED_BYTES } from "../../../static/js/transport/data_channel.js"
import { MAX_GATHERED_CHARACTERS } from "../../../static/js/transport/packet_reader.js"
import { QUICK_ACK_PAUSE_MS } from "../../../static/js/messaging/stability.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { CONNECTIONS, MAX_NEGOTIATING, MAX_WAITING_MESSAGES, RELAYED_MESSAGES } from "../../../static/js/base/limits.js"
import { decodeFrame, encodeFrame, STATE } from "../../../static/js/wire/frames.js"
import { FILL_WINDOW_MS, SETTLE_MS } from "../../../static/js/messaging/recovery.js"
import { ROSTER_INTERVAL_MS, ROSTER_PAUSE_MS } from "../../../static/js/topology/roster.js"
import { settle } from "../support/fake_clock.js"
import { Room, TOLD_MS } from "../support/room.js"
import { CONNECT_TIMEOUT_MS } from "../support/world.js"

/** @param {...string} peerIds */
async function open(...peerIds) {
  const room = new Room()
  const clients = []
  for (const peerId of peerIds) clients.push(await room.join(peerId))
  return { room, host: room.host, clients }
}

/** The presence frames that went over a channel. @param {any} channel */
const presenceFrames = (channel) => channel.frames.map((text) => JSON.parse(text)).filter(({ type }) => type === STATE)

test("is connected from the start, alone or not", async () => {
  const { host } = await open()
  assert.equal(host.role.state, "connected")
  assert.ok(host.role.iamHost)
  assert.deepEqual(host.presence, { host: "connected" })
})

test("everybody sees everybody as connected", async () => {
  const { room, host, clients } = await open("ann", "bob", "cleo")
  await room.pass(TOLD_MS)
  for (const { presence } of [host, ...clients]) assert.deepEqual(presence, { host: "connected", ann: "connected", bob: "connected", cleo: "connected" })
})

test("a client's message is shown to all once, the sender included", async () => {
  const { host, clients } = await open("ann", "bob")
  clients[0].say("hello")
  await settle()
  for (const { received } of [host, ...clients]) assert.deepEqual(received, [{ type: "Data", senderId: "ann", data: "hello" }])
})

test("the host's own message is shown to all once", async () => {
  const { host, clients } = await open("ann", "bob")
  host.say("hello")
  await settle()
  for (const { texts } of [host, ...clients]) assert.deepEqual(texts, ["host: hello"])
})

test("a message without a name is of whom the connection belongs to; nothing else of what the client wrote goes on", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob")
  ann.channel("host").send(JSON.stringify({ type: "Data", id: 1, data: "I am ann", extra: "x" }))
  await room.pass()
  for (const { received } of [host, bob]) assert.deepEqual(received, [{ type: "Data", senderId: "ann", data: "I am ann" }])
  const { inc } = ann.broadcast
  assert.deepEqual(JSON.parse(host.channel("bob").frames.findLast((text) => text.includes("I am ann"))), { type: "Data", senderId: "ann", inc, id: 1, data: "I am ann", n: 1 })
})

test("nobody speaks for who is here", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob")
  for (const [senderId, { broadcast: { inc } }] of /** @type {[string, any][]} */ ([["bob", bob], ["host", host]])) {
    for (const id of [1, Number.MAX_SAFE_INTEGER]) ann.channel("host").send(JSON.stringify({ type: "Data", senderId, inc, id, data: "I am another" }))
  }
  await room.pass(FILL_WINDOW_MS + SETTLE_MS)
  bob.say("it is me")
  await room.pass()
  host.say("me too")
  await room.pass(QUICK_ACK_PAUSE_MS)
  for (const { texts } of [host, ann, bob]) assert.deepEqual(texts, ["bob: it is me", "host: me too"])
  assert.deepEqual([bob.stable, host.stable], [[1], [1]])
})

test("all see all messages in one order", async () => {
  const { host, clients } = await open("ann", "bob", "cleo")
  for (let number = 0; number < 20; number++) for (const player of [...clients, host]) player.say(number)
  await settle()
  for (const { texts } of clients) assert.deepEqual(texts, host.texts)
  assert.equal(host.texts.length, 80)
})

test("what only the host may say is ignored from a client", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob")
  ann.channel("host").send(JSON.stringify({ type: STATE, senderId: "host", data: { bob: "failed" }, full: true }))
  await room.pass()
  assert.equal(host.presence.bob, "connected")
  assert.equal(bob.presence.bob, "connected")
  assert.deepEqual([...host.received, ...bob.received], [])
})

test("a message that can't be passed on costs its sender the connection, and nobody else", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob")
  ann.channel("host").send(`{"type":"Data","id":1,"data":[${Array.from({ length: 20_000 }, () => "1e20").join()}]}`)
  await room.pass()
  assert.deepEqual(ann.losses.map(({ code }) => code), ["too_large"])
  assert.equal(host.presence.ann, "disconnected")
  bob.say("still here")
  await room.pass()
  assert.deepEqual([...host.texts, ...bob.texts], ["bob: still here", "bob: still here"])
})

test("a reload takes the place of the page before it, which is told so", async () => {
  const { room, host, clients: [before, bob] } = await open("ann", "bob")
  const after = await room.join("ann")
  assert.deepEqual(before.losses.map(({ code }) => code), ["peer_replaced"])
  assert.equal(after.role.state, "connected")
  assert.equal(host.presence.ann, "connected")
  bob.say("once")
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.deepEqual([after.texts, before.texts], [["bob: once"], []])
  assert.equal(room.network.open.length, 4)
})

test("a reload in the middle of a negotiation doesn't mix two attempts", async () => {
  const { room, host } = await open()
  const late = []
  room.loses = (from, _to, signal) => from === "ann" && "description" in signal && late.push(room.signals.at(-1)) === 1
  await room.join("ann")
  const after = await room.join("ann")
  const connected = host.ends.get("ann")
  const { negotiation, signal } = late[0]
  host.role.receiveSignal("ann", negotiation, signal)
  host.role.receiveSignal("ann", negotiation, { candidates: [{ candidate: "candidate:stale" }] })
  await room.pass(20_000)
  assert.equal(after.role.state, "connected")
  assert.ok(!connected.candidates.includes("candidate:stale"))
  assert.equal(new Set(room.signals.map((entry) => entry.negotiation)).size, 2)
})

test("a client may not offer, roll back or speak for another one", async () => {
  const { room, host, clients: [ann] } = await open("ann", "bob")
  const [{ negotiation }] = room.signals
  for (const type of ["offer", "rollback", "pranswer"]) host.role.receiveSignal("ann", negotiation, { description: { type, sdp: "nonsense" } })
  host.role.receiveSignal("bob", negotiation, { description: { type: "answer", sdp: "nonsense" } })
  host.role.receiveSignal("stranger", negotiation, { candidates: [] })
  await room.pass(100)
  assert.deepEqual(host.presence, { host: "connected", ann: "connected", bob: "connected" })
  assert.equal(ann.role.state, "connected")
})

test("a recipient that takes nothing is dropped, the others go on and are told", async () => {
  const { room, host, clients: [slow, bob] } = await open("slow", "bob")
  host.channel("slow").stall()
  const text = "x".repeat(200_000)
  for (let number = 0; number <= MAX_BUFFERED_BYTES / text.length; number++) {
    host.say(text)
    await room.pass(QUICK_ACK_PAUSE_MS)
  }
  assert.equal(host.presence.slow, "disconnected")
  assert.equal(bob.presence.slow, "disconnected")
  assert.equal(bob.received.length, host.received.length)
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.equal(slow.losses.length, 1)
})

test("a newcomer gets the whole picture, the others only what has changed", async () => {
  const { room, host } = await open("ann")
  const before = presenceFrames(host.channel("ann")).length
  await room.join("bob")
  const deltas = presenceFrames(host.channel("ann")).slice(before)
  assert.deepEqual(deltas.map(({ data, full }) => [data, full]), ["negotiating", "connecting", "connected"].map((state) => [{ bob: state }, undefined]))
  const [first] = presenceFrames(host.channel("bob")).filter(({ full }) => full)
  assert.deepEqual(first.data, { host: "connected", ann: "connected", bob: "connected" })
})

test("a client that goes is shown as disconnected to the others", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob")
  ann.role.stop()
  await room.pass(TOLD_MS)
  assert.equal(host.presence.ann, "disconnected")
  assert.equal(bob.presence.ann, "disconnected")
})

test("a lost socket matters only while its peer negotiates", async () => {
  const { room, host } = await open("ann")
  host.role.peerLeft("ann")
  host.role.peerLeft("stranger")
  assert.equal(host.presence.ann, "connected")
  room.loses = () => true
  await room.join("bob")
  host.role.peerLeft("bob")
  assert.equal(host.presence.bob, "disconnected")
  const offers = room.signals.length
  await room.pass(30_000)
  assert.equal(room.signals.length, offers)
})

test("an attempt that nobody answers ends, and leaves nothing behind", async () => {
  const { room, host } = await open()
  room.loses = () => true
  await room.join("ann")
  await room.pass(CONNECT_TIMEOUT_MS + CLOSE_TIMEOUT_MS)
  assert.equal(host.presence.ann, "disconnected")
  assert.deepEqual(room.network.open, [])
})

test("rosters are paced: soon after a change, never more often than the pause, and now and then", async () => {
  const { room, host } = await open()
  await room.pass(ROSTER_PAUSE_MS)
  assert.deepEqual(host.rosters, [{ host: "connected" }])
  for (let number = 0; number < 10; number++) await room.join(`peer-${number}`)
  await room.pass(ROSTER_PAUSE_MS)
  assert.equal(host.rosters.length, 2)
  assert.equal(Object.keys(host.rosters[1]).length, 11)
  await room.pass(ROSTER_INTERVAL_MS - ROSTER_PAUSE_MS)
  assert.equal(host.rosters.length, 2)
  await room.pass(ROSTER_PAUSE_MS)
  assert.equal(host.rosters.length, 3)
})

test("a room that never comes to rest is reported all the same", async () => {
  const { room, host } = await open()
  for (let number = 0; number < 20; number++) {
    await room.join(`peer-${number}`)
    await room.pass(490)
  }
  assert.ok(host.rosters.length >= 9)
})

test("stopping tells every client why, and frees everything", async () => {
  const { room, host, clients } = await open("ann", "bob")
  host.role.stop(new P2pError("host_lost", { message: "cleo is the host now." }))
  await room.pass(CLOSE_TIMEOUT_MS)
  await settle()
  for (const { losses } of clients) assert.deepEqual(losses.map(({ code, message }) => [code, message]), [["host_lost", "cleo is the host now."]])
  assert.equal(host.role.state, "closed")
  assert.deepEqual(room.network.open, [])
  assert.equal(room.clock.pending, 0)
})

test("aborting closes every connection within this turn", async () => {
  const { room, host, clients } = await open("ann", "bob")
  host.role.abort()
  for (const end of host.ends.values()) assert.equal(end.signalingState, "closed")
  await room.pass(CLOSE_TIMEOUT_MS)
  for (const { losses } of clients) assert.equal(losses.length, 1)
  assert.equal(room.clock.pending, 0)
})

test("a stopped host begins nothing any more", async () => {
  const { room, host } = await open("ann")
  host.role.stop()
  await room.pass(CLOSE_TIMEOUT_MS)
  host.role.peerReady("bob")
  host.role.peerLeft("ann")
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.deepEqual(room.network.open, [])
  assert.equal(room.clock.pending, 0)
})

// Who may do what

test("what a reader sends is refused, and everybody knows who reads", async () => {
  const room = new Room()
  const ann = await room.join("ann", false)
  const bob = await room.join("bob")
  ann.say("may I?")
  bob.say("I may")
  await room.pass()
  assert.deepEqual(ann.refusals, [[1, "forbidden"]])
  for (const { texts } of [room.host, ann, bob]) assert.deepEqual(texts, ["bob: I may"])

  // A host that passes it on all the same isn't heard.
  room.host.channel("bob").send(JSON.stringify({ type: "Data", senderId: "ann", inc: ann.broadcast.inc, id: 2, n: 2, data: "smuggled" }))
  await room.pass()
  assert.deepEqual(bob.texts, ["bob: I may"])
})

test("a reader that comes again and may send is heard", async () => {
  const room = new Room()
  const bob = await room.join("bob")
  await room.join("ann", false)
  const ann = await room.join("ann", true)
  ann.say("now")
  await room.pass()
  assert.deepEqual(bob.texts, ["ann: now"])
})

test("a number that came before is not shown again; one that is left out is told of as a gap", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob")
  for (const id of [1, 1, 5, 3, 5, 6]) ann.channel("host").send(JSON.stringify({ type: "Data", id, data: id }))
  await room.pass()
  for (const { texts, gaps } of [host, bob]) {
    assert.deepEqual(texts, ["ann: 1", "ann: 5", "ann: 6"])
    assert.deepEqual(gaps, [{ senderId: "ann", from: 2, to: 4 }])
  }
})

test("a peer that is expelled hears why, and the others see it gone", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob")
  host.role.expel("ann", new P2pError("forbidden", { message: "Out." }))
  host.role.expel("nobody", new P2pError("forbidden"))
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.deepEqual(ann.losses.map(({ code, message }) => [code, message]), [["forbidden", "Out."]])
  assert.deepEqual(bob.presence, { host: "connected", ann: "disconnected", bob: "connected" })
})

test("a client that floods is slowed, and then loses its connection; the others are heard all the while", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob")
  const channel = ann.channel("host")
  for (let id = 1; id <= RELAYED_MESSAGES.burst + 500; id++) channel.send(JSON.stringify({ type: "Data", id, data: id }))
  bob.say("and I")
  await room.pass()
  assert.equal(host.received.filter(({ senderId }) => senderId === "ann").length, RELAYED_MESSAGES.burst)
  assert.ok(host.texts.includes("bob: and I"))
  await room.pass(1_000)
  assert.deepEqual(host.received.filter(({ senderId }) => senderId === "ann").map(({ data }) => data), Array.from({ length: RELAYED_MESSAGES.burst + 500 }, (_, index) => index + 1))

  for (let id = 10_000; id <= 10_000 + MAX_WAITING_MESSAGES + 500; id++) if (channel.readyState === "open") channel.send(JSON.stringify({ type: "Data", id, data: id }))
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.deepEqual(ann.losses.map(({ code }) => code), ["rate_limited"])
  bob.say("still here")
  await room.pass()
  assert.equal(host.texts.at(-1), "bob: still here")
})

// Who joins again and again

test("however often somebody joins, few connections are made for it, and newcomers get theirs at once", async () => {
  const { room, host, clients: [ann] } = await open("ann")
  const before = room.network.all.length
  for (let number = 0; number < 549; number++) {
    host.role.peerReady("mallory")
    await room.pass(10)
  }
  const bob = await room.join("bob")
  await room.pass(TOLD_MS)
  assert.deepEqual([bob.presence.bob, ann.presence.bob], ["connected", "connected"])
  const made = room.network.all.length - before
  assert.ok(made <= CONNECTIONS.burst + 6 + 2, `${made} were made`)
  assert.ok(room.network.open.length <= 6, `${room.network.open.length} are open`)
})

test("many newcomers that never answer leave room for others when their time is over, and get no more than there is", async () => {
  const { room, host, clients: [ann] } = await open("ann")
  for (let number = 0; number < 2 * MAX_NEGOTIATING; number++) host.role.peerReady(`sybil-${number}`)
  const { length } = room.network.open
  assert.equal(length, 2 + MAX_NEGOTIATING)
  for (let number = 0; number < 2 * MAX_NEGOTIATING; number++) host.role.peerLeft(`sybil-${number}`)
  await room.pass()
  const bob = await room.join("bob")
  await room.pass(TOLD_MS)
  assert.deepEqual([bob.presence.bob, ann.presence.bob, room.network.open.length], ["connected", "connected", 4])
})

test("who floods gets no new burst by joining again", async () => {
  const { room, host } = await open("ann", "mallory")
  const flood = async (mallory) => {
    const channel = mallory.channel("host")
    for (let id = 1; id <= 2 * MAX_WAITING_MESSAGES; id++) {
      if (channel.readyState === "open") channel.send(JSON.stringify({ type: "Data", id, data: id }))
      if (id === RELAYED_MESSAGES.burst) await room.pass(100)
    }
    await room.pass(100)
  }
  const begun = room.clock.now()
  await flood(room.players.get("mallory"))
  for (let round = 0; round < 5; round++) {
    const again = await room.join("mallory")
    await room.pass(12_000)
    await flood(again)
  }
  const count = host.received.filter(({ senderId }) => senderId === "mallory").length
  const most = RELAYED_MESSAGES.burst + (room.clock.now() - begun) / 1_000 * RELAYED_MESSAGES.rate
  assert.ok(count > 2 * RELAYED_MESSAGES.burst && count <= most, `${count} came`)
})

// What is for some only

const direct = (to, data, rest = {}) => ({ type: /** @type {const} */ ("Direct"), to, inc: "x", id: 1, after: 0, data, ...rest })
/** Says that it takes ann's file. @param {any[]} players */
const takeFile = (...players) => takeMore(0, ...players)
const takeMore = (offset, ...players) => { for (const { role } of players) role.route({ type: "Credit", to: "ann", transfer: "f", offset }) }
const chunkFor = (...to) => ({ type: /** @type {const} */ ("Chunk"), to, transfer: "f", offset: 0, bytes: new Uint8Array(200_000) })

test("a frame goes from one to another, either of them the host or not, by its own channel, and to nobody else", async () => {
  const { room, host, clients: [ann, bob, cleo] } = await open("ann", "bob", "cleo")
  ann.role.route(direct("bob", "for bob"))
  ann.role.route(direct("host", "for the host"))
  host.role.route(direct("bob", "from the host"))
  ann.role.route({ type: "Received", to: "bob", inc: "y", id: 1 })
  ann.role.route({ type: "Fast", to: ["bob"], inc: "x", id: 1, data: "cursor" })
  ann.role.route({ type: "Credit", to: "bob", transfer: "f", offset: 7 })
  await room.pass()
  assert.deepEqual(host.routed.map(({ senderId, data }) => [senderId, data]), [["ann", "for the host"]])
  assert.deepEqual(bob.routed.map(({ type, senderId, data = "" }) => [type, senderId, data].join(" ")).toSorted(), ["Credit ann ", "Direct ann for bob", "Direct host from the host", "Fast ann cursor", "Received ann "])
  for (const { routed } of [ann, cleo]) assert.deepEqual(routed, [])
  for (const { received } of [host, ann, bob, cleo]) assert.deepEqual(received, [])
  assert.deepEqual(["messages", "bulk", "fast"].map((label) => decodeFrame(host.channel("bob", label).frames.at(-1))?.type), ["Received", "Credit", "Fast"])
})

test("a client can't name another sender, however it says so", async () => {
  const { room, host, clients: [ann, bob] } = await open("ann", "bob", "cleo")
  takeFile(bob)
  await room.pass()
  for (const senderId of ["cleo", "host"]) {
    for (const to of ["bob", "host"]) ann.channel("host").send(JSON.stringify({ ...direct(to, "forged"), senderId }))
    ann.channel("host", "fast").send(JSON.stringify({ type: "Fast", inc: "x", id: 1, data: "forged", senderId }))
    ann.channel("host", "bulk").send(encodeFrame({ ...chunkFor("bob"), senderId }))
  }
  await room.pass()
  assert.deepEqual([bob.routed.length, host.routed.length], [6, 4])
  for (const { senderId } of [...bob.routed, ...host.routed]) assert.equal(senderId, "ann")
})

test("what a reader says to one is not handed on, nor heard where its host does; what it acknowledges is", async () => {
  const room = new Room()
  const [ann, bob] = [await room.join("ann", false), await room.join("bob")]
  ann.role.route(direct("bob", "may I?"))
  ann.role.route({ type: "Fast", inc: "x", id: 1, data: "may I?" })
  ann.role.route({ type: "Received", to: "bob", inc: "y", id: 1 })
  await room.pass()
  assert.deepEqual([bob.routed.map(({ type }) => type), room.host.routed], [["Received"], []])

  bob.routed.length = 0
  room.host.channel("bob").send(encodeFrame({ ...direct(undefined, "smuggled"), senderId: "ann" }))
  room.host.channel("bob", "fast").send(encodeFrame({ type: "Fast", senderId: "ann", inc: "x", id: 2, data: "smuggled" }))
  room.host.channel("bob").send(encodeFrame({ type: "Received", senderId: "ann", inc: "y", id: 2 }))
  room.host.channel("bob").send(encodeFrame({ ...direct(undefined, "who says so?") }))
  await room.pass()
  assert.deepEqual(bob.routed.map(({ type }) => type), ["Received"])
})

test("one that takes no more of what is for it alone is dropped, and the others go on", async () => {
  const { room, host, clients: [ann, slow, bob] } = await open("ann", "slow", "bob")
  host.channel("slow").stall()
  const data = "x".repeat(200_000)
  for (let number = 0; number <= MAX_BUFFERED_BYTES / data.length; number++) ann.role.route(direct("slow", data))
  ann.role.route(direct("bob", "all the same"))
  await room.pass(5_000)
  assert.deepEqual([host.presence.slow, host.presence.ann, slow.losses.length, ann.losses.length], ["disconnected", "connected", 1, 0])
  assert.deepEqual(bob.routed.map((frame) => frame.data), ["all the same"])
})

test("a full channel for files loses what doesn't fit, and nobody's connection; messages pass it", async () => {
  const { room, host, clients: [ann, slow, bob] } = await open("ann", "slow", "bob")
  takeFile(slow, bob)
  await room.pass()
  const channel = host.channel("slow", "bulk")
  channel.stall()
  const count = Math.floor(MAX_BUFFERED_BYTES / 200_100)
  for (let number = 0; number < count + 5; number++) {
    takeMore(number * 200_000, slow, bob)
    await room.pass()
    ann.role.route(chunkFor("slow", "bob"))
  }
  ann.role.route(direct("slow", "meanwhile"))
  await room.pass()
  assert.deepEqual(slow.routed.map(({ type }) => type), ["Direct"])
  assert.equal(bob.routed.length, count + 5)
  assert.equal(host.role.buffered(["bob", "slow"]), channel.bufferedAmount)
  assert.deepEqual([host.role.buffered(["bob"]), host.role.buffered([]), host.role.buffered(["stranger"])], [0, 0, 0])
  const { drains } = host
  channel.resume()
  await room.pass()
  assert.deepEqual([slow.routed.length, host.drains], [count + 1, drains + 1])
  assert.equal(host.presence.slow, "connected")
})

test("of what may be lost, the newest of each sender and topic waits for one who is slow; the others get all", async () => {
  const { room, host, clients: [ann, slow, bob] } = await open("ann", "slow", "bob")
  const channel = host.channel("slow", "fast")
  channel.stall()
  channel.send("x".repeat(LOW_BYTES + 1))
  for (let id = 1; id <= 100; id++) for (const topic of ["a", "b"]) ann.role.route({ type: "Fast", inc: "x", id, topic, data: id })
  await room.pass()
  channel.resume()
  await room.pass()
  assert.deepEqual(slow.routed.map(({ topic, data }) => [topic, data]), [["a", 100], ["b", 100]])
  assert.equal(bob.routed.length, 200)
})

test("a host that has stopped hands nothing on", async () => {
  const { room, host, clients: [ann] } = await open("ann")
  host.role.route(direct("ann", "first"))
  host.role.stop()
  host.role.route(direct("ann", "late"))
  await room.pass(CLOSE_TIMEOUT_MS)
  assert.deepEqual(ann.routed.map(({ data }) => data), ["first"])
})

test("a message that is nested without bottom reaches nobody, and costs nobody anything", async () => {
  for (const make of [(data) => `{"type":"Data","id":1,"data":${data}}`, (data) => `{"type":"Direct","to":"bob","inc":"x","id":1,"after":0,"data":${data}}`]) {
    const { room, host, clients: [ann, bob] } = await open("ann", "bob")
    ann.channel("host").send(make(`${"[".repeat(100_000)}${"]".repeat(100_000)}`))
    await room.pass()
    assert.deepEqual([ann.losses, host.received, bob.received, bob.routed], [[], [], [], []])
    bob.say("still here")
    await room.pass()
    assert.equal(host.texts.at(-1), "bob: still here")
  }
})

test("a client that takes no packet as large as the first picture is known no more, and counts as none that is connected", async () => {
  const room = new Room()
  const crowd = Array.from({ length: 60 }, (_, index) => `${index}`.padStart(100, "x"))
  for (const peerId of crowd) await room.join(peerId)
  await room.pass(TOLD_MS)
  const joining = room.join("small")
  room.host.channel("small").maxMessageSize = MAX_GATHERED_CHARACTERS
  const small = await joining
  await room.pass(TOLD_MS)
  assert.equal(small.losses.length, 1)
  assert.equal(room.host.presence.small, "disconnected")
  assert.deepEqual(room.host.role.connected().map(({ peerId }) => peerId), crowd)
})
