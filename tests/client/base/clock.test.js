import assert from "node:assert/strict"
import { test } from "node:test"

import { systemClock, Timer } from "../../../static/js/base/clock.js"
import { FakeClock } from "../support/fake_clock.js"

test("a timer runs once, and knows whether it will", () => {
  const clock = new FakeClock()
  const timer = new Timer(clock)
  let runs = 0
  timer.start(100, () => { runs += 1 })
  assert.ok(timer.isRunning)
  clock.advance(99)
  assert.equal(runs, 0)
  clock.advance(1)
  assert.equal(runs, 1)
  assert.ok(!timer.isRunning)
  clock.advance(1_000)
  assert.equal(runs, 1)
})

test("starting again takes the place of what was to run, stopping leaves nothing behind", () => {
  const clock = new FakeClock()
  const timer = new Timer(clock)
  const runs = []
  timer.start(100, () => runs.push("first"))
  timer.start(200, () => runs.push("second"))
  assert.equal(clock.pending, 1)
  clock.advance(200)
  assert.deepEqual(runs, ["second"])
  timer.start(100, () => runs.push("third"))
  timer.stop()
  timer.stop()
  assert.equal(clock.pending, 0)
})

test("a timer may start itself again from its own callback", () => {
  const clock = new FakeClock()
  const timer = new Timer(clock)
  const at = []
  const again = () => {
    at.push(clock.now())
    if (at.length < 3) timer.start(10, again)
  }
  timer.start(10, again)
  clock.advance(100)
  assert.deepEqual(at, [10, 20, 30])
})

test("the system's clock never goes backwards, and its timers run", async () => {
  const before = systemClock.now()
  await new Promise((resolve) => systemClock.setTimeout(resolve, 0))
  assert.ok(systemClock.now() >= before)
  systemClock.clearTimeout(systemClock.setTimeout(() => assert.fail("was stopped"), 0))
  await new Promise((resolve) => setTimeout(resolve, 2))
})
