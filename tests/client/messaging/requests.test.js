import assert from "node:assert/strict"
import { test } from "node:test"

import { Content } from "../../../static/js/wire/content.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { ANSWER_TERM_MS, MAX_REQUESTS, MAX_REQUESTS_OF_PAIR } from "../../../static/js/base/limits.js"
import { REQUEST_TIMEOUT_MS, Requests } from "../../../static/js/messaging/requests.js"
import { FakeClock, settle } from "../support/fake_clock.js"
import { reported } from "../support/report_error.js"
import { fate } from "../support/world.js"

/** Two peers that ask each other. */
function open() {
  const clock = new FakeClock()
  const responders = /** @type {Record<string, any>} */ ({ ann: {}, bob: {} })
  const requests = /** @type {Record<string, Requests>} */ ({})
  const told = /** @type {any[]} */ ([])
  /** What keeps a letter from its goal. @type {{ fails: (to: string, letter: any) => P2pError | null, loses: (letter: any) => boolean, reaches: (peerId: string) => boolean }} */
  const way = { fails: () => null, loses: () => false, reaches: () => true }
  for (const [peerId, other] of [["ann", "bob"], ["bob", "ann"]]) {
    requests[peerId] = new Requests({
      clock,
      topics: { responder: (topic) => responders[peerId][topic] },
      uplink: { reaches: (other) => way.reaches(other) },
      messenger: { tell: (to, letter) => tell(peerId, other, to, letter) },
    })
  }
  const tell = async (peerId, other, to, letter) => {
    const error = way.fails(to, letter)
    if (error) throw error
    told.push(letter)
    if (to !== other || way.loses(letter)) return
    const { ask, answer, topic, data } = letter
    await Promise.resolve()
    if (answer === undefined) void requests[other].asked(peerId, ask, { topic, data })
    else requests[other].answered(peerId, answer, letter, () => data)
  }
  const ask = (data, options = {}) => requests.ann.ask("bob", Content.of(data, "t"), options)
  return { clock, requests, responders, told, way, ask }
}

/** Nothing runs any more. @param {FakeClock} clock */
async function assertQuiet(clock) {
  await settle()
  assert.equal(clock.pending, 0)
}

test("the answer is what the other's responder gives, or promises", async () => {
  const { clock, responders, ask } = open()
  responders.bob.t = (data) => data + 1
  assert.equal(await ask(1), 2)
  responders.bob.t = async (data) => [data]
  assert.deepEqual(await ask(1), [1])
  await assertQuiet(clock)
})

test("the responder hears who asks, on which topic, and that it is asked alone", async () => {
  const { responders, ask } = open()
  responders.bob.t = (_data, origin) => origin
  assert.deepEqual(await ask(null), { senderId: "ann", topic: "t", direct: true })
})

test("no answer is an answer, too: nothing, bytes, a Blob", async () => {
  const { told, responders, ask } = open()
  responders.bob.t = () => undefined
  assert.equal(await ask(1), null)
  responders.bob.t = () => Uint8Array.of(1)
  await ask(1)
  assert.deepEqual(told.at(-1), { binary: { kind: "Uint8Array" }, bytes: Uint8Array.of(1), answer: 2 })
  responders.bob.t = () => new File(["x"], "x.txt")
  await ask(1)
  assert.deepEqual(told.at(-1).binary, { kind: "File", mime: "", name: "x.txt" })
})

test("each answer belongs to its own question, whatever their order", async () => {
  const { responders, ask } = open()
  /** @type {(() => void)[]} */
  const answers = []
  responders.bob.t = (data) => new Promise((resolve) => answers.push(() => resolve(data * 10)))
  const results = [1, 2, 3].map((data) => ask(data))
  await settle()
  for (const answer of answers.toReversed()) answer()
  assert.deepEqual(await Promise.all(results), [10, 20, 30])
})

test("a topic that nobody answers is no_handler", async () => {
  const { ask } = open()
  await assert.rejects(ask(1), { code: "no_handler", message: /"t"/ })
})

