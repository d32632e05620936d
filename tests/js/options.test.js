import assert from "node:assert/strict"
import { test } from "node:test"

import { readOptions } from "../../static/js/options.js"

/** @param {Record<string, string>} attributes */
function element(attributes) {
  return /** @type {any} */ ({ getAttribute: (name) => attributes[name] ?? null, ownerDocument: { location: { origin: "https://example.org" } } })
}

test("what the tag left out has its default", () => {
  assert.deepEqual(readOptions(element({ "session-id": "room", "peer-id": "ann", token: "t" })), {
    sessionId: "room", peerId: "ann", token: "t", url: "https://example.org", path: "/socket.io", namespace: "/p2p", iceServers: undefined,
    tokenExpiresInMls: 0, tokenUrl: "", history: 0,
    heartbeat: { intervalMls: 1_000, idleTimeoutMls: 5_000 }, keepSignaling: false, autoReconnect: true, connectTimeoutMls: 15_000,
  })
})

test("what the tag wrote is taken over", () => {
  const config = {
    ice_servers: [], heartbeat: { interval_mls: 2_000, idle_timeout_mls: 9_000 }, keep_signaling: true, auto_reconnect: false, connect_timeout_mls: 1_000, history: 20,
  }
  const options = readOptions(element({ config: JSON.stringify(config), namespace: "/other", "signaling-path": "/ws", "token-expires-in-ms": "60000", "token-url": "/p2p/token" }))
  assert.deepEqual(options.iceServers, [])
  assert.deepEqual(options.heartbeat, { intervalMls: 2_000, idleTimeoutMls: 9_000 })
  assert.deepEqual([options.keepSignaling, options.autoReconnect, options.connectTimeoutMls, options.history], [true, false, 1_000, 20])
  assert.deepEqual([options.namespace, options.path, options.tokenExpiresInMls, options.tokenUrl], ["/other", "/ws", 60_000, "/p2p/token"])
})

test("half a heartbeat keeps the other half's default", () => {
  assert.deepEqual(readOptions(element({ config: '{"heartbeat":{"interval_mls":500}}' })).heartbeat, { intervalMls: 500, idleTimeoutMls: 5_000 })
})
