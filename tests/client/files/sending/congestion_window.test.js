import assert from "node:assert/strict"
import { test } from "node:test"

import { CHUNK_BYTES, CHUNK_MS, CREDIT_BYTES, LEAST_CHUNK_BYTES, LEAST_WINDOW_BYTES, PROBE_MS, SMALL_CHUNK_BYTES, TALK_MS, WINDOW_BYTES } from "../../../../static/js/files/limits.js"
import { Yielding } from "../../../../static/js/files/sending/yielding.js"
import { CongestionWindow } from "../../../../static/js/files/sending/congestion_window.js"
import { FakeClock } from "../../support/fake_clock.js"

/** Bytes per millisecond, and milliseconds, of a way. */
const RATE = 5_000
const DELAY = 50
const HELD = RATE * DELAY

/** A sender that sends all that its window takes, over a way that passes on so much a millisecond, so late. */
class Sender {
  clock = new FakeClock()
  yielding = new Yielding(this.clock)
  window = new CongestionWindow(this.yielding)
  sent = 0
  credited = 0
  #freeAt = 0

  constructor({ rate = RATE, delay = DELAY } = {}) {
    Object.assign(this, { rate, delay })
  }

  get underWay() {
    return this.sent - this.credited
  }

  /** Goes on for so many milliseconds. */
  run(ms, isTalking) {
    for (const end = this.clock.now() + ms; this.clock.now() < end; this.clock.advance(1)) {
      if (isTalking) this.yielding.note()
      this.#pump()
    }
    return this
  }

  #pump() {
    for (;;) {
      const most = this.window.chunkBytes
      const length = most - this.sent % most
      assert.ok(length <= this.window.size, "a chunk that no window takes would never be sent")
      if (this.underWay + length > this.window.size) return
      const position = (this.sent += length)
      this.window.sent(position)
      this.#freeAt = Math.max(this.#freeAt, this.clock.now()) + length / this.rate
      if (position % CREDIT_BYTES === 0) this.clock.setTimeout(() => {
        this.credited = position
        this.window.credited(position)
        this.#pump()
      }, this.#freeAt + this.delay - this.clock.now())
    }
  }
}

test("while nobody talks all that may be under way is", () => {
  const sender = new Sender().run(1_000, false)
  assert.ok(sender.underWay > WINDOW_BYTES - SMALL_CHUNK_BYTES)
})

test("while somebody talks it is what the way holds, and a little more", () => {
  const sender = new Sender().run(1_000, false)
  sender.run(2_000, true)
  assert.ok(sender.window.size >= HELD && sender.window.size < 1.6 * HELD, `${sender.window.size} of ${HELD}`)
  const before = sender.credited
  sender.run(2_000, true)
  const rate = (sender.credited - before) / 2_000
  assert.ok(rate > 0.95 * RATE, `${rate} of ${RATE}`)
})

test("also when somebody talked from the beginning", () => {
  const sender = new Sender().run(3_000, true)
  assert.ok(sender.window.size >= HELD && sender.window.size < 1.6 * HELD, `${sender.window.size} of ${HELD}`)
})

test("a way that holds next to nothing is sent little more than the least, and isn't left empty", () => {
  const sender = new Sender({ delay: 1 }).run(500, false)
  sender.run(1_000, true)
  assert.ok(sender.window.size < 2 * LEAST_WINDOW_BYTES, `${sender.window.size}`)
  const before = sender.credited
  sender.run(1_000, true)
  assert.ok((sender.credited - before) / 1_000 > 0.9 * RATE)
})

test("a way that becomes a longer one, or a slower one, is measured anew", () => {
  const sender = new Sender().run(2_000, true)
  sender.delay = 2 * DELAY
  sender.run(PROBE_MS + 3_000, true)
  assert.ok(sender.window.size >= 2 * HELD && sender.window.size < 3 * HELD, `${sender.window.size}`)
  sender.rate = RATE / 4
  sender.run(PROBE_MS + 3_000, true)
  assert.ok(sender.window.size >= HELD / 2 && sender.window.size < 0.9 * HELD, `${sender.window.size}`)
})

test("while somebody talks a chunk is no larger than what the way carries in a moment", () => {
  for (const rate of [1, 10, 25, 65, 130, RATE]) {
    const sender = new Sender({ rate, delay: 100 })
    assert.equal(sender.window.chunkBytes, CHUNK_BYTES)
    sender.yielding.note()
    assert.equal(sender.window.chunkBytes, LEAST_CHUNK_BYTES, "nothing is known of the way yet")
    const { chunkBytes } = sender.run(120_000, true).window
    assert.ok(chunkBytes === LEAST_CHUNK_BYTES || chunkBytes <= 1.01 * rate * CHUNK_MS, `${chunkBytes} at ${rate}`)
    assert.ok(chunkBytes === SMALL_CHUNK_BYTES || chunkBytes > 0.45 * rate * CHUNK_MS, `${chunkBytes} at ${rate}`)
    assert.equal(sender.run(TALK_MS, false).window.chunkBytes, CHUNK_BYTES)
  }
})

test("when nobody has said anything for a while, it is as before", () => {
  const sender = new Sender().run(2_000, true)
  sender.run(TALK_MS, false)
  assert.equal(sender.window.size, WINDOW_BYTES)
})

test("what was lost on the way tells nothing", () => {
  const { clock, yielding, window } = new Sender()
  yielding.note()
  window.sent(CREDIT_BYTES)
  window.reset()
  clock.advance(60_000)
  yielding.note()
  window.credited(CREDIT_BYTES)
  assert.equal(window.size, LEAST_WINDOW_BYTES)
})
