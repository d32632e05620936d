import assert from "node:assert/strict"
import { test } from "node:test"

import { Reconnection, CALM_MS } from "../../../static/js/session/reconnection.js"
import { Backoff, MAX_REJOINS, REJOIN_DELAYS_MS } from "../../../static/js/base/backoff.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { FakeClock } from "../support/fake_clock.js"

const LOST = new P2pError("host_lost")

function make(options = {}) {
  const clock = new FakeClock()
  const attempts = new Reconnection({ connectTimeoutMs: 1_000, autoReconnect: true, clock, backoff: new Backoff(() => 0.5), ...options })
  return { clock, attempts }
}

test("an attempt has its time, and beginning twice doesn't prolong it", () => {
  const { clock, attempts } = make()
  let timeouts = 0
  attempts.begin(() => { timeouts += 1 })
  clock.advance(900)
  attempts.begin(() => assert.fail("a second attempt"))
  clock.advance(100)
  assert.deepEqual([timeouts, attempts.isRunning], [1, false])
})

test("only who was connected comes back, and only from what can be tried again", () => {
  const { attempts } = make()
  assert.equal(attempts.mayRecover(LOST), false)
  attempts.succeed()
  assert.equal(attempts.mayRecover(LOST), true)
  assert.equal(attempts.mayRecover(new P2pError("token_expired")), false)
  attempts.reset()
  assert.equal(attempts.mayRecover(LOST), false)
})

test("with autoReconnect off a loss is left to the app", () => {
  const { attempts } = make({ autoReconnect: false })
  attempts.succeed()
  assert.equal(attempts.mayRecover(LOST), false)
  assert.equal(attempts.mayTryAgain(LOST), true)
})

test("so many attempts in a row are enough; after a calm time counting begins anew", () => {
  const { clock, attempts } = make()
  for (let count = 0; count < MAX_REJOINS; count++) {
    attempts.tryAgain(() => undefined)
    clock.advance(5_000)
  }
  assert.equal(attempts.mayTryAgain(LOST), false)
  clock.advance(CALM_MS)
  assert.equal(attempts.mayTryAgain(LOST), true)
  let tried = false
  attempts.tryAgain(() => { tried = true })
  clock.advance(1.5 * REJOIN_DELAYS_MS[0])
  assert.ok(tried)
})

test("to get connected again and again is no success", () => {
  const { clock, attempts } = make()
  attempts.succeed()
  for (let count = 0; count < MAX_REJOINS; count++) {
    assert.ok(attempts.mayRecover(LOST))
    let tries = 0
    attempts.tryAgain(() => { tries += 1 })
    // However often it has come back, it comes soon.
    clock.advance(1.5 * REJOIN_DELAYS_MS[0])
    assert.equal(tries, 1)
    attempts.succeed()
    clock.advance(10_000)
  }
  assert.equal(attempts.mayRecover(LOST), false)
  assert.equal(attempts.stateAfter(LOST), "disconnected")
  clock.advance(CALM_MS)
  assert.ok(attempts.mayRecover(LOST))
})

test("what the server said is told when the time is up, and not of the next attempt", () => {
  const { clock, attempts } = make()
  const refusal = new P2pError("unavailable")
  assert.equal(attempts.refusal, null)
  attempts.begin(() => undefined)
  attempts.comeAgain(refusal, 300, () => undefined)
  assert.equal(attempts.refusal, refusal)
  assert.ok(attempts.isWaiting)
  clock.advance(1_000)
  attempts.begin(() => undefined)
  assert.equal(attempts.refusal, null)
})

test("the state of a peer that gives up", () => {
  const { attempts } = make()
  assert.equal(attempts.stateAfter(LOST), "failed")
  attempts.succeed()
  assert.equal(attempts.stateAfter(LOST), "disconnected")
  assert.equal(attempts.stateAfter(new P2pError("token_expired")), "failed")
  assert.equal(attempts.stateAfter(new P2pError("peer_replaced")), "closed")
})
