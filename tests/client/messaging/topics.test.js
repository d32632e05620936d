import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_LABEL_CHARACTERS } from "../../../static/js/wire/content.js"
import { MAX_REPORTED, MAX_REPORTED_OF_SENDER } from "../../../static/js/base/limits.js"
import { checkTopic, MAX_HELD_CHARACTERS, MAX_HELD_MESSAGES, Topics } from "../../../static/js/messaging/topics.js"
import { settle } from "../support/fake_clock.js"
import { reported } from "../support/report_error.js"

/** Topics, and what was heard on them. */
function open() {
  const failures = /** @type {any[]} */ ([])
  const heard = /** @type {any[]} */ ([])
  const topics = new Topics((error) => failures.push(error))
  const listen = (topic, name = topic) => topics.on(topic, (data) => void heard.push(`${name}: ${data}`))
  const show = (topic, data, mayWait) => topics.show({ senderId: "ann", topic, data }, mayWait)
  return { topics, failures, heard, listen, show }
}

test("a message goes to the handlers of its topic, and to no others", () => {
  const { heard, listen, show } = open()
  listen("a")
  listen("b")
  show("a", 1)
  show("b", 2)
  assert.deepEqual(heard, ["a: 1", "b: 2"])
})

test("a handler hears who has said it, on which topic, and whether to it alone", () => {
  const { topics } = open()
  const heard = []
  topics.on("t", (data, origin) => heard.push([data, origin]))
  topics.show({ senderId: "ann", topic: "t", data: 1 })
  topics.show({ senderId: "bob", topic: "t", data: 2, direct: true })
  assert.deepEqual(heard, [[1, { senderId: "ann", topic: "t", direct: false }], [2, { senderId: "bob", topic: "t", direct: true }]])
})

test("several handlers are all called, in their order, until each ends it", () => {
  const { heard, listen, show } = open()
  const [one] = [listen("t", "one"), listen("t", "two")]
  show("t", 1)
  one()
  one()
  show("t", 2)
  assert.deepEqual(heard, ["one: 1", "two: 1", "two: 2"])
})

test("what a handler throws is reported, and the others are called", () => {
  const { topics, heard, listen, show } = open()
  topics.on("t", () => { throw new Error("mine") })
  listen("t")
  show("t", 1)
  assert.equal(reported.pop().message, "mine")
  assert.deepEqual(heard, ["t: 1"])
})

test("a handler may end itself and begin another from within", () => {
  const { topics, heard, listen, show } = open()
  const end = topics.on("t", () => {
    end()
    listen("t")
  })
  show("t", 1)
  show("t", 2)
  assert.deepEqual(heard, ["t: 2"])
})

// What comes before its handler

test("what comes before the first handler of its topic waits for it, in order; what may be lost doesn't", async () => {
  const { heard, listen, show } = open()
  show("a", 1)
  show("b", 2)
  show("a", 3)
  show("a", 4, false)
  listen("a")
  show("a", 5)
  assert.deepEqual(heard, []) // the caller has no way yet to end it
  await settle()
  listen("a", "second")
  show("a", 6)
  listen("b")
  await settle()
  assert.deepEqual(heard, ["a: 1", "a: 3", "a: 5", "a: 6", "second: 6", "b: 2"])
})

test("after the last handler has ended messages wait again, for the next one", async () => {
  const { failures, heard, listen, show } = open()
  listen("t")()
  show("t", 1)
  listen("t", "next")
  await settle()
  assert.deepEqual([heard, failures], [["next: 1"], []])
})

test("a handler may end itself with the first that waited; the others go to the next one", async () => {
  const { topics, heard, listen, show } = open()
  for (const data of [1, 2, 3]) show("t", data)
  const end = topics.on("t", (data) => {
    heard.push(`once: ${data}`)
    end()
  })
  await settle()
  assert.deepEqual([heard, reported], [["once: 1"], []])
  listen("t")
  await settle()
  assert.deepEqual(heard, ["once: 1", "t: 2", "t: 3"])
})

