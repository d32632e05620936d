import assert from "node:assert/strict"
import { test } from "node:test"

import { CHECK_PAUSE_MS, COME_AGAIN_MS, Contact } from "../../../static/js/session/contact.js"
import { FakeClock } from "../support/fake_clock.js"

/** @param {{ isConnected?: boolean, isConnecting?: boolean, keepSignaling?: boolean }} [given] */
function contact({ isConnected = false, isConnecting = false, keepSignaling = false } = {}) {
  const clock = new FakeClock()
  const log = []
  const tell = (name) => (...args) => log.push([clock.now(), name, ...args].join(" "))
  const signaling = { isConnected, isConnecting, join: tell("join"), check: tell("check"), leave: tell("leave") }
  return { clock, log, signaling, made: new Contact({ signaling: /** @type {any} */ (signaling), clock, keepSignaling }) }
}

test("a client whose link needs the server joins, unless it is connected", () => {
  const away = contact()
  away.made.settle(true)
  assert.deepEqual(away.log, ["0 join"])
  const there = contact({ isConnected: true })
  there.made.settle(true)
  assert.deepEqual(there.log, [])
})

test("a client whose link needs no server leaves, unless it keeps its socket, or is just making one", () => {
  const plain = contact({ isConnected: true })
  plain.made.settle(false)
  assert.deepEqual(plain.log, ["0 leave connected"])
  for (const given of [{ keepSignaling: true }, { isConnecting: true }]) {
    const { made, log } = contact({ isConnected: true, ...given })
    made.settle(false)
    assert.deepEqual(log, [])
  }
})

test("the connection is checked at once, and then once in CHECK_PAUSE_MS, however often it is asked for", () => {
  const { clock, log, made } = contact({ isConnected: true })
  for (let ms = 0; ms < 3 * CHECK_PAUSE_MS; ms += 100) {
    made.check()
    clock.advance(100)
  }
  assert.deepEqual(log, [0, 1, 2, 3].map((count) => `${count * CHECK_PAUSE_MS} check`))
  clock.advance(10 * CHECK_PAUSE_MS)
  assert.deepEqual([log.length, clock.pending], [4, 0])
})

test("without a connection there is nothing to wait for", () => {
  const { log, made } = contact()
  for (let time = 0; time < 3; time++) made.check()
  assert.deepEqual(log, ["0 check", "0 check", "0 check"])
})

test("who is asked to come again joins when it is time, unless it needs the server no more, or is over", () => {
  const { clock, log, made } = contact()
  made.comeAgain()
  clock.advance(COME_AGAIN_MS)
  made.comeAgain(50)
  made.comeAgain(70)
  clock.advance(70)
  assert.deepEqual(log, [`${COME_AGAIN_MS} join`, `${COME_AGAIN_MS + 70} join`])
  log.length = 0
  made.comeAgain()
  made.settle(false)
  made.comeAgain()
  made.stop()
  clock.advance(10 * COME_AGAIN_MS)
  assert.deepEqual([log.filter((entry) => entry.includes("join")), clock.pending], [[], 0])
})

test("a check that was asked for is forgotten at the end", () => {
  const { clock, log, made } = contact({ isConnected: true })
  made.check()
  made.check()
  made.stop()
  assert.equal(clock.pending, 0)
  clock.advance(60_000)
  assert.deepEqual(log, ["0 check"])
})
