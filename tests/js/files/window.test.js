import assert from "node:assert/strict"
import { test } from "node:test"

import { BLOCK_BYTES, LEAST_WINDOW_BYTES, WINDOW_BYTES } from "../../../static/js/files/limits.js"
import { Window } from "../../../static/js/files/window.js"
import { FakeClock } from "../support/fake_clock.js"

/**
 * Sends block after block over a way on which a credit takes so long.
 * @param {Window} window
 * @param {FakeClock} clock
 * @param {number} count
 * @param {(size: number) => number} delay milliseconds, for so many bytes under way
 */
function send(window, clock, count, delay) {
  for (let block = 1; block <= count; block++) {
    window.sent(block * BLOCK_BYTES)
    clock.advance(delay(window.size))
    window.credited(block * BLOCK_BYTES)
  }
}

function open() {
  const clock = new FakeClock()
  return { clock, window: new Window(clock) }
}

test("a long way without a queue takes all that may be under way", () => {
  const { window, clock } = open()
  send(window, clock, 100, () => 200)
  assert.equal(window.size, WINDOW_BYTES)
})

test("where more only waits longer, less is sent ahead, down to the least", () => {
  const { window, clock } = open()
  send(window, clock, 1, () => 10)
  send(window, clock, 100, (size) => size / 10_000)
  assert.ok(window.size < 2 * LEAST_WINDOW_BYTES, `${window.size}`)
  send(window, clock, 100, () => 500)
  assert.equal(window.size, LEAST_WINDOW_BYTES)
})

test("when the queue has gone, or the way has become a longer one, it grows again", () => {
  const { window, clock } = open()
  send(window, clock, 1, () => 10)
  send(window, clock, 50, () => 200)
  assert.equal(window.size, LEAST_WINDOW_BYTES)
  send(window, clock, 100, () => 10)
  assert.equal(window.size, WINDOW_BYTES)
  send(window, clock, 500, () => 200)
  assert.equal(window.size, WINDOW_BYTES)
})

test("what was lost on the way tells nothing", () => {
  const { window, clock } = open()
  send(window, clock, 1, () => 10)
  const { size } = window
  window.sent(2 * BLOCK_BYTES)
  window.reset()
  clock.advance(60_000)
  window.credited(2 * BLOCK_BYTES)
  assert.equal(window.size, size)
})
