import assert from "node:assert/strict"
import { test } from "node:test"

import { ERRORS, P2pError } from "../../../static/js/base/errors.js"

const CODES = [
  "bad_request", "unauthorized", "token_expired", "forbidden", "not_joined", "no_such_peer", "session_full", "session_expired",
  "peer_replaced", "too_large", "rate_limited", "stale_epoch", "unsupported", "unavailable", "internal",
  "connect_timeout", "ice_failed", "turn_refused", "relay_full", "relay_off", "host_lost", "signaling_lost",
  "no_handler", "no_answer", "handler_failed", "declined", "cancelled", "stalled", "corrupt", "file_changed", "no_space",
]

test("the table holds every code of the protocol, each with a cause, a hint and whether to retry", () => {
  assert.deepEqual(Object.keys(ERRORS).toSorted(), CODES.toSorted())
  for (const [code, { message, hint, retry }] of Object.entries(ERRORS)) {
    assert.match(message, /^[A-Z].+\.$/, code)
    assert.match(hint, /^[A-Z].+\.$/, code)
    assert.equal(typeof retry, "boolean", code)
  }
  assert.ok(Object.isFrozen(ERRORS))
})

test("an error is an Error with the table's words, unless it is given better ones", () => {
  const cause = new Error("why")
  const plain = new P2pError("host_lost", { cause })
  assert.ok(plain instanceof Error)
  assert.deepEqual([plain.name, plain.code, plain.message, plain.retry, plain.cause], ["P2pError", "host_lost", ERRORS.host_lost.message, true, cause])
  const own = new P2pError("host_lost", { message: "m", hint: "h", retry: false, retryAfterMls: 5 })
  assert.deepEqual([own.message, own.hint, own.retry, own.retryAfterMls], ["m", "h", false, 5])
  assert.ok(!("cause" in own))
})

test("an error survives the wire", () => {
  const { code, message, hint, retry } = P2pError.fromPayload(JSON.parse(JSON.stringify(new P2pError("too_large", { message: "m", hint: "h", retry: true }).toPayload())))
  assert.deepEqual({ code, message, hint, retry }, { code: "too_large", message: "m", hint: "h", retry: true })
  assert.equal(P2pError.fromPayload({ code: "unavailable", retry_after_ms: 700 }).retryAfterMls, 700)
})

for (const junk of [undefined, null, 7, "text", true, [], {}, { code: 7 }, { code: "nonsense" }, { code: "toString" }, { code: "__proto__" }, { code: "constructor" }]) {
  test(`what isn't an error becomes internal: ${JSON.stringify(junk)}`, () => {
    const error = P2pError.fromPayload(junk)
    assert.equal(error.code, "internal")
    assert.equal(error.message, ERRORS.internal.message)
    assert.equal(error.cause, junk)
  })
}

test("parts of the wrong type are replaced by the table's", () => {
  const error = P2pError.fromPayload({ code: "session_full", message: { evil: 1 }, hint: 3, retry: "no", retry_after_ms: "soon" })
  const { message, hint, retry } = ERRORS.session_full
  assert.deepEqual([error.message, error.hint, error.retry, error.retryAfterMls], [message, hint, retry, undefined])
})

test("a time to wait is held within its range", () => {
  for (const [asked, waits] of [[NaN, 100], [-5, 100], [0, 100], [700, 700], [1e12, 60_000]]) {
    assert.equal(P2pError.fromPayload({ code: "unavailable", retry_after_ms: asked }).retryAfterMls, waits)
  }
})
