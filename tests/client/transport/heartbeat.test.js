import assert from "node:assert/strict"
import { test } from "node:test"

import { Heartbeat } from "../../../static/js/transport/heartbeat.js"
import { FakeClock } from "../support/fake_clock.js"

function start({ interval = 1_000, idleTimeout = 5_000 } = {}) {
  const clock = new FakeClock()
  const told = { beats: 0, misses: 0, losses: 0 }
  const heartbeat = new Heartbeat({ interval, idleTimeout, clock, beat: () => { told.beats += 1 }, missed: () => { told.misses += 1 }, lost: () => { told.losses += 1 } })
  heartbeat.start()
  return { clock, heartbeat, told }
}

test("beats once per interval, and one clock is enough however often it is started", () => {
  const { clock, heartbeat, told } = start()
  heartbeat.start()
  clock.advance(3_500)
  assert.equal(told.beats, 3)
  assert.equal(clock.pending, 1)
})

test("says once that the other side is lost, when it has been silent for long enough", () => {
  const { clock, told } = start()
  clock.advance(4_999)
  assert.equal(told.losses, 0)
  clock.advance(1)
  assert.equal(told.losses, 1)
  clock.advance(60_000)
  assert.equal(told.losses, 1)
  assert.equal(clock.pending, 0)
})

test("whatever is heard begins the silence anew", () => {
  const { clock, heartbeat, told } = start()
  for (let second = 0; second < 60; second++) {
    clock.advance(1_000)
    if (second % 4 === 0) heartbeat.heard()
  }
  assert.equal(told.losses, 0)
  clock.advance(5_000)
  assert.equal(told.losses, 1)
})

test("silence is counted from what was heard last, so a beat that is a little late is no miss", () => {
  const { clock, heartbeat, told } = start()
  clock.advance(999)
  heartbeat.heard()
  for (let second = 0; second < 60; second++) {
    clock.advance(1_002) // the other page's timers are a little slower, and so each beat comes after another tick of this one's
    assert.ok(heartbeat.isHeard)
    heartbeat.heard()
  }
  assert.equal(told.misses, 0)
  clock.advance(1_999)
  assert.equal(told.misses, 0)
  clock.advance(1_001)
  assert.equal(told.misses, 1)
})

test("a page that slept for hours doesn't take its own sleep for the other side's death", () => {
  const { clock, heartbeat, told } = start()
  clock.advance(2_000)
  clock.leap(8 * 60 * 60 * 1_000)
  assert.equal(told.losses, 0)
  heartbeat.heard()
  clock.advance(4_000)
  assert.equal(told.losses, 0)
})

test("a page whose timers run once a minute keeps the connection while it hears something between them", () => {
  const { clock, heartbeat, told } = start()
  for (let minute = 0; minute < 10; minute++) {
    clock.leap(60_000)
    heartbeat.heard()
  }
  assert.equal(told.losses, 0)
})

test("late ticks don't hide a loss for ever: each counts as two", () => {
  const { clock, told } = start()
  clock.leap(60_000)
  clock.leap(60_000)
  assert.equal(told.losses, 0)
  clock.leap(60_000)
  assert.equal(told.losses, 1)
})

test("stopped, it does nothing; started again, it begins with a fresh silence", () => {
  const { clock, heartbeat, told } = start()
  clock.advance(4_500)
  heartbeat.stop()
  clock.advance(60_000)
  assert.deepEqual([told.beats, told.losses], [4, 0])
  heartbeat.start()
  clock.advance(4_500)
  assert.equal(told.losses, 0)
})

test("stopping from within a beat is heeded", () => {
  const clock = new FakeClock()
  const heartbeat = new Heartbeat({ interval: 1_000, idleTimeout: 5_000, clock, beat: () => heartbeat.stop(), lost: () => assert.fail("was stopped") })
  heartbeat.start()
  clock.advance(60_000)
  assert.equal(clock.pending, 0)
})

test("a silence that is excused is no loss, however short the timeout is; when it isn't any more, it soon is", () => {
  for (const idleTimeout of [1_000, 2_000, 5_000]) {
    const clock = new FakeClock()
    let isExcused = true
    let losses = 0
    const heartbeat = new Heartbeat({ interval: 1_000, idleTimeout, clock, beat: () => undefined, missed: () => undefined, isExcused: () => isExcused, lost: () => { losses += 1 } })
    heartbeat.start()
    clock.advance(60_000)
    assert.deepEqual([losses, heartbeat.isHeard], [0, false])
    isExcused = false
    clock.advance(idleTimeout)
    assert.deepEqual([losses, clock.pending], [1, 0])
  }
})
