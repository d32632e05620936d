import assert from "node:assert/strict"
import { test } from "node:test"

import { Bucket } from "../../../static/js/base/token_bucket.js"
import { FakeClock } from "../support/fake_clock.js"

test("so much at once, and so much a second after that", () => {
  const clock = new FakeClock()
  const bucket = new Bucket({ rate: 10, burst: 20, clock })
  assert.equal(bucket.wait(20), 0)
  bucket.take(20)
  assert.equal(bucket.wait(1), 100)
  assert.equal(bucket.wait(10), 1_000)
  clock.advance(500)
  assert.equal(bucket.wait(5), 0)
  assert.equal(bucket.wait(6), 100)
})

test("a bucket is never fuller than full", () => {
  const clock = new FakeClock()
  const bucket = new Bucket({ rate: 10, burst: 20, clock })
  clock.advance(1_000_000)
  bucket.take(20)
  assert.equal(bucket.wait(1), 100)
})
