import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:net"
import { afterEach, beforeEach, test } from "node:test"

import { WebSocket } from "ws"

import { PROBE_PAUSE_MS, PROBE_TIMEOUT_MS, Reachability } from "../../../static/js/signaling/reachability.js"
import { FakeClock, settle } from "../support/fake_clock.js"
import { SocketIoServer } from "../support/socketio_server.js"

globalThis.WebSocket ??= /** @type {any} */ (WebSocket) // As in a browser; in Node.js since 22.

/** @type {SocketIoServer} */
let server
let clock

beforeEach(async () => {
  clock = new FakeClock()
  server = await SocketIoServer.start()
})

afterEach(() => server.stop())

const make = (mayPoll = false, { url } = server) => new Reachability({ url, path: "/socket.io/", mayPoll, clock })
const told = ({ error }) => [error.code, error.retry, /no WebSocket/.test(error.message), /P2P_TRANSPORTS/.test(error.hint)]

const AWAY = ["signaling_lost", true, false, false]
const BLOCKED = ["signaling_lost", true, true, true]

test("a server that answers without taking WebSockets is told apart from one that is away", async () => {
  server.ways = { takesWebSockets: false }
  const reachability = make()
  assert.deepEqual(told(reachability), AWAY)
  await reachability.missed()
  assert.deepEqual(told(reachability), BLOCKED)
  assert.match(reachability.error.hint, /another network.*Upgrade, Connection and Host/)
  reachability.reset()
  assert.deepEqual(told(reachability), AWAY)
})

test("so is no proxy whose server is away, no other page that takes its place, and nothing that isn't there", async () => {
  for (const status of [200, 204, 302, 500, 501, 502, 503, 504]) {
    server.ways = { takesWebSockets: false, status }
    const reachability = make()
    await reachability.missed()
    assert.deepEqual(told(reachability), AWAY, `${status}`)
  }
  const { url } = server
  await server.stop()
  const reachability = make(false, /** @type {any} */ ({ url }))
  await reachability.missed()
  assert.deepEqual(told(reachability), AWAY)
  server = await SocketIoServer.start()
})

test("it is asked once in a while, and not at each attempt", async () => {
  const reachability = make()
  await Promise.all([reachability.missed(), reachability.missed()])
  clock.advance(PROBE_PAUSE_MS - 1)
  await reachability.missed()
  assert.equal(server.refused, 1)
  clock.advance(1)
  await reachability.missed()
  assert.equal(server.refused, 2)
})

test("an answer that comes when nobody wants a connection any more says nothing", async () => {
  const reachability = make()
  const asked = reachability.missed()
  reachability.reset()
  await asked
  assert.deepEqual(told(reachability), AWAY)
})

test("looks by a WebSocket, which it leaves again", async () => {
  assert.equal(await make().look(), true)
  assert.match(server.last.path, /^\/socket\.io\/\?EIO=4&transport=websocket$/)
  await server.until(() => server.openCount === 0)
  server.ways = { takesWebSockets: false }
  assert.equal(await make().look(), false)
})

test("where long polling is allowed, and doesn't help, that isn't what is advised", async () => {
  server.ways = { takesWebSockets: false }
  const reachability = make(true)
  await reachability.missed()
  assert.match(reachability.error.hint, /sticky sessions/)
  assert.doesNotMatch(reachability.error.hint, /P2P_TRANSPORTS/)
})

test("where long polling is allowed, an answer by HTTP is enough", async () => {
  server.ways = { takesWebSockets: false }
  assert.equal(await make(true).look(), true)
  server.ways = { takesWebSockets: false, status: 502 }
  assert.equal(await make(true).look(), false)
})

test("a look at what takes WebSockets and says nothing ends", async () => {
  const mute = createServer(() => undefined).listen(0, "127.0.0.1")
  await once(mute, "listening")
  const connected = once(mute, "connection")
  const look = make(false, /** @type {any} */ ({ url: `http://127.0.0.1:${/** @type {any} */ (mute.address()).port}` })).look()
  const [socket] = await connected
  await settle()
  clock.advance(PROBE_TIMEOUT_MS)
  assert.equal(await look, false)
  assert.equal(clock.pending, 0)
  socket.destroy()
  mute.close()
})
