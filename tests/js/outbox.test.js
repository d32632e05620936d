import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../static/js/errors.js"
import { MAX_WAITING_CHARACTERS, MAX_WAITING_MESSAGES, Outbox } from "../../static/js/outbox.js"
import { settle } from "./support/fake_clock.js"
import { fate } from "./support/world.js"

const GONE = new P2pError("host_lost")

/** An outbox whose messages go into `sent`. */
function open() {
  const outbox = new Outbox()
  /** @type {any[]} */
  const sent = []
  return { outbox, sent, flush: () => outbox.flush((text) => sent.push(JSON.parse(text))) }
}

test("sends in order, each message once, under numbers that rise", () => {
  const { outbox, sent, flush } = open()
  for (const data of ["a", "b"]) fate(outbox.add(data))
  flush()
  fate(outbox.add("c"))
  flush()
  flush()
  assert.deepEqual(sent.map(({ id, data }) => [id, data]), [[1, "a"], [2, "b"], [3, "c"]])
})

test("a message is what it was when it was added", () => {
  const { outbox, sent, flush } = open()
  const data = { n: 1 }
  fate(outbox.add(data))
  data.n = 2
  flush()
  assert.equal(sent[0].data.n, 1)
})

test("resolves when the message has come back, and only that one", async () => {
  const { outbox, flush } = open()
  const first = fate(outbox.add("a"))
  const second = fate(outbox.add("b"))
  flush()
  outbox.confirm(1)
  outbox.confirm(1)
  outbox.confirm(77)
  await settle()
  assert.deepEqual([first.is, second.is], ["resolved", "pending"])
  assert.equal(outbox.size, 1)
  outbox.rejectAll(GONE)
  await settle()
  assert.equal(second.is, "host_lost")
})

test("after a loss the sent ones are rejected, the others wait for the next connection", async () => {
  const { outbox, sent, flush } = open()
  const lost = fate(outbox.add("a"))
  flush()
  const kept = fate(outbox.add("b"))
  outbox.rejectSent(GONE)
  flush()
  outbox.confirm(2)
  await settle()
  assert.deepEqual([lost.is, kept.is], ["host_lost", "resolved"])
  assert.deepEqual(sent.map(({ data }) => data), ["a", "b"])
})

test("what can't be sent refuses itself and nothing else", async () => {
  const { outbox } = open()
  const results = ["a", "b", "c"].map((data) => fate(outbox.add(data)))
  outbox.flush((text) => { if (JSON.parse(text).data === "b") throw new P2pError("rate_limited") })
  outbox.confirm(1)
  outbox.confirm(3)
  await settle()
  assert.deepEqual(results.map(({ is }) => is), ["resolved", "rate_limited", "resolved"])
})

test("a host's own message may come back while it is being sent, and bring another", () => {
  const { outbox } = open()
  const order = []
  const send = (text) => {
    const { id, data } = JSON.parse(text)
    order.push(data)
    if (data === "a") {
      fate(outbox.add("c"))
      outbox.flush(send)
    }
    outbox.confirm(id)
  }
  for (const data of ["a", "b"]) fate(outbox.add(data))
  outbox.flush(send)
  assert.deepEqual(order, ["a", "b", "c"])
  assert.equal(outbox.size, 0)
})

test("what JSON can't hold or no channel takes is refused at once, and uses up no number", () => {
  const { outbox, sent, flush } = open()
  assert.throws(() => outbox.add(undefined), { code: "unsupported" })
  assert.throws(() => outbox.add("x".repeat(262_144)), { code: "too_large" })
  fate(outbox.add("a"))
  flush()
  assert.equal(sent[0].id, 1)
})

test("only so many messages may wait", () => {
  const { outbox } = open()
  for (let number = 0; number < MAX_WAITING_MESSAGES; number++) fate(outbox.add(number))
  assert.throws(() => outbox.add("one more"), { code: "rate_limited", message: /1000 messages/ })
  outbox.confirm(1)
  fate(outbox.add("one more"))
})

test("only so many characters may wait, and what has gone makes room", () => {
  const { outbox } = open()
  const large = "x".repeat(250_000)
  const fit = Math.floor(MAX_WAITING_CHARACTERS / (large.length + 32))
  for (let number = 0; number < fit; number++) fate(outbox.add(large))
  assert.throws(() => outbox.add(large), { code: "rate_limited" })
  outbox.rejectAll(GONE)
  assert.equal(outbox.size, 0)
  for (let number = 0; number < fit; number++) fate(outbox.add(large))
})
