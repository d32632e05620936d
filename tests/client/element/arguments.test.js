import assert from "node:assert/strict"
import { test } from "node:test"
import { runInNewContext } from "node:vm"

import { readArguments, readAs, readPeerId, readTo } from "../../../static/js/element/arguments.js"
import { isFlag } from "../../../static/js/base/fields.js"
import { checkTopic, Topics } from "../../../static/js/messaging/topics.js"

const READERS = { to: readTo, topic: checkTopic, reliable: readAs("reliable", "true or false", isFlag) }
const read = (/** @type {any} */ options) => readArguments("send", options, READERS)
const refused = (/** @type {() => any} */ call, message = /./) => assert.throws(call, { name: "P2pError", code: "bad_request", message })

test("what is given right is taken, once each", () => {
  assert.deepEqual(read({}), {})
  assert.deepEqual(read({ to: "bob" }), { to: ["bob"] })
  assert.deepEqual(read({ to: ["bob", "cem", "bob"], topic: "t", reliable: false }), { to: ["bob", "cem"], topic: "t", reliable: false })
  assert.deepEqual(read(Object.assign(Object.create(null), { to: "bob" })), { to: ["bob"] })
  assert.deepEqual(read(runInNewContext('({ to: ["bob"] })')), { to: ["bob"] })
})

test("options are read once: what a getter says later doesn't count", () => {
  let count = 0
  assert.deepEqual(read({ get to() { return count++ ? "eve" : "bob" } }), { to: ["bob"] })
})

// A message never goes to more peers than its sender meant

test("whom it is for is never nobody in particular", () => {
  const detail = /** @type {any} */ ({ senderId: "bob" })
  for (const to of [detail.senderID, undefined, null, "", [], [""], [undefined], ["bob", null], Object.assign([], { 1: "bob" }), {}, { peerId: "bob" }, new Set(["bob"]), new Map(), () => "bob", true, Number.NaN, 1.5, 2 ** 53, 7n, Symbol("bob"), [["bob"]], new String("bob"), "\0", "a\r", "\ud800", "x".repeat(129)]) {
    refused(() => read({ to }))
  }
})

test("what isn't an object of options is none", () => {
  for (const options of [null, 5, true, "bob", "", ["bob"], [], new Map([["to", "bob"]]), new Set(), () => ({ to: "bob" }), new (class { get to() { return "bob" } })(), Object.create({ to: "bob" }), Promise.resolve({ to: "bob" })]) refused(() => read(options), /options of send\(\) are an object/)
})

test("an option that isn't known is named, with those that are", () => {
  assert.throws(() => read({ too: "bob" }), { code: "bad_request", message: 'send() doesn\'t know the option "too".', hint: "It knows to, topic, reliable." })
  for (const name of ["To", "toString", "__proto__", "constructor", ""]) refused(() => read(JSON.parse(`{${JSON.stringify(name)}:"bob"}`)), /doesn't know the option/)
})

test("an option that is given as undefined, or as something else, isn't taken for left out", () => {
  for (const topic of [undefined, null, "", 7, [], {}, "x".repeat(256)]) refused(() => read({ topic }), /topic is a string/)
  for (const reliable of [undefined, null, 0, 1, "", "false", [], {}]) refused(() => read({ reliable }), /^reliable is true or false, not /)
})

// Ids

test("a whole number stands for its digits, as in Python", () => {
  assert.deepEqual([readPeerId(7), readPeerId(-7), readPeerId(0), readPeerId(-0), readPeerId(2 ** 53 - 1)], ["7", "-7", "0", "0", "9007199254740991"])
  assert.deepEqual(readTo([7, "7", 8]), ["7", "8"])
})

test("an id that nobody can have is refused, and another one isn't", () => {
  for (const id of [undefined, null, "", {}, [], ["bob"], false, 1.5, Infinity, "\0", "a\rb", "a\r\n", "\udfff", "x".repeat(129), "💬".repeat(129)]) refused(() => readPeerId(id), /id of a peer is a text of 1 to 128 characters/)
  for (const id of ["bob", " ", "\n", "a\nb", "\u0001", "\ufeff", "\uffff", "💬".repeat(128), "__proto__", "null", "undefined", "&#13;"]) assert.equal(readPeerId(id), id)
})

// Handlers

test("what can't be called handles nothing, and that is said at once", () => {
  const topics = new Topics()
  for (const handler of [undefined, null, {}, "f", { handleEvent() {} }, Promise.resolve(() => 1)]) {
    refused(() => topics.on("t", /** @type {any} */ (handler)), /handler of a topic is a function/)
    refused(() => topics.respond("t", /** @type {any} */ (handler)), /responder of a topic is a function/)
  }
  for (const topic of [undefined, null, "", 7, {}, "x".repeat(256)]) {
    refused(() => topics.on(/** @type {any} */ (topic), () => 1))
    refused(() => topics.respond(/** @type {any} */ (topic), () => 1))
  }
})
