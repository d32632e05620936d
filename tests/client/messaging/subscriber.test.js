import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_SENDERS } from "../../../static/js/base/limits.js"
import { Subscriber } from "../../../static/js/messaging/subscriber.js"
import { MARKS_PER_FRAME } from "../../../static/js/wire/frames.js"

function open() {
  /** @type {any[]} */
  const sent = []
  const subscriber = new Subscriber(/** @type {any} */ ({ peerId: "ann", link: { trySend: (frame) => sent.push(frame) } }))
  return { subscriber, sent }
}

/** @param {number} start @param {number} count @param {any} [rest] */
const part = (start, count, rest = {}) => ({ type: /** @type {const} */ ("Sync"), seen: Array.from({ length: count }, (_, index) => /** @type {any} */ ([`p${start + index}`, "x", 1])), ...rest })

test("what it says first comes in parts, and counts with the last one", () => {
  const { subscriber } = open()
  assert.equal(subscriber.hear(part(0, MARKS_PER_FRAME, { inc: "x", fresh: false, history: 3, more: true })), null)
  const hello = subscriber.hear(part(MARKS_PER_FRAME, 5, { inc: "x", fresh: false, history: 3 }))
  assert.deepEqual([hello?.inc, hello?.fresh, hello?.history, hello?.seen.length], ["x", false, 3, MARKS_PER_FRAME + 5])
  assert.deepEqual(hello?.seen.at(-1), [`p${MARKS_PER_FRAME + 4}`, "x", 1])
})

test("what it leaves out has its default: that of one who has been here and wants nothing", () => {
  const { subscriber } = open()
  assert.deepEqual(subscriber.hear(part(0, 0)), { inc: "", fresh: false, history: 0, seen: [] })
})

test("parts without end are not collected", () => {
  const { subscriber } = open()
  let heard = 0
  for (let start = 0; start < 100 * MAX_SENDERS; start += MARKS_PER_FRAME) if (subscriber.hear(part(start, MARKS_PER_FRAME, { more: true }))) heard += 1
  assert.equal(subscriber.hear(part(0, 1)), null)
  assert.deepEqual([heard, subscriber.isSynced], [0, false])
})

test("says it once: a second time is not heard", () => {
  const { subscriber } = open()
  subscriber.hear(part(0, 1))
  subscriber.meet("x", 4)
  assert.equal(subscriber.hear(part(0, 1, { fresh: true, history: 1_000 })), null)
  assert.deepEqual([subscriber.isSynced, subscriber.inc], [true, "x"])
})

test("a number that it has used counts once, and one that the host had before not at all", () => {
  const { subscriber } = open()
  subscriber.meet("x", 4)
  assert.deepEqual([4, 5, 5, 3, Number.MAX_SAFE_INTEGER, 6].filter((id) => subscriber.admits(id)), [5, Number.MAX_SAFE_INTEGER])
})

test("is told how far its messages are stable", () => {
  const { subscriber, sent } = open()
  subscriber.tellStable(9)
  assert.deepEqual(sent, [{ type: "Stable", n: 9 }])
})

test("is asked for haste once", () => {
  const { subscriber, sent } = open()
  subscriber.makeWitness()
  subscriber.makeWitness()
  assert.deepEqual(sent, [{ type: "Pace", ms: 0 }])
})
