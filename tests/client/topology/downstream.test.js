import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { Guest } from "../../../static/js/topology/downstream.js"
import { MAX_SENDERS } from "../../../static/js/messaging/message_log.js"
import { MARKS_PER_FRAME } from "../../../static/js/wire/frames.js"
import { FakeClock } from "../support/fake_clock.js"

function open() {
  /** @type {any[]} */
  const sent = []
  const connection = /** @type {any} */ ({ peerId: "ann", state: "connected", trySend: (frame) => sent.push(frame), close: () => undefined, abort: () => undefined })
  const guest = new Guest({ connection, canSend: true, clock: new FakeClock(), flooded: () => undefined })
  return { guest, sent }
}

/** @param {number} start @param {number} count @param {any} [rest] */
const part = (start, count, rest = {}) => ({ type: /** @type {const} */ ("Sync"), seen: Array.from({ length: count }, (_, index) => /** @type {any} */ ([`p${start + index}`, "x", 1])), ...rest })

test("what it says first comes in parts, and counts with the last one", () => {
  const { guest } = open()
  assert.equal(guest.hear(part(0, MARKS_PER_FRAME, { inc: "x", fresh: false, history: 3, more: true })), null)
  const hello = guest.hear(part(MARKS_PER_FRAME, 5, { inc: "x", fresh: false, history: 3 }))
  assert.deepEqual([hello?.inc, hello?.fresh, hello?.history, hello?.seen.length], ["x", false, 3, MARKS_PER_FRAME + 5])
  assert.deepEqual(hello?.seen.at(-1), [`p${MARKS_PER_FRAME + 4}`, "x", 1])
})

test("what it leaves out has its default: that of one who has been here and wants nothing", () => {
  const { guest } = open()
  assert.deepEqual(guest.hear(part(0, 0)), { inc: "", fresh: false, history: 0, seen: [] })
})

test("parts without end are not collected", () => {
  const { guest } = open()
  let heard = 0
  for (let start = 0; start < 100 * MAX_SENDERS; start += MARKS_PER_FRAME) if (guest.hear(part(start, MARKS_PER_FRAME, { more: true }))) heard += 1
  assert.equal(guest.hear(part(0, 1)), null)
  assert.deepEqual([heard, guest.isSynced], [0, false])
})

test("says it once: a second time is not heard", () => {
  const { guest } = open()
  guest.hear(part(0, 1))
  guest.meet("x", 4)
  assert.equal(guest.hear(part(0, 1, { fresh: true, history: 1_000 })), null)
  assert.deepEqual([guest.isSynced, guest.inc], [true, "x"])
})

test("a number that it has used is not passed on again, nor is one that the host had before", () => {
  const { guest } = open()
  const passed = []
  guest.meet("x", 4)
  for (const id of [4, 5, 5, 3, Number.MAX_SAFE_INTEGER, 6]) guest.admit({ type: "Data", id, data: 0 }, 1, () => passed.push(id))
  assert.deepEqual(passed, [5, Number.MAX_SAFE_INTEGER])
})

test("is told that its messages are stable when they are, once, and not of others'", () => {
  const { guest, sent } = open()
  guest.tellStable(9)
  assert.deepEqual(sent, [])
  guest.lastPlace = 10
  guest.tellStable(9)
  guest.tellStable(9)
  guest.tellStable(8)
  guest.tellStable(12)
  guest.tellStable(20)
  assert.deepEqual(sent, [{ type: "Stable", n: 9 }, { type: "Stable", n: 12 }])
})

test("is asked for haste once", () => {
  const { guest, sent } = open()
  guest.makeWitness()
  guest.makeWitness()
  assert.deepEqual(sent, [{ type: "Pace", mls: 0 }])
})

test("hears why a message isn't passed on", () => {
  const { guest, sent } = open()
  guest.refuse(3, new P2pError("forbidden", { message: "No." }))
  assert.deepEqual([sent[0].type, sent[0].id, sent[0].error.code, sent[0].error.message], ["Refused", 3, "forbidden", "No."])
})