test("a handler that throws is handler_failed, and its own page's console hears why", async () => {
  const { responders, ask } = open()
  for (const fail of [() => { throw new Error("secret") }, () => Promise.reject(new Error("secret"))]) {
    responders.bob.t = fail
    await assert.rejects(ask(1), ({ code, message }) => code === "handler_failed" && !message.includes("secret"))
    assert.equal(reported.pop().message, "secret")
  }
})

test("a P2pError that a handler throws goes to the other side as it is", async () => {
  const { responders, ask } = open()
  responders.bob.t = () => { throw new P2pError("forbidden", { message: "Not you.", hint: "Ask ann." }) }
  await assert.rejects(ask(1), { name: "P2pError", code: "forbidden", message: "Not you.", hint: "Ask ann." })
  assert.deepEqual(reported, [])
})

test("an answer that can't be sent is handler_failed, and the console of its page hears why", async () => {
  const { responders, ask } = open()
  for (const [answer, code] of /** @type {[any, string][]} */ ([[new Map(), "unsupported"], ["x".repeat(300_000), "too_large"], [new Blob([new Uint8Array(300_000)]), "too_large"]])) {
    responders.bob.t = () => answer
    await assert.rejects(ask(1), { code: "handler_failed" })
    assert.equal(reported.pop().cause.code, code)
  }
})

test("who doesn't answer in time: no_answer, after the app's time or the usual one; an answer after that is nothing", async () => {
  const { clock, responders, ask } = open()
  /** @type {(() => void)[]} */
  const answers = []
  responders.bob.t = () => new Promise((resolve) => answers.push(() => resolve(1)))
  const usual = fate(ask(1))
  const short = fate(ask(1, { timeout: 300 }))
  await settle()
  clock.advance(299)
  await settle()
  assert.equal(short.is, "pending")
  clock.advance(1)
  await settle()
  assert.equal(short.is, "no_answer")
  clock.advance(REQUEST_TIMEOUT_MS - 301)
  await settle()
  assert.equal(usual.is, "pending")
  clock.advance(1)
  await settle()
  assert.equal(usual.is, "no_answer")
  for (const answer of answers) answer()
  await assertQuiet(clock)
  responders.bob.t = () => "fresh"
  assert.equal(await ask(1), "fresh")
})

test("who isn't there when the time is over is no peer", async () => {
  const { clock, way, ask } = open()
  way.loses = () => true
  const result = fate(ask(1, { timeout: 300 }))
  await settle()
  way.reaches = () => false
  clock.advance(300)
  await settle()
  assert.equal(result.is, "no_such_peer")
})

for (const timeout of [0, -1, Number.NaN, Infinity, 2 ** 31, "soon", null]) {
  test(`is no time to wait: ${timeout}`, async () => {
    const { clock, told, ask } = open()
    await assert.rejects(ask(1, { timeout }), { code: "bad_request", message: /timeout/, hint: /24 days/ })
    assert.deepEqual([told, clock.pending], [[], 0])
  })
}

test("a signal ends the waiting with its reason, before or while", async () => {
  const { clock, told, responders, ask } = open()
  responders.bob.t = () => new Promise(() => undefined)
  const reason = new Error("enough")
  await assert.rejects(ask(1, { signal: AbortSignal.abort(reason) }), reason)
  assert.equal(told.length, 0)
  const controller = new AbortController()
  const result = fate(ask(1, { signal: controller.signal }))
  await settle()
  controller.abort(reason)
  await settle()
  assert.equal(result.is, reason)
  await assertQuiet(clock)
})

test("a signal that is aborted after the answer changes nothing", async () => {
  const { clock, responders, ask } = open()
  responders.bob.t = () => 1
  const controller = new AbortController()
  assert.equal(await ask(1, { signal: controller.signal }), 1)
  controller.abort()
  await assertQuiet(clock)
})

test("a question that can't be told is its error, at once", async () => {
  const { clock, way, ask } = open()
  way.fails = () => new P2pError("no_such_peer")
  await assert.rejects(ask(1), { code: "no_such_peer" })
  await assertQuiet(clock)
})

