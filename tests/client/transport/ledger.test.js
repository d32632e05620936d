import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_UNCONFIRMED_BYTES, MAX_UNCONFIRMED_FRAMES } from "../../../static/js/base/limits.js"
import { CONFIRM_BYTES, CONFIRM_FRAMES, Ledger } from "../../../static/js/transport/ledger.js"

/** A ledger that has sent so many packets, each its own number. @param {number} count */
function ledgerOf(count) {
  const ledger = new Ledger()
  for (let number = 1; number <= count; number++) ledger.sent(String(number))
  return ledger
}

test("what the other side lacks is what was sent after the number that it names", () => {
  assert.deepEqual(ledgerOf(5).since(3), ["4", "5"])
  assert.deepEqual(ledgerOf(5).since(0), ["1", "2", "3", "4", "5"])
  assert.deepEqual(ledgerOf(5).since(5), [])
  assert.deepEqual(new Ledger().since(0), [])
})

test("nobody lacks less than nothing: a number beyond what was sent can't be", () => {
  assert.equal(ledgerOf(5).since(6), null)
  assert.equal(new Ledger().since(1), null)
  assert.equal(ledgerOf(5).since(Number.MAX_SAFE_INTEGER), null)
})

test("what was confirmed isn't kept, so it can't be asked for", () => {
  const ledger = ledgerOf(5)
  ledger.confirmed(3)
  assert.equal(ledger.since(2), null)
  assert.deepEqual(ledger.since(3), ["4", "5"])
})

test("to ask is to confirm", () => {
  const ledger = ledgerOf(5)
  ledger.since(4)
  assert.equal(ledger.since(3), null)
  assert.deepEqual(ledger.since(4), ["5"])
})

test("an earlier confirmation changes nothing, and one beyond what was sent counts as all", () => {
  const ledger = ledgerOf(5)
  ledger.confirmed(3)
  ledger.confirmed(1)
  assert.deepEqual(ledger.since(3), ["4", "5"])
  ledger.confirmed(1_000_000)
  assert.deepEqual(ledger.since(5), [])
  ledger.sent("6")
  assert.deepEqual(ledger.since(5), ["6"])
})

test("a side owes a word after so many frames, or so many bytes, until it has said it", () => {
  const frames = new Ledger()
  for (let count = 1; count < CONFIRM_FRAMES; count++) frames.take("x")
  assert.equal(frames.owesWord, false)
  frames.take("x")
  assert.equal(frames.owesWord, true)
  assert.equal(frames.confirm(), CONFIRM_FRAMES)
  assert.equal(frames.owesWord, false)
  const bytes = new Ledger()
  bytes.take(new ArrayBuffer(CONFIRM_BYTES - 1))
  assert.equal(bytes.owesWord, false)
  bytes.take("x")
  assert.deepEqual([bytes.owesWord, bytes.confirm(), bytes.owesWord], [true, 2, false])
})

test("of too many frames the oldest are dropped, and can't be had again", () => {
  const ledger = ledgerOf(MAX_UNCONFIRMED_FRAMES + 2)
  assert.equal(ledger.since(1), null)
  assert.equal(ledger.since(2)?.length, MAX_UNCONFIRMED_FRAMES)
})

test("of too many bytes the oldest frames are dropped", () => {
  const ledger = new Ledger()
  const part = MAX_UNCONFIRMED_BYTES / 4
  for (let count = 0; count < 4; count++) ledger.sent(new ArrayBuffer(part))
  assert.equal(ledger.since(0)?.length, 4)
  ledger.sent("x")
  assert.equal(ledger.since(0), null)
  assert.equal(ledger.since(1)?.length, 4)
})

test("what can't be sent now is kept, until too much waits; then it is refused, and nothing is dropped", () => {
  const ledger = new Ledger()
  const half = new ArrayBuffer(MAX_UNCONFIRMED_BYTES / 2)
  ledger.hold(half)
  ledger.hold(half)
  assert.throws(() => ledger.hold("x"), { code: "rate_limited" })
  assert.equal(ledger.since(0)?.length, 2)
  ledger.confirmed(1)
  ledger.hold("x")
  assert.deepEqual(ledger.since(1), [half, "x"])
})

test("no more frames wait than are kept", () => {
  const ledger = ledgerOf(MAX_UNCONFIRMED_FRAMES)
  assert.throws(() => ledger.hold("x"), { code: "rate_limited" })
  assert.equal(ledger.since(0)?.length, MAX_UNCONFIRMED_FRAMES)
})
