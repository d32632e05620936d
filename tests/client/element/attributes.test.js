import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { ownOrigin } from "../../../static/js/element/attribute_parsing.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { readAttributes } from "../../../static/js/element/attributes.js"

const ORIGIN = "https://example.org"
const GOOD = { "session-id": "room", "peer-id": "ann", token: "t" }

/** @param {Record<string, string | null>} attributes those that aren't good, besides good ones */
const read = (attributes, origin = ORIGIN) => readAttributes(/** @type {any} */ ({ getAttribute: (name) => ({ ...GOOD, ...attributes })[name] ?? null }), origin)

/** @param {object} config */
const configured = (config) => read({ config: JSON.stringify(config) })

test("what the tag left out has its default", () => {
  assert.deepEqual(read({}), {
    sessionId: "room", peerId: "ann", token: "t", url: ORIGIN, path: "/socket.io", namespace: "/p2p", mayPoll: false, iceServers: undefined,
    tokenExpiresInMs: 0, tokenUrl: "", history: 0, relayAfterMs: 2_000, iceTransportPolicy: "all",
    heartbeat: { intervalMs: 1_000, idleTimeoutMs: 5_000 }, keepSignaling: false, autoReconnect: true, connectTimeoutMs: 15_000,
  })
})

test("what the tag wrote is taken over", () => {
  const config = {
    ice_servers: [], heartbeat: { interval_mls: 2_000, idle_timeout_mls: 9_000 }, keep_signaling: true, auto_reconnect: false, connect_timeout_mls: 1_000, history: 20,
  }
  const options = read({ config: JSON.stringify(config), namespace: "/other", "signaling-path": "/ws", "token-expires-in-ms": "60000", "token-url": "/p2p/token", transports: "websocket polling" })
  assert.deepEqual(options.iceServers, [])
  assert.equal(options.mayPoll, true)
  assert.deepEqual(options.heartbeat, { intervalMs: 2_000, idleTimeoutMs: 9_000 })
  assert.deepEqual([options.keepSignaling, options.autoReconnect, options.connectTimeoutMs, options.history], [true, false, 1_000, 20])
  assert.deepEqual([options.namespace, options.path, options.tokenExpiresInMs, options.tokenUrl], ["/other", "/ws", 60_000, `${ORIGIN}/p2p/token`])
})

test("half a heartbeat keeps the other half's default", () => {
  assert.deepEqual(configured({ heartbeat: { interval_mls: 500 } }).heartbeat, { intervalMs: 500, idleTimeoutMs: 5_000 })
})

test("an app may be mounted anywhere, and its ids may be any text", () => {
  const options = read({ "peer-id": "💬".repeat(128), "session-id": "a\nb", "signaling-path": "/mäx y/socket.io", "token-url": "/mäx y/p2p/token", "token-expires-in-ms": "9".repeat(300) })
  assert.equal(options.path, "/mäx y/socket.io")
  assert.equal(options.tokenUrl, `${ORIGIN}/m%C3%A4x%20y/p2p/token`)
  assert.equal(options.tokenExpiresInMs, 1e300)
})

/** What no attribute may have, by its name. */
const BAD = {
  "session-id": ["", "x".repeat(129), "💬".repeat(129), "\ud800", "a\rb", "\0", null],
  "peer-id": ["", "x".repeat(129), "a\udfff", "x".repeat(1e6), "a\r\n", "a\0b", null],
  token: ["", "x".repeat(4_097), "a b", "ü", "a\n", null],
  "token-expires-in-ms": ["", "x", "-1", "1.5", "1e3", "NaN", "Infinity", " 1", "0x10", "9".repeat(500)],
  transports: ["", "polling", "polling websocket", "websocket  polling", "websocket polling webtransport", "WebSocket"],
  "token-url": [
    "", "https://evil.example/token", "//evil.example/token", "\\\\evil.example\\token", "/\\evil.example/token", "/\t/evil.example/token", "http://example.org/token",
    "https://example.org:444/token", "https://ann:secret@example.org/p2p/token", "https://example.org@evil.example/token", "https://example.org.evil.example/token",
    "javascript:alert(1)//token", "data:,/token", "blob:https://example.org/token", "file:///token", "wss://example.org/token", "https://", "http://[/token",
    "/account/delete", "/account/delete?/token", "/account/delete#/token", "/p2p/token?a=1", "/p2p/token/", "/p2p/token/../../account",
  ],
  "signaling-path": [
    "", "@evil.example/", ".evil.example/", ":81@evil.example/", "evil.example", "//evil.example", "/\\evil.example", "\\evil.example", "\\\\evil.example", "/a\\b", "/a?b", "/a#b",
    "\t/a", "/\t/evil.example", "/a\nb", "/\u0000", "/\u0085", "https://evil.example/", "javascript:alert(1)", "/" + "x".repeat(3_000),
  ],
  namespace: ["", "/", "p2p", "/p2p/", "/p2p,", "/p2p,{}", "/a b", "//", "/ü", "/" + "x".repeat(300), "/" + "x/".repeat(1e6)],
  config: [
    "", " ", "null", "[]", "7", "true", '"text"', "NaN", "{", "{a: 1}", "undefined", "[".repeat(60_000), '{"a":'.repeat(13_000), `{"a":"${"x".repeat(70_000)}"}`,
  ],
}