test("an answer of another peer, or to no question, is not heard", async () => {
  const { requests, way, ask } = open()
  way.loses = ({ answer }) => answer === undefined
  const result = fate(ask(1))
  await settle()
  requests.ann.answered("cleo", 1, {}, () => "forged")
  requests.ann.answered("cleo", 1, { error: new P2pError("forbidden").toPayload() }, () => "forged")
  requests.ann.answered("bob", 2, {}, () => assert.fail("it was read"))
  await settle()
  assert.equal(result.is, "pending")
  requests.ann.answered("bob", 1, {}, () => "true")
  requests.ann.answered("bob", 1, {}, () => "twice")
  await settle()
  assert.equal(result.is, "resolved")
})

test("an error of junk is internal", async () => {
  const { requests, way, ask } = open()
  way.loses = () => true
  const result = fate(ask(1))
  await settle()
  requests.ann.answered("bob", 1, { error: /** @type {any} */ ({ code: "toString" }) }, () => 1)
  await settle()
  assert.equal(result.is, "internal")
})

test("leaving rejects what is asked, and leaves nothing behind", async () => {
  const { clock, requests, way, ask } = open()
  way.loses = () => true
  const results = [fate(ask(1)), fate(ask(2))]
  await settle()
  requests.ann.leave(new P2pError("not_joined"))
  await settle()
  assert.deepEqual(results.map(({ is }) => is), ["not_joined", "not_joined"])
  await assertQuiet(clock)
})

test("only so many questions to one peer are under way, and what is answered makes room", async () => {
  const { clock, responders, ask } = open()
  /** @type {(() => void)[]} */
  const answers = []
  responders.bob.t = () => new Promise((resolve) => answers.push(() => resolve(1)))
  const results = Array.from({ length: MAX_REQUESTS_OF_PAIR }, () => ask(1))
  await assert.rejects(ask(1), { code: "rate_limited" })
  await settle()
  answers[0]()
  await results[0]
  results.push(ask(1))
  await settle()
  for (const answer of answers) answer()
  await Promise.all(results)
  await assertQuiet(clock)
})

test("one that doesn't answer keeps nobody from asking the others, and only so many wait for all", async () => {
  const { requests } = open()
  const askOf = (peerId) => fate(requests.ann.ask(peerId, Content.of(1, "t"), {}))
  const silent = Array.from({ length: MAX_REQUESTS_OF_PAIR }, () => askOf("mallory"))
  const [refused, other] = [askOf("mallory"), askOf("cleo")]
  await settle()
  assert.deepEqual([silent[0].is, refused.is, other.is], ["pending", "rate_limited", "pending"])
  for (let number = 1; number < MAX_REQUESTS / MAX_REQUESTS_OF_PAIR; number++) for (let count = 0; count < MAX_REQUESTS_OF_PAIR; count++) askOf(`peer-${number}`)
  const last = askOf("dave")
  await settle()
  assert.equal(last.is, "rate_limited")
})

test("only so many questions of one peer are answered at a time; the next one is told so, and others are answered", async () => {
  const { requests, responders, told } = open()
  responders.bob.t = () => new Promise(() => undefined)
  responders.bob.u = () => 1
  for (let id = 1; id <= MAX_REQUESTS_OF_PAIR + 1; id++) void requests.bob.asked("mallory", id, { topic: "t", data: 1 })
  void requests.bob.asked("cleo", 1, { topic: "u", data: 1 })
  await settle()
  assert.deepEqual(told.map(({ answer, error }) => [answer, error?.code]), [[MAX_REQUESTS_OF_PAIR + 1, "rate_limited"], [1, undefined]])
})

test("a responder that never ends keeps its place for so long, and not for ever", async () => {
  const { clock, requests, responders, told } = open()
  responders.bob.t = () => new Promise(() => undefined)
  responders.bob.u = () => 1
  for (let id = 1; id <= MAX_REQUESTS_OF_PAIR; id++) void requests.bob.asked("mallory", id, { topic: "t", data: 1 })
  clock.advance(ANSWER_TERM_MS)
  void requests.bob.asked("mallory", 1_001, { topic: "u", data: 1 })
  clock.advance(1)
  void requests.bob.asked("mallory", 1_002, { topic: "u", data: 1 })
  await settle()
  assert.deepEqual(told.map(({ answer, error }) => [answer, error?.code]), [[1_001, "rate_limited"], [1_002, undefined]])
})
