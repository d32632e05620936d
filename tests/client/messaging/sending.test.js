import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_READING, Sending } from "../../../static/js/messaging/sending.js"
import { Content } from "../../../static/js/wire/content.js"
import { READ_TERM_MS } from "../../../static/js/base/limits.js"
import { FakeClock, settle } from "../support/fake_clock.js"

/** A Blob that is read when the test says so. @param {string} text */
function slow(text) {
  /** @type {() => void} */
  let read = () => undefined
  /** @type {(error: Error) => void} */
  let fail = () => undefined
  const gate = new Promise((resolve, reject) => {
    read = () => resolve(undefined)
    fail = reject
  })
  const blob = new Blob([text])
  const arrayBuffer = () => gate.then(() => new TextEncoder().encode(text).buffer)
  return { blob: Object.assign(blob, { arrayBuffer }), read, fail }
}

/** What takes messages in, and what has come out of it, in order. */
function open() {
  const clock = new FakeClock()
  const queue = new Sending(/** @type {any} */ ({ clock }))
  const out = []
  const take = async (data) => {
    try {
      const content = await queue.take(data)
      out.push(content.bytes ? new TextDecoder().decode(content.bytes) : content.read().data)
    } catch (error) {
      out.push(error.code)
    }
  }
  return { clock, queue, out, take }
}

test("what needs no reading is taken in at once", () => {
  const { queue } = open()
  assert.ok(queue.take("text") instanceof Content)
  assert.ok(queue.take(Uint8Array.of(1), "t") instanceof Content)
})

test("what is sent after a Blob comes after it, and what is read sooner waits for what was sent before", async () => {
  const { out, take } = open()
  const [one, two] = [slow("one"), slow("two")]
  for (const data of ["first", one.blob, "second", two.blob, "third"]) void take(data)
  await settle()
  assert.deepEqual(out, ["first"])
  two.read()
  await settle()
  assert.deepEqual(out, ["first"])
  one.read()
  await settle()
  assert.deepEqual(out, ["first", "one", "second", "two", "third"])
})

test("what is sent in the moment when all is read doesn't overtake", async () => {
  const { out, take } = open()
  const { blob, read } = slow("blob")
  void take(blob)
  void take("after it")
  read()
  for (let turn = 0; turn < 20; turn++) {
    void take(turn)
    await Promise.resolve()
  }
  await settle()
  assert.deepEqual(out, ["blob", "after it", ...Array.from({ length: 20 }, (_, turn) => turn)])
})

test("when nothing is read any more, all is taken in at once again", async () => {
  const { queue, take } = open()
  await take(new Blob(["x"]))
  await settle()
  assert.ok(queue.take("text") instanceof Content)
})

test("what waits is what it was when it was sent", async () => {
  const { out, take } = open()
  const { blob, read } = slow("blob")
  const data = { n: 1 }
  void take(blob)
  void take(data)
  data.n = 2
  read()
  await settle()
  assert.deepEqual(out, ["blob", { n: 1 }])
})

test("a Blob that can't be read is nobody else's loss", async () => {
  const { out, take } = open()
  const [one, two] = [slow("one"), slow("two")]
  void take(one.blob)
  void take(two.blob)
  void take("text")
  one.fail(new Error("gone"))
  two.read()
  await settle()
  assert.deepEqual(out, ["file_changed", "two", "text"])
})

test("what can't be sent is refused at once, also while something is read", async () => {
  const { queue, out, take } = open()
  const { blob, read } = slow("blob")
  void take(blob)
  assert.throws(() => queue.take(undefined), { code: "unsupported" })
  void take("text")
  read()
  await settle()
  assert.deepEqual(out, ["blob", "text"])
})

test("only so many wait, and when they are read there is room again", async () => {
  const { queue, out, take } = open()
  const blobs = Array.from({ length: MAX_READING }, (_, number) => slow(`${number}`))
  for (const { blob } of blobs) void take(blob)
  assert.throws(() => queue.take("one more"), { code: "rate_limited" })
  assert.throws(() => queue.take(new Blob(["one more"])), { code: "rate_limited" })
  for (const { read } of blobs) read()
  await settle()
  assert.deepEqual(out, blobs.map((_, number) => `${number}`))
  assert.ok(queue.take("one more") instanceof Content)
})

test("a Blob that is never read is given up, and what waits for it goes on", async () => {
  const { clock, out, take } = open()
  const { blob } = slow("never")
  void take(blob)
  void take("text")
  await settle()
  clock.advance(READ_TERM_MS - 1)
  await settle()
  assert.deepEqual(out, [])
  clock.advance(1)
  await settle()
  assert.deepEqual(out, ["file_changed", "text"])
  assert.equal(clock.pending, 0)
})
