import assert from "node:assert/strict"
import { test } from "node:test"

import { Allowances } from "../../../static/js/topology/allowance.js"
import { MAX_ALLOWANCES, RELAYED_MESSAGES } from "../../../static/js/base/limits.js"
import { FakeClock } from "../support/fake_clock.js"

test("what a peer has used up, it doesn't get back by coming again", () => {
  const clock = new FakeClock()
  const allowances = new Allowances(clock)
  allowances.of("mallory").messages.take(RELAYED_MESSAGES.burst)
  assert.equal(allowances.of("mallory").messages.wait(1), 2)
  assert.equal(allowances.of("bob").messages.wait(RELAYED_MESSAGES.burst), 0)
})

test("only so many are remembered, and first those are forgotten that have used nothing up", () => {
  const clock = new FakeClock()
  const allowances = new Allowances(clock)
  allowances.of("mallory").messages.take(RELAYED_MESSAGES.burst)
  for (let number = 0; number < 3 * MAX_ALLOWANCES; number++) allowances.of(`peer-${number}`)
  assert.equal(allowances.of("mallory").messages.wait(1), 2)
  for (let number = 0; number < MAX_ALLOWANCES; number++) allowances.of(`sybil-${number}`).messages.take(1)
  assert.equal(allowances.of("mallory").messages.wait(1), 0)
})