/** What no member of `config` may have. */
const BAD_MEMBERS = {
  heartbeat: [null, [], "1000", 7, true, ...[null, "1000", -1, 0, 99, 60_001, 1e300, 1.5, [], {}].map((interval_mls) => ({ interval_mls })),
    ...[null, "5000", -1, 0, 199, 600_001].map((idle_timeout_mls) => ({ interval_mls: 100, idle_timeout_mls })), { interval_mls: 3_000 }, { idle_timeout_mls: 1_999 }],
  ice_servers: [null, {}, "stun:example.org", 7, [null], ["stun:example.org"], [[]], [{ urls: "stun:example.org" }, 7]],
  history: [null, -1, 1e9, 1_001, 0.5, "x", "20", [], {}, true],
  connect_timeout_mls: [null, -1, 0, 999, 120_001, 1e300, "15000", [15_000], {}],
  keep_signaling: [null, 0, 1, "true", "", [], {}],
  auto_reconnect: [null, 0, 1, "false", "", [], {}],
}

/**
 * @param {() => unknown} act
 * @param {RegExp} named
 */
const assertRefused = (act, named) => assert.throws(act, (/** @type {any} */ error) => {
  assert.ok(error instanceof P2pError, `${error}`)
  assert.equal(error.code, "bad_request")
  assert.match(error.message, named)
  assert.match(error.hint, /p2p_frame_tag/)
  return true
})

for (const [name, values] of Object.entries(BAD)) {
  test(`${name} that is no good is refused by name`, () => {
    for (const value of values) assertRefused(() => read({ [name]: value }), new RegExp(`attribute ${name} `))
  })
}

for (const [key, values] of Object.entries(BAD_MEMBERS)) {
  test(`so is ${key} in config`, () => {
    for (const value of values) assertRefused(() => configured({ [key]: value }), new RegExp(`attribute config .*(${key}|interval_mls|idle_timeout_mls)`))
  })
}

test("a page without an origin of its own has none to send a token to", () => {
  for (const origin of ["null", "file://", "chrome-extension://abc", ""]) assert.throws(() => ownOrigin(`blob:${origin}/1`), { code: "unsupported", message: /origin/ })
  assert.throws(() => ownOrigin(), { code: "unsupported" }) // Node's own
})

test("an origin is the browser's word", () => {
  for (const origin of [ORIGIN, "http://127.0.0.1:5000"]) assert.equal(ownOrigin(`blob:${origin}/1`), origin)
})

test("a token that was taken away is as good as the present one", () => {
  const element = /** @type {any} */ ({ getAttribute: (name) => ({ ...GOOD, token: null })[name] ?? null })
  assert.equal(readAttributes(element, ORIGIN, "newer").token, "newer")
  assert.throws(() => readAttributes(element, ORIGIN), { code: "bad_request", message: /token/ })
})

/** Text as an attacker would put it together. */
const shards = fc.array(
  fc.oneof(fc.constantFrom("/", "//", "\\", "@", ":", ".", "..", "?", "#", "%2f", "\t", "\n", "\u0000", "evil.example", "https:", "javascript:", "data:,", "blob:", "token", ORIGIN), fc.string()),
  { maxLength: 8 },
).map((parts) => parts.join(""))

/** Null where it is refused, as it should be. @param {() => any} act */
function accepted(act) {
  try {
    return act()
  } catch (error) {
    if (error instanceof P2pError && error.code === "bad_request") return null
    throw error
  }
}

test("whatever the addresses are, they stay at the page's own origin", () => {
  fc.assert(fc.property(shards, (text) => {
    const byUrl = accepted(() => read({ "token-url": text }))
    if (byUrl) {
      const { origin, pathname, username, search } = new URL(byUrl.tokenUrl)
      assert.deepEqual([origin, pathname.endsWith("/token"), username, search], [ORIGIN, true, "", ""])
    }
    const byPath = accepted(() => read({ "signaling-path": text }))
    if (!byPath) return
    // As engine.io-client puts them together.
    for (const port of ["", ":444"]) {
      const { host, username, search } = new URL(`wss://example.org${port}${byPath.path.replace(/\/$/, "")}/?EIO=4`)
      assert.deepEqual([host, username, search], [`example.org${port}`, "", "?EIO=4"])
    }
  }), { numRuns: 3_000 })
})

test("whatever the attributes are, they are refused or make sense", () => {
  const value = fc.oneof(fc.jsonValue().map((json) => JSON.stringify(json)), shards, fc.constantFrom("1", "room", "/p2p"))
  const config = fc.record({
    ice_servers: fc.jsonValue(), heartbeat: fc.oneof(fc.jsonValue(), fc.record({ interval_mls: fc.jsonValue(), idle_timeout_mls: fc.jsonValue() }, { requiredKeys: [] })),
    keep_signaling: fc.jsonValue(), auto_reconnect: fc.jsonValue(), connect_timeout_mls: fc.jsonValue(), history: fc.jsonValue(), ["__proto__"]: fc.jsonValue(),
  }, { requiredKeys: [] }).map((object) => JSON.stringify(object))
  const attributes = fc.record(Object.fromEntries(Object.keys(BAD).map((name) => [name, name === "config" ? fc.oneof(config, value) : value])), { requiredKeys: [] })
  fc.assert(fc.property(attributes, (given) => {
    const options = accepted(() => read(given))
    if (!options) return
    const { intervalMs, idleTimeoutMs } = options.heartbeat
    assert.ok(intervalMs >= 100 && idleTimeoutMs >= 2 * intervalMs && idleTimeoutMs <= 600_000)
    assert.ok(options.history >= 0 && options.history <= 1_000 && options.connectTimeoutMs >= 1_000)
    assert.ok(options.tokenExpiresInMs >= 0)
    assert.deepEqual([typeof options.keepSignaling, typeof options.autoReconnect], ["boolean", "boolean"])
  }), { numRuns: 3_000 })
})
