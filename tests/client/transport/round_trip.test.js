import assert from "node:assert/strict"
import { test } from "node:test"

import { RoundTrip } from "../../../static/js/transport/round_trip.js"
import { FakeClock } from "../support/fake_clock.js"

function trip() {
  const clock = new FakeClock()
  clock.advance(10_000)
  return { clock, made: new RoundTrip(clock) }
}

test("the first heartbeat tells only the sender's clock", () => {
  const { made } = trip()
  assert.deepEqual([made.stamp(), made.ms], [{ at: 10_000 }, null])
})

test("a heartbeat repeats what the other side's last one told, and for how long that has been known", () => {
  const { clock, made } = trip()
  made.take({ at: 77 })
  clock.advance(300)
  assert.deepEqual(made.stamp(), { at: 10_300, echo: 77, held: 300 })
  made.take({ at: 500 })
  assert.deepEqual(made.stamp(), { at: 10_300, echo: 500, held: 0 })
})

test("the time to the other side and back is that since the echo, without what the other side has held it", () => {
  const { clock, made } = trip()
  clock.advance(1_050)
  made.take({ at: 5, echo: 10_000, held: 1_000 })
  assert.equal(made.ms, 50)
})

test("a later measurement counts for a quarter", () => {
  const { clock, made } = trip()
  clock.advance(100)
  made.take({ echo: 10_000, held: 0 })
  clock.advance(100)
  made.take({ echo: 10_000, held: 0 })
  assert.equal(made.ms, 125)
})

test("a heartbeat that a later one has overtaken on another path isn't measured", () => {
  const { clock, made } = trip()
  clock.advance(5_000)
  made.take({ at: 9_000, echo: 14_990, held: 0 })
  made.take({ at: 4_000, echo: 10_000, held: 0 })
  assert.equal(made.ms, 10)
  assert.deepEqual(made.stamp(), { at: 15_000, echo: 9_000, held: 0 })
})

test("rounding makes no time negative, and what can't be isn't believed", () => {
  const { made } = trip()
  made.take({ echo: 10_001, held: 0 })
  assert.equal(made.ms, 0)
  for (const odd of [{ echo: 20_000, held: 0 }, { echo: 10_000, held: 5 }, { echo: 0, held: 2 ** 53 - 1 }, { echo: 2 ** 53 - 1, held: 0 }, { echo: 10_000 }, { held: 3 }, {}]) made.take(odd)
  assert.equal(made.ms, 0)
})

test("a time of more than a minute isn't believed", () => {
  const { clock, made } = trip()
  clock.advance(60_000)
  made.take({ echo: 10_000, held: 0 })
  assert.equal(made.ms, null)
  made.take({ echo: 10_001, held: 0 })
  assert.equal(made.ms, 59_999)
})
