import assert from "node:assert/strict"
import { test } from "node:test"

import { Backoff, REJOIN_DELAYS_MS } from "../../../static/js/base/backoff.js"

test("is soon at first, then slower, up to its last step", () => {
  const backoff = new Backoff(() => 0.5)
  assert.deepEqual(Array.from({ length: 8 }, () => backoff.next()), [50, 300, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000])
})

test("spreads each step over half to one and a half times itself", () => {
  const low = new Backoff(() => 0)
  const high = new Backoff(() => 1)
  for (const step of REJOIN_DELAYS_MS) assert.deepEqual([low.next(), high.next()], [step / 2, step * 1.5])
  const delays = new Set(Array.from({ length: 20 }, () => {
    const backoff = new Backoff()
    backoff.next()
    return backoff.next()
  }))
  assert.ok(delays.size > 1, "peers must not come back in step")
})

test("a reset begins it anew", () => {
  const backoff = new Backoff(() => 0.5)
  for (let attempt = 0; attempt < 10; attempt++) backoff.next()
  backoff.reset()
  assert.equal(backoff.next(), REJOIN_DELAYS_MS[0])
})

test("may have steps of its own", () => {
  const backoff = new Backoff(() => 0.5, [10, 20])
  assert.deepEqual([backoff.next(), backoff.next(), backoff.next()], [10, 20, 20])
})
