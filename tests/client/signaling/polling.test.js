// Long polling, where no WebSocket opens: the real client of Socket.IO, and a server that refuses WebSockets.
import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"

import { PATIENCE_MS, RECONNECT_MS, Signaling } from "../../../static/js/signaling/signaling.js"
import { FakeClock, settle } from "../support/fake_clock.js"
import { SocketIoServer } from "../support/socketio_server.js"

const READY = { peer_id: "ann", host_peer_id: "ann", epoch: 1, ice_servers: [] }

/** @type {SocketIoServer} */
let server
/** @type {Signaling} */
let signaling
/** @type {[string, any][]} */
let told
let clock

const tell = (what) => (about) => {
  told.push([what, about])
  server.stir()
}

function make(mayPoll = true) {
  return new Signaling({
    url: server.url,
    path: "/socket.io",
    namespace: "/p2p",
    token: () => "the token",
    mayPoll,
    clock,
    delegate: /** @type {any} */ ({
      signalingReady: tell("ready"),
      signalingReceived: tell("received"),
      signalingRefused: tell("refused"),
      signalingDropped: tell("dropped"),
      signalingCredentials: () => ({}),
    }),
  })
}

beforeEach(async () => {
  told = []
  clock = new FakeClock()
  server = await SocketIoServer.start(0, { takesWebSockets: false, takesPolls: true })
  signaling = make()
})

afterEach(async () => {
  signaling.leave("closed")
  await server.stop()
})

async function join() {
  const before = server.connections.length
  signaling.join()
  await server.until(() => server.connections.length > before && server.last.auth)
  while (!signaling.isConnected) await settle()
  return server.last
}

const isPolling = ({ path }) => path.includes("transport=polling")

test("a WebSocket that is refused is followed by long polling at once", async () => {
  const later = globalThis.setTimeout
  // Socket.IO's own next attempt doesn't come.
  globalThis.setTimeout = /** @type {any} */ ((callback, ms, ...rest) => later(ms > RECONNECT_MS / 3 ? () => undefined : callback, ms, ...rest))
  const connection = await join()
  globalThis.setTimeout = later
  assert.deepEqual(connection.auth, { token: "the token" })
  assert.ok(isPolling(connection))
  assert.deepEqual(told, [])
  connection.emit("session_ready", READY)
  await server.until(() => told.length > 0)
  assert.deepEqual(told, [["ready", READY]])
})

test("where it isn't allowed, it isn't tried, and why nothing opens is known", async () => {
  signaling = make(false)
  signaling.join()
  await server.until(() => server.refused >= 3) // two WebSockets, and a question by HTTP
  while (!/no WebSocket/.test(signaling.loss.message)) await settle()
  assert.equal(server.connections.length, 0)
  signaling.leave("closed")
  assert.doesNotMatch(signaling.loss.message, /no WebSocket/)
})

test("a WebSocket that isn't answered doesn't hold it up for long", async () => {
  server.ways = { takesPolls: true, isMute: true }
  signaling.join()
  await server.until(() => server.refused > 0)
  clock.advance(PATIENCE_MS)
  await server.until(() => server.last?.auth)
  assert.ok(isPolling(server.last))
})

test("where a WebSocket opens, nothing polls", async () => {
  server.ways = { takesPolls: true }
  await join()
  clock.advance(10 * PATIENCE_MS)
  await settle()
  assert.deepEqual([server.connections.length, isPolling(server.last), clock.pending], [1, false, 0])
})

test("thirty packets in one turn arrive, all of them in order, and sixteen in a request at the most", async () => {
  const connection = await join()
  const sent = Array.from({ length: 50 }, (_, index) => index)
  for (const index of sent) signaling.signal("bob", 1, `${index}`, { candidates: [] })
  await server.until(() => connection.said.length === sent.length)
  assert.deepEqual(connection.said.map(([, { negotiation }]) => Number(negotiation)), sent)
  assert.ok(Math.max(.../** @type {any} */ (connection.socket).posts) <= 16)
})

test("large packets share no request that would be too large", async () => {
  const connection = await join()
  const sdp = "é".repeat(200_000) // two of them are less than Engine.IO's million bytes, and three are more
  for (const name of ["a", "b", "c", "d"]) signaling.signal("bob", 1, name, { description: { type: "offer", sdp } })
  await server.until(() => connection.said.length === 4)
  const { posts } = /** @type {any} */ (connection.socket)
  assert.ok(posts.every((count) => count <= 2), `${posts}`)
})

test("a goodbye arrives, and ends the connection", async () => {
  const connection = await join()
  signaling.leave("connected")
  await server.until(() => !connection.isOpen)
  assert.deepEqual(connection.said, [["session_leave", { reason: "connected" }]])
  assert.deepEqual(told, [])
})

test("a connection that drops comes back by what has worked", async () => {
  const connection = await join()
  const { refused } = server
  connection.drop()
  await server.until(() => server.connections.length === 2 && server.last.auth)
  assert.ok(isPolling(server.last))
  assert.equal(server.refused, refused)
  assert.deepEqual(told, [["dropped", undefined]])
})

test("one that polled takes a WebSocket when only that opens", async () => {
  const connection = await join()
  server.ways = {}
  connection.drop()
  await server.until(() => server.connections.length === 2 && server.last.auth)
  assert.ok(!isPolling(server.last))
})

test("a server that is away is asked by both ways in turn, at the pace of attempts", async () => {
  const { port } = server
  await server.stop()
  signaling.join()
  server = await SocketIoServer.start(port, { takesWebSockets: false, takesPolls: true })
  await server.until(() => server.last?.auth)
  assert.deepEqual(told, [])
})
