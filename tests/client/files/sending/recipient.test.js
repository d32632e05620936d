import assert from "node:assert/strict"
import { test } from "node:test"

import { CHUNK_BYTES, LEAST_PACE_BYTES, LEAST_PACE_MS, OFFER_MS, PATIENCE_MS, RETURN_MS, STALL_MS, TICK_MS, WINDOW_BYTES } from "../../../../static/js/files/limits.js"
import { Recipient } from "../../../../static/js/files/sending/recipient.js"
import { Yielding } from "../../../../static/js/files/sending/yielding.js"
import { FakeClock } from "../../support/fake_clock.js"

const SIZE = 64 * CHUNK_BYTES

/** A recipient that takes chunks, and has been sent three. */
function active() {
  const recipient = new Recipient("bob", SIZE, true, new Yielding(new FakeClock()), () => {})
  recipient.enter("active")
  for (let count = 0; count < 3; count++) recipient.advance(CHUNK_BYTES)
  return recipient
}

/** How long it is put up with, in milliseconds. */
function patience(recipient, isPaused = false, isQueued = false) {
  for (let ms = TICK_MS; ms <= 200_000; ms += TICK_MS) if (recipient.pass(TICK_MS, isPaused, isQueued)) return ms
  return Infinity
}

test("credits move it on, and only by what was sent", () => {
  const recipient = active()
  assert.equal(recipient.credit({ offset: CHUNK_BYTES }), true)
  assert.equal(recipient.credit({ offset: CHUNK_BYTES }), false)
  for (const offset of [0, -1, 4 * CHUNK_BYTES, 0.5, /** @type {any} */ ("x")]) assert.equal(recipient.credit({ offset }), false)
  assert.deepEqual([recipient.credited, recipient.position], [CHUNK_BYTES, 3 * CHUNK_BYTES])
})

test("it goes back to where the recipient is, and never behind what that has written", () => {
  const recipient = active()
  recipient.credit({ offset: CHUNK_BYTES })
  recipient.credit({ offset: 2 * CHUNK_BYTES, resume: true })
  assert.deepEqual([recipient.credited, recipient.position], [CHUNK_BYTES, 2 * CHUNK_BYTES])
  recipient.credit({ offset: 0, resume: true })
  assert.equal(recipient.position, 2 * CHUNK_BYTES)
  recipient.goBack()
  assert.equal(recipient.position, CHUNK_BYTES)
  recipient.credit({ offset: 3 * CHUNK_BYTES })
  assert.equal(recipient.position, 3 * CHUNK_BYTES, "what was on its way has come after all")
})

test("whoever comes back is served from what it has written", () => {
  const recipient = active()
  recipient.credit({ offset: CHUNK_BYTES })
  recipient.reach(false)
  assert.equal(recipient.isServed, false)
  recipient.reach(true)
  assert.deepEqual([recipient.isServed, recipient.position], [true, CHUNK_BYTES])
})

test("takes a window and no more", () => {
  const recipient = active()
  while (recipient.hasRoom(CHUNK_BYTES)) recipient.advance(CHUNK_BYTES)
  assert.equal(recipient.position - recipient.credited, WINDOW_BYTES)
})

test("is put up with for as long as it isn't its turn, and for a while when it is", () => {
  assert.equal(patience(active()), STALL_MS)
  assert.equal(patience(active(), true), Infinity)
  assert.equal(patience(active(), false, true), RETURN_MS)
  assert.equal(patience(Object.assign(active(), { isPaused: true })), Infinity)
  const idle = active()
  idle.credit({ offset: 3 * CHUNK_BYTES })
  assert.equal(patience(idle), Infinity)
  const gone = active()
  gone.reach(false)
  assert.equal(patience(gone), RETURN_MS)
  assert.equal(patience(Object.assign(gone, { isPaused: true }), true), TICK_MS, "whoever is gone for that long is gone, paused or not")
})

test("one that lets it wait, pauses it or comes back again and again is put up with for so long", () => {
  const excuses = /** @type {Record<string, (recipient: Recipient) => void>} */ ({
    accepted: (recipient) => recipient.enter("accepted"),
    paused: (recipient) => { recipient.isPaused = true },
    reconnecting: (recipient) => recipient.goBack(),
  })
  for (const [name, excuse] of Object.entries(excuses)) {
    const recipient = active()
    excuse(recipient)
    let ms = 0
    for (let end = null; !end; ms += 5_000) {
      if (name === "reconnecting") excuse(recipient)
      end = recipient.pass(5_000, false, false)
    }
    assert.equal(ms, PATIENCE_MS, name)
  }
})

test("a file that this side has paused waits for as long as it likes", () => {
  const recipient = active()
  for (let ms = 0; ms <= 2 * PATIENCE_MS; ms += 5_000) assert.equal(recipient.pass(5_000, true, false), null)
})

test("a new connection doesn't make an offer new", () => {
  const recipient = new Recipient("bob", SIZE, true, new Yielding(new FakeClock()), () => {})
  recipient.enter("offered")
  for (let ms = 5_000; ms < OFFER_MS; ms += 5_000) {
    recipient.goBack()
    assert.equal(recipient.pass(5_000, false, false), null)
  }
  assert.equal(recipient.pass(5_000, false, false), "declined")
})

test("one that others wait for has to get on, and one that nobody waits for may take its time", () => {
  const lagging = (bytes, holdsUp) => {
    const recipient = active()
    for (let offset = 0; offset + CHUNK_BYTES <= SIZE && recipient.hasRoom(CHUNK_BYTES); offset += CHUNK_BYTES) recipient.advance(CHUNK_BYTES)
    for (let ms = TICK_MS; ms <= 2 * LEAST_PACE_MS; ms += TICK_MS) {
      recipient.credit({ offset: recipient.credited + bytes })
      if (recipient.lag(TICK_MS, holdsUp())) return ms
    }
    return Infinity
  }
  const needed = Math.ceil(LEAST_PACE_BYTES / (LEAST_PACE_MS / TICK_MS))
  assert.equal(lagging(1, () => true), LEAST_PACE_MS + TICK_MS)
  assert.equal(lagging(needed, () => true), Infinity)
  assert.equal(lagging(1, () => false), Infinity)
  let tick = 0
  assert.equal(lagging(1, () => ++tick % 20 > 0), Infinity)
})
