// What reaches the server, tried with servers that do and don't let it through.
import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:http"
import { afterEach, beforeEach, test } from "node:test"
import { setImmediate } from "node:timers/promises"

import { WebSocket, WebSocketServer } from "ws"

import { systemClock } from "../../../static/js/base/clock.js"
import { inTurn, within } from "../../../static/js/check/limited.js"
import { talkOverServer } from "../../../static/js/check/over_server.js"
import { tryWebSocket } from "../../../static/js/check/web_socket.js"
import { SocketIoServer } from "../support/socketio_server.js"

const READY = { host_peer_id: "one", epoch: 7, ice_servers: [], relay: "fallback" }
const { WebSocket: own } = globalThis
/** @type {(() => unknown)[]} */
const cleanups = []

/** As in browsers, nobody has to listen for errors. */
class BrowserSocket extends WebSocket {
  constructor(...args) {
    super(...args)
    this.on("error", () => undefined)
  }
}

beforeEach(() => { globalThis.WebSocket = BrowserSocket })

afterEach(async () => {
  globalThis.WebSocket = own
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

// The WebSocket

async function listening(server) {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  cleanups.push(() => { server.closeAllConnections(); server.close() })
  return `http://127.0.0.1:${server.address().port}`
}

const tried = (url, page) => tryWebSocket(new URL("/socket.io/", url), `${url}/p2p-check.js`, { clock: systemClock, page })

test("a server that takes WebSockets", async () => {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  sockets.on("connection", (socket, { url }) => {
    assert.equal(url, "/socket.io/?EIO=4&transport=websocket")
    socket.send('0{"sid":"a"}')
  })
  const outcome = await tried(await listening(server))
  assert.equal(outcome.ok, true)
  assert.ok(outcome.ms > 0)
})

test("a proxy that refuses them, and passes HTTP on", async () => {
  const asked = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end()
  })
  assert.deepEqual(await tried(await listening(server)), { ok: false, reason: "blocked" })
  assert.deepEqual(asked.at(-1), "HEAD /p2p-check.js")
})

test("a proxy that opens them, and says something of its own", async () => {
  const server = createServer((_, response) => response.end())
  new WebSocketServer({ server }).on("connection", (socket) => socket.send("hello"))
  assert.deepEqual(await tried(await listening(server)), { ok: false, reason: "silent" })
})

test("a proxy that opens them, and closes them", async () => {
  const server = createServer((_, response) => response.end())
  new WebSocketServer({ server }).on("connection", (socket) => socket.close())
  assert.deepEqual(await tried(await listening(server)), { ok: false, reason: "silent" })
})

test("a server that is away, also behind a proxy that says so", async () => {
  const gone = createServer((_, response) => { response.writeHead(502).end() })
  assert.deepEqual(await tried(await listening(gone)), { ok: false, reason: "away" })
  assert.deepEqual(await tried("http://127.0.0.1:1"), { ok: false, reason: "away" })
})

test("a policy that forbids them", async () => {
  const page = new EventTarget()
  const server = createServer((_, response) => response.end())
  const outcome = tried(await listening(server), page)
  page.dispatchEvent(Object.assign(new Event("securitypolicyviolation"), { effectiveDirective: "connect-src" }))
  assert.deepEqual(await outcome, { ok: false, reason: "policy" })
})

// Talking over the server

async function serverOf(onEvent) {
  const server = await SocketIoServer.start()
  cleanups.push(() => server.stop())
  server.onConnect = (connection) => {
    connection.accept()
    const peer = connection.auth.token
    connection.emit("session_ready", { ...READY, peer_id: peer, ...(peer === "one" && { seat: "a seat" }) })
  }
  server.onEvent = (event, payload) => onEvent(server, event, payload)
  return server
}

const talk = (server, signal = new AbortController().signal) =>
  talkOverServer({ url: server.url, path: "/socket.io", namespace: "/p2p", tokens: ["one", "two"] }, signal, { clock: systemClock })

/** Passes a batch on, as the server does. */
function pass(server, event, { to, ...batch }) {
  if (event !== "relay") return { ok: true }
  const connection = server.connections.find(({ auth }) => auth?.token === to)
  connection.emit("relay", { ...batch, from: to === "one" ? "two" : "one" })
  return { ok: true }
}

test("a message there and back; then both leave", async () => {
  const server = await serverOf(pass)
  const outcome = await talk(server)
  assert.equal(outcome.ok, true)
  await server.until(() => server.openCount === 0)
  const said = server.connections.map((connection) => connection.said.map(([event, payload]) => payload.packets ?? payload.reason ?? event))
  assert.deepEqual(said, [[["back"], "closed"], [["there"], "closed"]])
})

test("a host that isn't known yet is tried again", async () => {
  let tries = 0
  const server = await serverOf((...all) => (all[1] === "relay" && tries++ === 0 ? { ok: false, error: { code: "no_such_peer" } } : pass(...all)))
  assert.equal((await talk(server)).ok, true)
  assert.equal(tries, 3)
})

test("a server that relays nothing says so", async () => {
  const server = await serverOf(() => ({ ok: false, error: { code: "relay_off" } }))
  assert.deepEqual(await talk(server), { ok: false, reason: "off" })
})

test("a refusal for good, and one of the join", async () => {
  const server = await serverOf(() => ({ ok: false, error: { code: "forbidden" } }))
  assert.deepEqual(await talk(server), { ok: false, reason: "failed", code: "forbidden" })
  server.onConnect = (connection) => connection.refuse("unauthorized", { code: "unauthorized" })
  assert.deepEqual(await talk(server), { ok: false, reason: "refused", code: "unauthorized" })
})

test("what was learnt is told when the time is over", async () => {
  const over = new AbortController()
  const server = await serverOf((_, event) => (event === "relay" ? { ok: false, error: { code: "no_such_peer" } } : { ok: true }))
  const outcome = talk(server, over.signal)
  await server.until(() => server.connections.some(({ said }) => said.length > 1))
  over.abort()
  assert.deepEqual(await outcome, { ok: false, reason: "failed", code: "no_such_peer" })
})

// Limits

test("work is told when its time is over, and when it is done", async () => {
  /** @type {AbortSignal | undefined} */
  let held
  const late = within(5, (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve("late"))), systemClock)
  assert.equal(await late, "late")
  assert.equal(await within(1e6, async (signal) => { held = signal; return "done" }, systemClock), "done")
  assert.equal(held?.aborted, true)
})

test("so many things at once, in their order", async () => {
  const running = new Set()
  const seen = []
  const works = [0, 1, 2, 3, 4].map((number) => async () => {
    running.add(number)
    seen.push(running.size)
    await setImmediate()
    running.delete(number)
  })
  await inTurn(works, 2)
  assert.deepEqual(seen, [1, 2, 2, 2, 2])
})
