import assert from "node:assert/strict"
import test from "node:test"
import { REPORT_MS } from "../../../static/js/files/limits.js"
import { Meter } from "../../../static/js/files/progress.js"
import { FakeClock } from "../support/fake_clock.js"

/** A meter, and when it told how the transfer gets on. */
function metered() {
  const clock = new FakeClock()
  const begun = clock.now()
  /** @type {number[]} */
  const told = []
  return { clock, told, meter: new Meter(clock, () => told.push(clock.now() - begun)) }
}

test("what moves is told of at once, then once in an interval", () => {
  const { clock, told, meter } = metered()
  for (let moved = 0; moved <= 2 * REPORT_MS; moved++) {
    meter.moved(moved)
    clock.advance(1)
  }
  assert.deepEqual(told, [0, REPORT_MS, 2 * REPORT_MS])
})

test("a new state is told of at once, and what moves has to wait for an interval after it", () => {
  const { clock, told, meter } = metered()
  meter.moved(1)
  clock.advance(REPORT_MS / 2)
  meter.report()
  clock.advance(REPORT_MS - 1)
  meter.moved(2)
  clock.advance(1)
  meter.moved(3)
  assert.deepEqual(told, [0, REPORT_MS / 2, REPORT_MS * 3 / 2])
})
