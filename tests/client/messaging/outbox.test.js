import assert from "node:assert/strict"
import { test } from "node:test"

import { Content } from "../../../static/js/wire/content.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { MAX_WAITING_CHARACTERS, MAX_WAITING_MESSAGES, Outbox } from "../../../static/js/messaging/outbox.js"
import { settle } from "../support/fake_clock.js"
import { fate } from "../support/world.js"

const GONE = new P2pError("host_lost")

/** An outbox whose messages go into `sent`, as numbers and data. */
function open() {
  const outbox = new Outbox()
  const add = (data) => outbox.add(Content.of(data))
  /** @type {[number, any][]} */
  const sent = []
  return { outbox, add, sent, flush: () => outbox.flush((id, content) => void sent.push([id, content.read().data])) }
}

test("sends in order, each message once, under numbers that rise from 1", () => {
  const { add, sent, flush } = open()
  for (const data of ["a", "b"]) fate(add(data))
  assert.ok(flush())
  fate(add("c"))
  flush()
  flush()
  assert.deepEqual(sent, [[1, "a"], [2, "b"], [3, "c"]])
})

test("a message is what it was when it was added", () => {
  const { add, sent, flush } = open()
  const data = { n: 1 }
  fate(add(data))
  data.n = 2
  flush()
  assert.deepEqual(sent, [[1, { n: 1 }]])
})

test("resolves when it has its place and others have come as far, and only then", async () => {
  const { outbox, add, flush } = open()
  const results = ["a", "b", "c"].map((data) => fate(add(data)))
  flush()
  const fates = async () => {
    await settle()
    return results.map(({ is }) => is)
  }
  outbox.stable(9)
  assert.deepEqual(await fates(), ["pending", "pending", "pending"])
  outbox.placed(1, 4)
  outbox.placed(2, 6)
  outbox.placed(77, 5)
  outbox.stable(3)
  assert.deepEqual(await fates(), ["pending", "pending", "pending"])
  outbox.stable(5)
  outbox.stable(5)
  assert.deepEqual(await fates(), ["resolved", "pending", "pending"])
  assert.deepEqual([outbox.size, outbox.has(1), outbox.has(2)], [2, false, true])
  outbox.rejectAll(GONE)
  assert.deepEqual(await fates(), ["resolved", "host_lost", "host_lost"])
})

test("over a new connection what the host has is stable, the rest goes out again under its number", async () => {
  const { outbox, add, sent, flush } = open()
  const [had, lost] = ["a", "b"].map((data) => fate(add(data)))
  flush()
  const waiting = fate(add("c"))
  outbox.placed(2, 7)
  outbox.resume(1)
  outbox.stable(7)
  await settle()
  assert.deepEqual([had.is, lost.is, waiting.is], ["resolved", "pending", "pending"])
  flush()
  assert.deepEqual(sent, [[1, "a"], [2, "b"], [2, "b"], [3, "c"]])
})

test("a host that claims more than was sent makes nothing stable that it can't have", async () => {
  const { outbox, add, sent, flush } = open()
  const result = fate(add("a"))
  outbox.resume(Number.MAX_SAFE_INTEGER)
  flush()
  await settle()
  assert.equal(result.is, "pending")
  assert.deepEqual(sent, [[1, "a"]])
})

test("what can't be sent refuses itself and nothing else, and uses up no number", async () => {
  const { outbox, add } = open()
  const results = ["a", "b", "c"].map((data) => fate(add(data)))
  const sent = []
  const isDone = outbox.flush((id, content) => {
    if (content.read().data === "b") throw new P2pError("too_large")
    sent.push([id, content.read().data])
  })
  assert.ok(isDone)
  assert.deepEqual(sent, [[1, "a"], [2, "c"]])
  outbox.rejectAll(GONE)
  await settle()
  assert.deepEqual(results.map(({ is }) => is), ["host_lost", "too_large", "host_lost"])
})

test("what comes too fast waits, and what came after it too", async () => {
  const { outbox, add, sent, flush } = open()
  for (const data of ["a", "b", "c"]) fate(add(data))
  const isDone = outbox.flush((id, content) => {
    if (content.read().data === "b") throw new P2pError("rate_limited")
    sent.push([id, content.read().data])
  })
  assert.equal(isDone, false)
  assert.deepEqual([sent, outbox.size], [[[1, "a"]], 3])
  assert.ok(flush())
  assert.deepEqual(sent, [[1, "a"], [2, "b"], [3, "c"]])
})

test("a message that others may have seen keeps its number, whatever becomes of it the next time", () => {
  const { outbox, add, sent, flush } = open()
  fate(add("a"))
  flush()
  outbox.resume(0)
  outbox.flush(() => { throw new P2pError("rate_limited") })
  fate(add("b"))
  flush()
  assert.deepEqual(sent, [[1, "a"], [1, "a"], [2, "b"]])
})

test("a host's own message may come back while it is being sent, and bring another", () => {
  const { outbox, add } = open()
  const order = []
  const send = (id, content) => {
    order.push([id, content.read().data])
    if (content.read().data === "a") {
      fate(add("c"))
      outbox.flush(send)
    }
    outbox.placed(id, order.length)
    outbox.stable(order.length)
  }
  for (const data of ["a", "b"]) fate(add(data))
  outbox.flush(send)
  assert.deepEqual(order, [[1, "a"], [2, "b"], [3, "c"]])
  assert.equal(outbox.size, 0)
})

test("the host may refuse one", async () => {
  const { outbox, add, flush } = open()
  const results = ["a", "b"].map((data) => fate(add(data)))
  flush()
  outbox.refuse(1, new P2pError("forbidden"))
  outbox.refuse(1, GONE)
  outbox.refuse(77, GONE)
  await settle()
  assert.deepEqual(results.map(({ is }) => is), ["forbidden", "pending"])
})

test("what JSON can't hold or no channel takes is refused at once, and uses up no number", () => {
  const { add, sent, flush } = open()
  assert.throws(() => add(undefined), { code: "unsupported" })
  assert.throws(() => add("x".repeat(262_144)), { code: "too_large" })
  fate(add("a"))
  flush()
  assert.equal(sent[0][0], 1)
})

test("only so many messages may wait, sent or not, and what is stable makes room", () => {
  const { outbox, add, flush } = open()
  for (let number = 0; number < MAX_WAITING_MESSAGES; number++) fate(add(number))
  assert.throws(() => add("one more"), { code: "rate_limited", message: /1000 messages/ })
  flush()
  assert.throws(() => add("one more"), { code: "rate_limited" })
  outbox.placed(1, 1)
  outbox.stable(1)
  fate(add("one more"))
  assert.throws(() => add("and another"), { code: "rate_limited" })
})

test("only so many characters may wait, and what has gone makes room", () => {
  const { outbox, add } = open()
  const large = "x".repeat(250_000)
  const fit = Math.floor(MAX_WAITING_CHARACTERS / (large.length + 2))
  for (let number = 0; number < fit; number++) fate(add(large))
  assert.throws(() => add(large), { code: "rate_limited" })
  outbox.rejectAll(GONE)
  assert.equal(outbox.size, 0)
  for (let number = 0; number < fit; number++) fate(add(large))
})
