import assert from "node:assert/strict"
import { test } from "node:test"

import { Intake } from "../../../static/js/transport/intake.js"
import { BYTES, EXCESS, FAST_BYTES, FAST_CHARACTERS, FROM_CLIENT, FROM_HOST, PARTS, RUBBISH } from "../../../static/js/base/limits.js"
import * as messages from "../../../static/js/wire/frames.js"
import { FakeClock } from "../support/fake_clock.js"

function intake(rates = FROM_CLIENT, fastBytes = rates === FROM_CLIENT ? FAST_BYTES : undefined) {
  const clock = new FakeClock()
  /** @type {string[]} */
  const ends = []
  return { clock, ends, intake: new Intake({ rates, fastBytes, clock, exhausted: ({ code }) => ends.push(code) }) }
}

const TYPES = Object.values(messages).filter((value) => typeof value === "string")

test("each kind of frame has a rate on the side that gets it, and on no other", () => {
  const clientsOnly = ["Ack"]
  const hostsOnly = ["Gap", "Pace", "Refused", "Stable", "Data.Connection.State"]
  assert.deepEqual(new Set([...Object.keys(FROM_CLIENT), ...Object.keys(FROM_HOST)]), new Set(TYPES))
  assert.deepEqual(TYPES.filter((type) => !(type in FROM_HOST)), clientsOnly)
  assert.deepEqual(TYPES.filter((type) => !(type in FROM_CLIENT)).toSorted(), hostsOnly.toSorted())
})

test("of each kind so many come at once, and so many a second after that; the others are dropped", () => {
  const { clock, ends, intake: { admits } } = bound(intake())
  const { rate, burst } = FROM_CLIENT.Heartbeat
  const admitted = (/** @type {number} */ count) => Array.from({ length: count }, () => admits("Heartbeat")).filter(Boolean).length
  assert.equal(admitted(2 * burst), burst)
  assert.ok(admits("Data"))
  clock.advance(1_000)
  assert.equal(admitted(2 * rate), rate)
  assert.deepEqual(ends, [])
})

test("what takes long to be built is dropped, or ends the connection where nothing may be lost", () => {
  for (const [lane, expected] of /** @type {const} */ ([["messages", ["rate_limited"]], ["bulk", []], ["fast", []]])) {
    const { clock, ends, intake: { builds } } = bound(intake())
    assert.ok(builds(PARTS.burst, lane))
    assert.equal(builds(1, lane), false)
    assert.deepEqual(ends, expected)
    clock.advance(1_000)
    assert.ok(builds(PARTS.rate, lane))
  }
})

test("who goes on with what is dropped ends, as a flood", () => {
  const { ends, intake: { admits } } = bound(intake())
  for (let number = 0; number < FROM_CLIENT.Ack.burst + EXCESS.burst; number++) admits("Ack")
  assert.deepEqual(ends, [])
  assert.equal(admits("Ack"), false)
  assert.deepEqual(ends, ["rate_limited"])
})

test("what may be lost of all that a host hands on is never held against it", () => {
  const { ends, intake: { admits } } = bound(intake(FROM_HOST))
  let admitted = 0
  for (let number = 0; number < FROM_HOST.Fast.burst + 2 * EXCESS.burst; number++) admitted += Number(admits("Fast"))
  assert.deepEqual([admitted, ends], [FROM_HOST.Fast.burst, []])
})

test("a little rubbish is forgiven, and so is what this side never gets; more isn't", () => {
  for (const type of ["Data.Connection.State", "toString", "__proto__", null]) {
    const { clock, ends, intake: { admits, refuse } } = bound(intake())
    const once = () => (type === null ? refuse() : admits(type))
    for (let number = 0; number < RUBBISH.burst; number++) once()
    clock.advance(10_000)
    for (let number = 0; number < 10 * RUBBISH.rate; number++) once()
    assert.deepEqual(ends, [])
    once()
    assert.deepEqual(ends, ["bad_request"])
  }
})

test("bytes beyond what a browser brings aren't read; on a channel that may not lose any, that is the end", () => {
  const { clock, ends, intake: { takes } } = bound(intake())
  assert.ok(takes(BYTES.burst, "bulk"))
  assert.ok(!takes(1_000, "bulk"))
  assert.deepEqual(ends, [])
  clock.advance(1_000)
  assert.ok(takes(BYTES.rate, "bulk"))
  assert.ok(!takes(1_000))
  assert.deepEqual(ends, ["rate_limited"])
})

/** With methods that may stand alone. @param {ReturnType<typeof intake>} made */
function bound({ intake, ...rest }) {
  return { ...rest, intake: { admits: intake.admits.bind(intake), refuse: intake.refuse.bind(intake), takes: intake.takes.bind(intake), builds: intake.builds.bind(intake) } }
}

test("of what may be lost a client brings little more than is passed on, and what is more is never read", () => {
  const { clock, ends, intake: { takes } } = bound(intake())
  assert.ok(FAST_BYTES.rate >= FAST_CHARACTERS.rate && FAST_BYTES.burst >= FAST_CHARACTERS.burst)
  assert.ok(takes(FAST_BYTES.burst, "fast"))
  assert.ok(!takes(250_000, "fast"))
  assert.ok(takes(250_000, "bulk"))
  clock.advance(1_000)
  assert.ok(takes(FAST_BYTES.rate, "fast"))
  assert.ok(!takes(250_000, "fast"))
  assert.deepEqual(ends, [])
})

test("a host speaks for all on that channel, too", () => {
  const { intake: { takes } } = bound(intake(FROM_HOST))
  assert.ok(takes(BYTES.burst, "fast"))
})