test("a handler that is ended at once hears nothing of what waited", async () => {
  const { heard, listen, show } = open()
  show("t", 1)
  listen("t", "ended")()
  await settle()
  listen("t")
  await settle()
  assert.deepEqual(heard, ["t: 1"])
})

test("what is said from within a message that waited comes after those that waited with it", async () => {
  const { topics, heard, show } = open()
  for (const data of [1, 2]) show("t", data)
  topics.on("t", (data) => {
    heard.push(data)
    if (data === 1) show("t", 3)
  })
  await settle()
  assert.deepEqual(heard, [1, 2, 3])
})

test("only so many wait: the oldest is lost, which is told once for each topic", async () => {
  const { failures, heard, listen, show } = open()
  show("rare", "x")
  for (let number = 0; number < MAX_HELD_MESSAGES; number++) show("t", number)
  assert.deepEqual(failures.map(({ code, message }) => [code, message]), [["no_handler", 'Messages of ann on "rare" are lost, as nobody handles them.']])
  show("t", "one more")
  show("t", "and another")
  assert.deepEqual(failures.map(({ message }) => message.includes('"t"')), [false, true])
  listen("t")
  await settle()
  assert.deepEqual([heard.length, heard[0], heard.at(-1)], [MAX_HELD_MESSAGES, "t: 2", "t: and another"])
  listen("rare")
  await settle()
  assert.equal(heard.length, MAX_HELD_MESSAGES)
})

test("only so many characters and bytes wait, of every kind", async () => {
  for (const data of ["x".repeat(250_000), new ArrayBuffer(250_000), new Uint8Array(250_000), new Blob([new Uint8Array(250_000)]), ["x".repeat(250_000)]]) {
    const { topics, failures, show } = open()
    const fit = Math.floor(MAX_HELD_CHARACTERS / 250_010)
    for (let number = 0; number < fit; number++) show("t", data)
    assert.deepEqual(failures, [])
    show("t", data)
    assert.equal(failures.length, 1)
    let count = 0
    const end = topics.on("t", () => void (count += 1))
    await settle()
    end()
    assert.equal(count, fit)
    for (let number = 0; number < fit; number++) show("u", data)
    assert.equal(failures.length, 1)
  }
})

test("what waits has the size that it has, whatever it says of itself", async () => {
  const { topics, heard, failures, show } = open()
  const text = "x".repeat(MAX_HELD_CHARACTERS / 4)
  for (const byteLength of [-1e15, "x", null, 0]) show("t", { byteLength, size: -1e15, text })
  show("t", { text })
  topics.on("t", (data) => void heard.push(data.byteLength))
  await settle()
  assert.deepEqual([heard, failures.length], [[null, 0, undefined], 1])
})

test("only so many topics of one sender are reported, the last one with a word about that, and only so many in all", () => {
  const { failures, show, topics } = open()
  for (let number = 0; number < MAX_HELD_MESSAGES + 150; number++) show(`${number}`, 1)
  assert.equal(failures.length, MAX_REPORTED_OF_SENDER)
  assert.deepEqual(failures.map(({ message }) => message.includes("the last of 3 topics")), [false, false, true])
  for (let sender = 0; sender < MAX_REPORTED; sender++) {
    for (let number = 0; number < 2 * MAX_HELD_MESSAGES; number++) topics.show({ senderId: `peer-${sender}`, topic: `${number}`, data: 1 })
  }
  assert.equal(failures.length, MAX_REPORTED)
})

