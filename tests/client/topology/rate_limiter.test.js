import assert from "node:assert/strict"
import { test } from "node:test"

import { Allowance } from "../../../static/js/topology/allowance.js"
import { RateLimiter } from "../../../static/js/topology/rate_limiter.js"
import { MAX_WAITING_MESSAGES, RELAYED_CHARACTERS, RELAYED_MESSAGES, TURN_CHARACTERS, TURN_MESSAGES, TURN_MS } from "../../../static/js/base/limits.js"
import { FakeClock } from "../support/fake_clock.js"

function open(clock = new FakeClock(), allowance = new Allowance(clock)) {
  const passed = /** @type {number[]} */ ([])
  const state = { overflows: 0 }
  const guard = new RateLimiter({ clock, allowance, overflowed: () => { state.overflows += 1 } })
  let last = 0
  const say = (count = 1, size = 10) => { for (let number = 0; number < count; number++) guard.pass(size, () => passed.push(++last)) }
  return { clock, allowance, guard, passed, state, say }
}

test("what an honest client says passes at once, and needs no timer", () => {
  const { clock, passed, say } = open()
  for (let number = 0; number < 100; number++) {
    say(3)
    clock.advance(TURN_MS)
  }
  assert.deepEqual([passed.length, clock.pending], [300, 0])
})

/** A clock whose turns a test takes one by one, and what passes in each. @param {number} count @param {number} size */
function burst(count, size) {
  const clock = new FakeClock()
  const turns = /** @type {(() => void)[]} */ ([])
  clock.soon = (callback) => void turns.push(callback)
  const { passed, say } = open(clock)
  say(count, size)
  const counts = [passed.length]
  for (let turn = turns.shift(); turn; turn = turns.shift()) {
    const { length } = passed
    turn()
    counts.push(passed.length - length)
  }
  return { clock, passed, counts }
}

test("a burst passes a few at a time, in turns that need no timer of the browser", () => {
  const { clock, passed, counts } = burst(RELAYED_MESSAGES.burst, 10)
  assert.deepEqual([passed.length, clock.now(), clock.pending, Math.max(...counts)], [RELAYED_MESSAGES.burst, 0, 0, TURN_MESSAGES])
  assert.deepEqual(passed, passed.toSorted((one, other) => one - other))
})

test("of large ones fewer pass in a turn", () => {
  const { passed, counts } = burst(30, TURN_CHARACTERS / 2)
  assert.deepEqual([passed.length, Math.max(...counts)], [RELAYED_CHARACTERS.burst / TURN_CHARACTERS * 2, 2])
})

test("two that flood have their turns in between each other", () => {
  const clock = new FakeClock()
  const order = /** @type {string[]} */ ([])
  const guards = ["ann", "bob"].map((name) => ({ name, guard: new RateLimiter({ clock, allowance: new Allowance(clock), overflowed: () => undefined }) }))
  for (const { name, guard } of guards) for (let number = 0; number < 4 * TURN_MESSAGES; number++) guard.pass(1, () => order.push(name))
  for (let turn = 0; turn < 10; turn++) clock.advance(0)
  const runs = order.join(" ").match(/(ann ?)+|(bob ?)+/g) ?? []
  assert.deepEqual(runs.map((run) => run.trim().split(" ").length), Array.from({ length: 8 }, () => TURN_MESSAGES))
})

test("what a client has used up, its next connection hasn't", () => {
  const { clock, allowance, guard, say } = open()
  say(RELAYED_MESSAGES.burst)
  while (clock.pending > 0 && clock.nextDue === 0) clock.advance(0)
  guard.stop()
  const next = open(clock, allowance)
  next.say(100)
  clock.advance(0)
  assert.equal(next.passed.length, 0)
  clock.advance(100)
  assert.equal(next.passed.length, RELAYED_MESSAGES.rate / 10)
})

test("who goes on is given up, and nothing of what waits passes after that", () => {
  const { clock, guard, passed, state, say } = open()
  say(RELAYED_MESSAGES.burst)
  for (let turn = 0; turn < 100; turn++) clock.advance(0)
  say(MAX_WAITING_MESSAGES)
  assert.equal(state.overflows, 0)
  say()
  assert.equal(state.overflows, 1)
  guard.stop()
  const { length } = passed
  clock.advance(60_000)
  assert.deepEqual([passed.length, clock.pending], [length, 0])
})
