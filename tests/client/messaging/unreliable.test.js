import assert from "node:assert/strict"
import { test } from "node:test"

import { Content } from "../../../static/js/wire/content.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { Unreliable, MAX_STREAMS } from "../../../static/js/messaging/unreliable.js"
import { MAX_FAST_BYTES } from "../../../static/js/base/limits.js"

/** What is sent, and what is shown. */
function open() {
  const sent = /** @type {any[]} */ ([])
  const shown = /** @type {any[]} */ ([])
  const stay = { inc: "a" }
  const fast = new Unreliable({ stay, uplink: { route: (frame) => void sent.push(frame) }, reader: { messageShown: ({ data }) => void shown.push(data) } })
  const receive = (id, rest = {}) => fast.receive({ type: "Fast", senderId: "bob", inc: "b", id, data: id, ...rest })
  return { fast, sent, shown, stay, receive }
}

test("says whom it is for, and numbers what it says", () => {
  const { fast, sent, stay } = open()
  fast.send(Content.of(1, "cursor"))
  fast.send(Content.of(Uint8Array.of(2)), ["bob", "cleo"])
  stay.inc = "a2"
  fast.send(Content.of(3), [])
  assert.deepEqual(sent, [
    { type: "Fast", inc: "a", id: 1, topic: "cursor", data: 1 },
    { type: "Fast", to: ["bob", "cleo"], inc: "a", id: 2, binary: { kind: "Uint8Array" }, bytes: Uint8Array.of(2) },
    { type: "Fast", to: [], inc: "a2", id: 3, data: 3 },
  ])
})

test("what comes after a newer one of its sender and topic is dropped", () => {
  const { shown, receive } = open()
  for (const id of [1, 3, 2, 3, 5, 4, 6]) receive(id)
  assert.deepEqual(shown, [1, 3, 5, 6])
})

test("each sender, each topic, and each page of a sender has its own newest", () => {
  const { shown, receive } = open()
  receive(9)
  receive(1, { topic: "cursor" })
  receive(2, { senderId: "cleo" })
  receive(3, { inc: "b2" })
  receive(4, { topic: "cursor" })
  receive(2, { topic: "cursor" })
  assert.deepEqual(shown, [9, 1, 2, 3, 4])
})

test("no two streams are taken for one", () => {
  const { shown, receive } = open()
  receive(2, { senderId: "a/b", topic: "c" })
  receive(1, { senderId: "a", topic: "b/c" })
  assert.deepEqual(shown, [2, 1])
})

test("only so many streams are remembered, and the one that has been quiet for longest is forgotten", () => {
  const { shown, receive } = open()
  receive(5, { topic: "quiet" })
  receive(5, { topic: "busy" })
  for (let number = 0; number < MAX_STREAMS - 2; number++) receive(1, { senderId: `peer-${number % 20}`, topic: `${number}` })
  receive(6, { topic: "busy" })
  receive(1, { topic: "one more" })
  shown.length = 0
  receive(6, { topic: "busy" })
  receive(4, { topic: "quiet" })
  assert.deepEqual(shown, [4])
})

test("one sender with many topics makes its own forgotten, and nobody else's", () => {
  const { shown, receive } = open()
  receive(5, { topic: "quiet" })
  for (let number = 0; number < 2 * MAX_STREAMS; number++) receive(5, { senderId: "mallory", topic: `${number}` })
  shown.length = 0
  receive(4, { topic: "quiet" })
  receive(4, { senderId: "mallory", topic: `${2 * MAX_STREAMS - 1}` })
  receive(4, { senderId: "mallory", topic: "0" })
  assert.deepEqual(shown, [4])
})

test("only what is small is sent, and what is refused uses up no number", () => {
  const { fast, sent } = open()
  const bytes = (size) => Content.of(new ArrayBuffer(size - '"binary":{"kind":"ArrayBuffer"}'.length))
  assert.throws(() => fast.send(bytes(MAX_FAST_BYTES + 1)), { code: "too_large", message: /16384/ })
  fast.send(bytes(MAX_FAST_BYTES))
  assert.equal(sent[0].id, 1)
})

test("small means few bytes", () => {
  const { fast } = open()
  assert.throws(() => fast.send(Content.of("ü".repeat(MAX_FAST_BYTES / 2))), { code: "too_large" })
})

test("without a connection it is lost, and that is all; what is wrong here is not hidden", () => {
  const errors = [new P2pError("not_joined"), new TypeError("a mistake")]
  const fast = new Unreliable({ stay: { inc: "a" }, uplink: { route: () => { throw errors.shift() } }, reader: { messageShown: () => undefined } })
  fast.send(Content.of(1))
  assert.throws(() => fast.send(Content.of(1)), TypeError)
})