test("what one sender says pushes out nothing that another one has said", async () => {
  const { heard, listen, topics } = open()
  const show = (senderId, topic, data) => topics.show({ senderId, topic, data })
  for (let number = 0; number < 10; number++) show("bob", "t", number)
  for (let number = 0; number < 5 * MAX_HELD_MESSAGES; number++) show("mallory", `made up ${number % 150}`, 1)
  for (let number = 0; number < 50; number++) show("mallory", "made up", "x".repeat(MAX_HELD_CHARACTERS / 20))
  for (let number = 10; number < 20; number++) show("bob", "t", number)
  listen("t")
  await settle()
  assert.deepEqual(heard, Array.from({ length: 20 }, (_, number) => `t: ${number}`))
})

// Who answers

test("a topic has one responder at a time, and handlers beside it", () => {
  const { topics, heard, listen, show } = open()
  const responder = () => 1
  const end = topics.respond("t", responder)
  assert.equal(topics.responder("t"), responder)
  assert.throws(() => topics.respond("t", () => 2), { code: "bad_request", hint: /respond\(\)/ })
  listen("t")
  show("t", 1)
  assert.deepEqual(heard, ["t: 1"])
  end()
  assert.equal(topics.responder("t"), undefined)
  topics.respond("t", () => 2)
  end()
  assert.equal(topics.responder("t")?.(0, { senderId: "ann", topic: "t", direct: true }), 2)
})

test("names of every object's are topics like others", () => {
  const { topics, heard, listen, show } = open()
  for (const topic of ["__proto__", "constructor", "toString"]) {
    assert.equal(topics.responder(topic), undefined)
    listen(topic)
    show(topic, 1)
  }
  assert.deepEqual(heard, ["__proto__: 1", "constructor: 1", "toString: 1"])
})

for (const topic of [undefined, null, 7, "", {}, ["t"], "x".repeat(MAX_LABEL_CHARACTERS + 1)]) {
  test(`is no topic: ${JSON.stringify(topic)?.slice(0, 20)}`, () => {
    const { topics } = open()
    for (const use of [() => checkTopic(topic), () => topics.on(/** @type {any} */ (topic), () => undefined), () => topics.respond(/** @type {any} */ (topic), () => 1)]) assert.throws(use, { code: "bad_request" })
  })
}

test("a topic may be as long as its label", () => {
  checkTopic("x".repeat(MAX_LABEL_CHARACTERS))
})

test("a handler that is given twice is called once, for as long as one of the two hasn't ended", async () => {
  const { topics, heard, show } = open()
  const handler = (/** @type {any} */ data) => void heard.push(data)
  const [one, two] = [topics.on("t", handler), topics.on("t", handler)]
  show("t", 1)
  one()
  one()
  show("t", 2)
  two()
  show("t", 3) // it waits
  topics.on("t", handler)()
  await settle()
  assert.deepEqual(heard, [1, 2])
})

test("what has ended one handler, or responder, ends no later one", () => {
  const { topics, heard, listen, show } = open()
  const handler = (/** @type {any} */ data) => void heard.push(data)
  listen("t", "other")
  const end = topics.on("t", handler)
  end()
  topics.on("t", handler)
  end()
  show("t", 1)
  assert.deepEqual(heard, ["other: 1", 1])
  const respond = () => 1
  const endResponder = topics.respond("t", respond)
  endResponder()
  topics.respond("t", respond)
  endResponder()
  assert.equal(topics.responder("t"), respond)
})

test("a handler that another one ends isn't called any more, not for that message either", () => {
  const { topics, heard, listen, show } = open()
  topics.on("t", () => end())
  const end = listen("t", "second")
  listen("t", "third")
  show("t", 1)
  assert.deepEqual(heard, ["third: 1"])
})

test("what waits is forgotten with its session", async () => {
  const { topics, failures, heard, listen, show } = open()
  for (let count = 0; count < MAX_HELD_MESSAGES; count++) show("t", "old")
  topics.forget()
  for (let count = 0; count < MAX_HELD_MESSAGES; count++) show("u", count)
  listen("t")
  listen("u")
  await settle()
  assert.deepEqual([heard.length, heard[0], failures], [MAX_HELD_MESSAGES, "u: 0", []])
})
