import assert from "node:assert/strict"
import { test } from "node:test"

import { LOOK_MS } from "../../../static/js/base/limits.js"
import { Watch } from "../../../static/js/base/watch.js"
import { FakeClock } from "../support/fake_clock.js"

test("looks for as long as there is something to look after", () => {
  const clock = new FakeClock()
  let left = 3
  const watch = new Watch({ clock, look: () => --left > 0 })
  watch.start()
  watch.start()
  clock.advance(10 * LOOK_MS)
  assert.deepEqual([left, watch.now, clock.pending], [0, 3 * LOOK_MS, 0])
})

test("the time of a frozen page counts for little", () => {
  const clock = new FakeClock()
  const watch = new Watch({ clock, look: () => true })
  watch.start()
  clock.leap(3_600_000)
  assert.equal(watch.now, 2 * LOOK_MS)
  watch.stop()
  assert.equal(clock.pending, 0)
})
