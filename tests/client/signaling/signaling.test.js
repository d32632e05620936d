import assert from "node:assert/strict"
import { once } from "node:events"
import { connect } from "node:net"
import { afterEach, beforeEach, test } from "node:test"

import { deferred } from "../../../static/js/base/deferred.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { ACK_TIMEOUT_MS, RECONNECT_MAX_MS, RECONNECT_MS, Signaling } from "../../../static/js/signaling/signaling.js"
import { settle } from "../support/fake_clock.js"
import { SocketIoServer } from "../support/socketio_server.js"

const OFFER = { epoch: 1, negotiation: "1-1", description: { type: "offer", sdp: "v=0" } }
const ANSWER = { epoch: 1, negotiation: "1-1", description: { type: "answer", sdp: "v=0" } }
const CANDIDATES = { epoch: 1, negotiation: "1-1", candidates: [{ candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" }] }
const READY = { peer_id: "ann", host_peer_id: "ann", epoch: 1, ice_servers: [] }

/** Whether Socket.IO's own attempt, where it comes as late as it may, doesn't come at all: no test has to be quicker than it. */
let isHeld = false
/** Whether the time that the server has for an answer is over at once, as in a page that slept meanwhile. */
let isLate = false
const later = globalThis.setTimeout
globalThis.setTimeout = /** @type {any} */ ((callback, ms, ...rest) => later(isHeld && ms === RECONNECT_MAX_MS ? () => undefined : callback, isLate && ms === ACK_TIMEOUT_MS ? 0 : ms, ...rest))

/** @type {SocketIoServer} */
let server
/** @type {Signaling} */
let signaling
/** What the delegate was told: `[what, about]`. @type {[string, any][]} */
let told
/** @type {Record<string, unknown>} */
let credentials
/** Whether this peer still has to join when a join is answered. */
let isSeeking = false

beforeEach(async () => {
  server = await SocketIoServer.start()
  told = []
  credentials = {}
  isSeeking = false
  const tell = (what) => (about) => {
    told.push([what, about])
    server.stir()
  }
  signaling = new Signaling({
    url: server.url,
    path: "/socket.io",
    namespace: "/p2p",
    token: () => "the token",
    delegate: {
      signalingReady: tell("ready"),
      signalingReceived: tell("received"),
      signalingHostChanged: tell("host changed"),
      signalingPeerLeft: tell("peer left"),
      signalingRefused: tell("refused"),
      signalingDropped: tell("dropped"),
      signalingCredentials: () => credentials,
      signalingProbed: (epoch) => ({ ok: epoch === 1, epoch: 1 }),
      signalingSeeks: () => isSeeking,
    },
  })
})

afterEach(async () => {
  signaling.leave("closed")
  await server.stop()
})

async function join() {
  const before = server.connections.length
  signaling.join()
  await server.until(() => server.connections.length > before && server.last.auth)
  server.last.emit("host_changed", { host_peer_id: "ann", epoch: 1, reason: "elected" })
  await server.until(() => told.some(([what]) => what === "host changed"))
  told.length = 0
  return server.last
}

/** Waits until all that the server has sent has arrived. */
async function hear(connection) {
  const { length } = told
  connection.emit("peer_left", { peer_id: "bob", epoch: 1 })
  await server.until(() => told.length > length)
}

const refusals = () => told.filter(([what]) => what === "refused").map(([, error]) => error)

test("joins in the connect packet, over a WebSocket", async () => {
  credentials = { lost_epoch: 7 }
  const connection = await join()
  assert.deepEqual(connection.auth, { token: "the token", lost_epoch: 7 })
  assert.match(connection.path, /^\/socket\.io\/\?.*transport=websocket/)
  assert.ok(signaling.isConnected)
})

test("joining twice opens one socket", async () => {
  signaling.join()
  signaling.join()
  await server.until(() => signaling.isConnected || server.last?.auth)
  await settle()
  assert.equal(server.connections.length, 1)
})

for (const isNeeded of [false, true]) {
  test(`a join that isn't answered yet is waited for, and another one follows ${isNeeded ? "as it is still needed" : "only if it is still needed"}`, async () => {
    const connection = await join()
    const answer = deferred()
    server.onEvent = () => answer.promise
    isSeeking = isNeeded
    for (let time = 0; time < 3; time++) signaling.join()
    await server.until(() => connection.said.length === 1)
    server.onEvent = () => ({ ok: true })
    answer.resolve({ ok: true })
    await settle()
    await hear(connection)
    signaling.report(1, { ann: "connected" })
    await server.until(() => connection.events.at(-1) === "session_roster")
    assert.deepEqual(connection.events, ["session_join", ...(isNeeded ? ["session_join"] : []), "session_roster"])
    await hear(connection)
    signaling.join()
    await server.until(() => connection.events.at(-1) === "session_join")
  })
}

test("a join that the server has refused, or can't answer, doesn't keep this peer from the next one", async () => {
  const connection = await join()
  server.onEvent = () => ({ ok: false, error: { code: "unavailable" } })
  signaling.join()
  await server.until(() => refusals().length === 1)
  server.onEvent = () => undefined
  signaling.join()
  await server.until(() => connection.said.length === 2)
  connection.drop()
  await server.until(() => told.some(([what]) => what === "dropped"))
  server.onEvent = () => ({ ok: true })
  await server.until(() => server.connections.length === 2 && server.last.auth)
  await hear(server.last)
  signaling.join()
  await server.until(() => server.last.events.length === 1)
})

test("hands on what the server says, also what comes before the join is accepted", async () => {
  server.onConnect = (connection) => {
    connection.emit("session_ready", READY)
    connection.accept()
    connection.emit("sdp_offer", { from: "ann", ...OFFER })
    connection.emit("sdp_answer", { from: "bob", ...ANSWER })
    connection.emit("ice_candidate", { from: "cleo", ...CANDIDATES })
    connection.emit("peer_left", { peer_id: "dan", epoch: 1 })
  }
  signaling.join()
  await server.until(() => told.length === 5)
  assert.deepEqual(told, [["ready", READY], ["received", { from: "ann", ...OFFER }], ["received", { from: "bob", ...ANSWER }], ["received", { from: "cleo", ...CANDIDATES }], ["peer left", "dan"]])
})

test("says signals in the protocol's words", async () => {
  const connection = await join()
  signaling.signal("bob", 1, "1-1", { description: { type: "offer", sdp: "o" } })
  signaling.signal("bob", 1, "1-1", { description: { type: "answer", sdp: "a" } })
  signaling.signal("bob", 1, "1-1", { candidates: [{ candidate: "c" }] })
  signaling.report(1, { ann: "connected" })
  await server.until(() => connection.said.length === 4)
  assert.deepEqual(connection.said, [
    ["sdp_offer", { to: "bob", epoch: 1, negotiation: "1-1", description: { type: "offer", sdp: "o" } }],
    ["sdp_answer", { to: "bob", epoch: 1, negotiation: "1-1", description: { type: "answer", sdp: "a" } }],
    ["ice_candidate", { to: "bob", epoch: 1, negotiation: "1-1", candidates: [{ candidate: "c" }] }],
    ["session_roster", { epoch: 1, peers: { ann: "connected" } }],
  ])
})

test("an offer to a peer that isn't there says that it has left; another refusal doesn't", async () => {
  server.onEvent = (_event, { to }) => ({ ok: false, error: { code: to === "bob" ? "no_such_peer" : "forbidden" } })
  await join()
  signaling.signal("cleo", 1, "1-1", { description: { type: "offer", sdp: "o" } })
  signaling.signal("bob", 1, "1-1", { description: { type: "offer", sdp: "o" } })
  await server.until(() => told.length > 0)
  assert.deepEqual(told, [["peer left", "bob"]])
})

test("a description that belongs to an earlier epoch has this peer join again, to learn of the present one", async () => {
  server.onEvent = (event) => (event === "session_join" ? { ok: true } : { ok: false, error: { code: "stale_epoch" } })
  credentials = { lost_epoch: 1 }
  for (const type of ["offer", "answer"]) {
    const connection = await join()
    signaling.signal("bob", 1, "1-1", { description: { type, sdp: "s" } })
    await server.until(() => connection.events.includes("session_join"))
    assert.deepEqual(connection.said.at(-1), ["session_join", { lost_epoch: 1 }])
    assert.deepEqual(told, [])
    signaling.leave("closed")
  }
})

test("a host whose roster is refused as another's joins anew, by its seat", async () => {
  for (const code of ["stale_epoch", "forbidden"]) {
    credentials = { seat: "the seat" }
    server.onEvent = (event) => (event === "session_roster" ? { ok: false, error: { code } } : { ok: true })
    const connection = await join()
    signaling.report(1, {})
    await server.until(() => connection.events.includes("session_join"))
    assert.deepEqual(connection.said, [["session_roster", { epoch: 1, peers: {} }], ["session_join", { seat: "the seat" }]])
    signaling.leave("closed")
  }
})

test("a join on an open socket that isn't answered in time is no end: it is tried again soon", async () => {
  server.onEvent = () => undefined
  await join()
  isLate = true
  signaling.join()
  isLate = false
  await server.until(() => refusals().length > 0)
  const [{ code, retry, retryAfterMls }] = refusals()
  assert.deepEqual([code, retry, retryAfterMls], ["signaling_lost", true, RECONNECT_MS])
})

test("a roster that is refused for another reason, or by a server that goes, changes nothing", async () => {
  server.onEvent = () => ({ ok: false, error: { code: "too_large" } })
  const connection = await join()
  signaling.report(1, {})
  await server.until(() => connection.said.length === 1)
  server.onEvent = () => undefined
  signaling.report(1, {})
  await server.until(() => connection.said.length === 2)
  signaling.leave("closed")
  await server.until(() => !connection.isOpen)
  assert.deepEqual(connection.events, ["session_roster", "session_roster", "session_leave"])
  assert.equal(server.connections.length, 1)
  assert.deepEqual(told, [])
})

test("without a socket nothing is said, then or later", async () => {
  signaling.signal("bob", 1, "1-1", { candidates: [] })
  signaling.signal("bob", 1, "1-1", { description: { type: "offer", sdp: "o" } })
  signaling.report(1, {})
  const connection = await join()
  signaling.leave("closed")
  await server.until(() => !connection.isOpen)
  assert.deepEqual(connection.events, ["session_leave"])
})

test("leaving delivers the goodbye and then closes the socket", async () => {
  const connection = await join()
  signaling.signal("bob", 1, "1-1", { candidates: [] })
  signaling.leave("connected")
  assert.ok(!signaling.isConnected)
  await server.until(() => !connection.isOpen)
  assert.deepEqual(connection.said.at(-1), ["session_leave", { reason: "connected" }])
  assert.ok(connection.hasDisconnected)
  assert.deepEqual(told, [])
})

test("leaving what was never joined, and leaving twice, is nothing", () => {
  signaling.leave("closed")
  signaling.leave("closed")
  assert.equal(server.connections.length, 0)
})

test("leaving and joining at once is a new join", async () => {
  const before = await join()
  signaling.leave("closed")
  const after = await join()
  await server.until(() => !before.isOpen)
  assert.deepEqual(before.events, ["session_leave"])
  assert.deepEqual(after.said, [])
  assert.equal(server.openCount, 1)
})

test("a refusal is typed, once, and closes the socket; joining again really does", async () => {
  server.onConnect = (connection) => connection.refuse("unavailable", { code: "unavailable", message: "Later.", retry: true, retry_after_ms: 300 })
  signaling.join()
  await server.until(() => told.length > 0)
  const [error] = refusals()
  assert.ok(error instanceof P2pError)
  assert.deepEqual([error.code, error.message, error.retryAfterMls], ["unavailable", "Later.", 300])
  await server.until(() => server.openCount === 0)
  server.onConnect = (connection) => connection.accept()
  await join()
  assert.equal(server.connections.length, 2)
  assert.deepEqual(told, [])
})

test("joining again from within a refusal works, too", async () => {
  server.onConnect = (connection) => (server.connections.length === 1 ? connection.refuse("unavailable", { code: "unavailable" }) : connection.accept())
  const tell = server.stir.bind(server)
  server.stir = () => {
    if (refusals().length === 1 && server.connections.length === 1) signaling.join()
    tell()
  }
  signaling.join()
  await server.until(() => server.connections.length === 2 && server.last.auth)
  assert.equal(refusals().length, 1)
})

test("a refusal of junk is internal", async () => {
  server.onConnect = (connection) => connection.refuse("nonsense", undefined)
  signaling.join()
  await server.until(() => told.length > 0)
  assert.deepEqual(refusals().map(({ code }) => code), ["internal"])
})

test("a server that throws the peer out says why", async () => {
  const connection = await join()
  connection.emit("session_error", { code: "peer_replaced" })
  await server.until(() => told.length > 0)
  assert.deepEqual(refusals().map(({ code }) => code), ["peer_replaced"])
  await server.until(() => connection.hasDisconnected || !connection.isOpen)
  const next = await join()
  next.disconnect()
  await server.until(() => told.length > 0)
  assert.deepEqual(refusals().map(({ code }) => code), ["unavailable"])
})

test("a probe is answered", async () => {
  const connection = await join()
  for (const epoch of [1, 2]) connection.ask("host_probe", { epoch })
  await server.until(() => connection.answers.length === 2)
  assert.deepEqual(connection.answers, [{ ok: true, epoch: 1 }, { ok: false, epoch: 1 }])
})

test("a socket that drops comes back by itself, with what the join has to say then", async () => {
  const connection = await join()
  credentials = { seat: "the seat" }
  connection.drop()
  await server.until(() => server.connections.length === 2 && server.last.auth)
  assert.deepEqual(server.last.auth, { token: "the token", seat: "the seat" })
  assert.deepEqual(told, [["dropped", undefined]])
})

test("a server that isn't there yet is found when it is", async () => {
  const { port } = server
  await server.stop()
  signaling.join()
  await once(connect(port, "127.0.0.1"), "error")
  server = await SocketIoServer.start(port)
  await server.until(() => server.last?.auth)
  assert.deepEqual(told, [])
})

test("hurrying doesn't wait for the next attempt, and the one after that still comes", async () => {
  const connection = await join()
  const { random } = Math
  Math.random = () => 99.99
  isHeld = true
  connection.drop()
  while (signaling.isConnected) await settle()
  Math.random = random
  isHeld = false
  signaling.hurry()
  await server.until(() => server.connections.length === 2 && server.last.auth)
  while (!signaling.isConnected) await settle()
  server.last.drop()
  await server.until(() => server.connections.length === 3 && server.last.auth)
  assert.equal(server.openCount, 1)
})

test("hurrying where there is nothing to hurry does nothing", async () => {
  signaling.hurry()
  await join()
  signaling.hurry()
  await settle()
  assert.equal(server.connections.length, 1)
  signaling.leave("closed")
  signaling.hurry()
  await server.until(() => server.openCount === 0)
  assert.equal(server.connections.length, 1)
})

test("joins again on an open socket, and tells a refusal", async () => {
  const connection = await join()
  credentials = { lost_epoch: 3 }
  server.onEvent = () => ({ ok: false, error: { code: "unavailable", retry_after_ms: 100 } })
  signaling.join()
  await server.until(() => told.length > 0)
  assert.deepEqual(connection.said, [["session_join", { lost_epoch: 3 }]])
  assert.deepEqual(refusals().map(({ code, retryAfterMls }) => [code, retryAfterMls]), [["unavailable", 100]])
  server.onEvent = () => ({ ok: true })
  signaling.join()
  await server.until(() => connection.said.length === 2)
  await settle()
  assert.equal(told.length, 1)
})

test("a socket that drops in the middle of joining again is no refusal: it comes back and joins", async () => {
  server.onEvent = () => undefined
  const connection = await join()
  signaling.join()
  await server.until(() => connection.said.length === 1)
  connection.drop()
  await server.until(() => server.connections.length === 2 && server.last.auth)
  assert.deepEqual(told, [["dropped", undefined]])
})

test("leaving in the middle of joining again tells nothing", async () => {
  server.onEvent = () => undefined
  const connection = await join()
  signaling.join()
  await server.until(() => connection.said.length === 1)
  signaling.leave("connected")
  await server.until(() => !connection.isOpen)
  assert.deepEqual(told, [])
})

test("a goodbye that could not be sent is not said at the next join", async () => {
  const connection = await join()
  const { now } = Date
  // As in a page that wakes up: the server hasn't been heard for longer than its pings take, and Socket.IO holds back what is said.
  Date.now = () => now() + 3_600_000
  signaling.leave("closed")
  Date.now = now
  await server.until(() => !connection.isOpen)
  const next = await join()
  signaling.report(1, {})
  await server.until(() => next.said.length > 0)
  assert.deepEqual(next.events, ["session_roster"])
})

test("news of a join that was given up is not told after the next one", async () => {
  server.onConnect = (connection) => connection.emit("session_ready", READY)
  signaling.join()
  await server.until(() => server.last?.auth)
  const [first] = server.connections
  first.socket.ping()
  await new Promise((resolve) => first.socket.once("pong", resolve))
  await settle()
  signaling.leave("closed")
  await server.until(() => !first.isOpen)
  server.onConnect = (connection) => connection.accept()
  signaling.join()
  await server.until(() => server.connections.length === 2 && server.last.auth)
  server.last.emit("host_changed", { host_peer_id: "ann", epoch: 2, reason: "elected" })
  await server.until(() => told.some(([what]) => what === "host changed"))
  assert.deepEqual(told.map(([what]) => what), ["host changed"])
})
