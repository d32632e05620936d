import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_LOG_CHARACTERS, MAX_LOG_MESSAGES } from "../../../static/js/messaging/message_log.js"
import { FILL_WINDOW_MS, Recovery, SETTLE_MS } from "../../../static/js/messaging/recovery.js"
import { FakeClock } from "../support/fake_clock.js"

function open() {
  const clock = new FakeClock()
  /** @type {number[][]} */
  const adopted = []
  const recovery = new Recovery({ clock, adopt: (those) => adopted.push(those.map(({ message }) => message.id)) })
  const add = (id, size = 10, giver = "bob") => recovery.add(/** @type {any} */ ({ message: { senderId: "ann", inc: "x", id, data: id }, size, saidUnder: 1, giver }))
  return { clock, recovery, adopted, add }
}

test("are given up to their finders together, in order, when their sender has had its time", () => {
  const { clock, adopted, add } = open()
  for (const id of [3, 1]) add(id)
  clock.advance(SETTLE_MS - 1)
  add(2)
  assert.deepEqual(adopted, [])
  clock.advance(1)
  assert.deepEqual(adopted, [[1, 2, 3]])
  add(4)
  clock.advance(SETTLE_MS)
  assert.deepEqual(adopted, [[1, 2, 3], [4]])
  assert.equal(clock.pending, 0)
})

test("are taken only early in a host's life", () => {
  const { clock, adopted, add } = open()
  clock.advance(FILL_WINDOW_MS)
  add(1)
  clock.advance(1)
  add(2)
  clock.advance(SETTLE_MS)
  assert.deepEqual(adopted, [[1]])
  add(3)
  assert.equal(clock.pending, 0)
})

test("only so many wait, and those that were adopted make room", () => {
  const { clock, adopted, add } = open()
  for (let id = 1; id <= MAX_LOG_MESSAGES + 1; id++) add(id)
  clock.advance(SETTLE_MS)
  assert.equal(adopted[0].length, MAX_LOG_MESSAGES)
  add(9_999)
  clock.advance(SETTLE_MS)
  assert.deepEqual(adopted[1], [9_999])
})

test("only so many characters wait, and those that were adopted make room", () => {
  const { clock, adopted, add } = open()
  const half = MAX_LOG_CHARACTERS / 2
  add(1, half)
  add(2, half + 1)
  add(3, half)
  add(4, 1)
  clock.advance(SETTLE_MS)
  add(5, 2 * half)
  clock.advance(SETTLE_MS)
  assert.deepEqual(adopted, [[1, 3], [5]])
})

test("stopping leaves nothing behind", () => {
  const { clock, recovery, adopted, add } = open()
  add(1)
  recovery.stop()
  clock.advance(10 * SETTLE_MS)
  assert.deepEqual([adopted, clock.pending], [[], 0])
})

test("one that gives more than there is room for takes none from the others", () => {
  const { clock, adopted, add } = open()
  for (let id = 10_000; id < 10_000 + 3 * MAX_LOG_MESSAGES; id++) add(id, 10, "mallory")
  for (let id = 1; id <= MAX_LOG_MESSAGES / 2; id++) add(id)
  clock.advance(SETTLE_MS)
  assert.deepEqual([adopted[0].length, adopted[0].filter((id) => id < 10_000).length], [MAX_LOG_MESSAGES, MAX_LOG_MESSAGES / 2])
})

test("what several give waits once", () => {
  const { clock, adopted, add } = open()
  for (const giver of ["bob", "cleo", "dave"]) for (const id of [1, 2]) add(id, 10, giver)
  clock.advance(SETTLE_MS)
  assert.deepEqual(adopted, [[1, 2]])
})
