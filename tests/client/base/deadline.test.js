import assert from "node:assert/strict"
import { test } from "node:test"

import { Deadline, LATE_MS } from "../../../static/js/base/deadline.js"
import { FakeClock } from "../support/fake_clock.js"

const TERM_MS = 15_000
const HOUR_MS = 3_600_000

function make() {
  const clock = new FakeClock()
  const deadline = new Deadline(clock)
  let runs = 0
  const begin = () => deadline.start(TERM_MS, () => { runs += 1 })
  begin()
  return { clock, deadline, begin, runs: () => runs }
}

test("runs out after its time, and a little late where the browser holds timers back", () => {
  for (const late of [0, 1_000, LATE_MS]) {
    const { clock, deadline, runs } = make()
    clock.leap(TERM_MS + late)
    assert.deepEqual([runs(), deadline.isRunning], [1, false])
  }
})

test("a page that slept meanwhile has all of the time once more, from when it is awake", () => {
  for (const awake of [0, 1_000, TERM_MS - 1]) {
    const { clock, deadline, runs } = make()
    clock.advance(awake)
    clock.leap(HOUR_MS)
    assert.deepEqual([runs(), deadline.isRunning], [0, true])
    clock.advance(TERM_MS - 1)
    assert.equal(runs(), 0)
    clock.advance(1)
    assert.deepEqual([runs(), deadline.isRunning], [1, false])
  }
})

test("however often it sleeps, it ends: once more is all", () => {
  const { clock, runs, begin } = make()
  clock.leap(HOUR_MS)
  clock.leap(HOUR_MS)
  assert.deepEqual([runs(), clock.pending], [1, 0])
  begin()
  clock.leap(HOUR_MS)
  assert.equal(runs(), 1)
})

test("stopping it ends the second time as well", () => {
  const { clock, deadline, runs } = make()
  clock.leap(HOUR_MS)
  deadline.stop()
  clock.advance(2 * TERM_MS)
  assert.deepEqual([runs(), deadline.isRunning, clock.pending], [0, false, 0])
})
