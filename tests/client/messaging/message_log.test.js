import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_PAGES_OF_SENDER, MAX_SENDERS } from "../../../static/js/base/limits.js"
import { LOG_TERM_MS, MAX_LOG_CHARACTERS, MAX_LOG_MESSAGES, MessageLog } from "../../../static/js/messaging/message_log.js"
import { FakeClock } from "../support/fake_clock.js"

const EPOCH = 7

/** @param {{ history?: number }} [options] */
function open(options) {
  const clock = new FakeClock()
  const log = new MessageLog({ clock, ...options })
  /** Adds messages of ann's page. @param {...number} ids */
  const add = (...ids) => ids.map((id) => log.add({ senderId: "ann", inc: "x", id }, EPOCH, `text ${id}`))
  return { clock, log, add }
}

const ids = ({ entries }) => entries.map(({ id }) => id)

test("a number counts once, and what is below it counts as seen", () => {
  const { log, add } = open()
  assert.deepEqual(add(1, 1, 4, 2, 3, 4, 5), [true, false, true, false, false, false, true])
  assert.equal(log.lastId("ann", "x"), 5)
  assert.deepEqual(log.marks, [["ann", "x", 5]])
  assert.deepEqual(ids(log.missing([])), [1, 4, 5])
})

test("each page of a sender has its own numbers, and no two names are taken for one", () => {
  const { log, add } = open()
  add(3)
  assert.ok(log.add({ senderId: "ann", inc: "y", id: 1 }, EPOCH, ""))
  assert.equal(log.lastId("ann", "y"), 1)
  assert.equal(log.lastId("ann", "z"), undefined)
  for (const [senderId, inc] of [["b", "a/c"], ["c/b", "a"]]) log.add({ senderId, inc, id: 1 }, EPOCH, "")
  assert.equal(log.marks.length, 4)
})

test("places are given in order, and anew by a host, from 1 and without holes", () => {
  const { clock, log, add } = open()
  add(1, 2)
  clock.advance(LOG_TERM_MS)
  add(3, 4)
  assert.equal(log.lastPlace, 4)
  clock.advance(1)
  log.replace()
  assert.deepEqual(log.missing([]).entries.map(({ id, place }) => [id, place]), [[3, 1], [4, 2]])
  add(5)
  assert.equal(log.lastPlace, 3)
})

test("gives another what it lacks, and says what can't be had any more", () => {
  const { clock, log, add } = open()
  add(1, 2, 3)
  clock.advance(LOG_TERM_MS + 1)
  add(4, 5)
  for (const [theirs, entries, gaps] of /** @type {[any[], number[], any[]][]} */ ([
    [[], [4, 5], [[1, 3]]],
    [[["ann", "x", 1]], [4, 5], [[2, 3]]],
    [[["ann", "x", 3]], [4, 5], []],
    [[["ann", "x", 4]], [5], []],
    [[["ann", "x", 5]], [], []],
    [[["ann", "x", 99]], [], []],
    [[["ann", "other page", 5]], [4, 5], [[1, 3]]],
  ])) {
    const missing = log.missing(theirs)
    assert.deepEqual(ids(missing), entries)
    assert.deepEqual(missing.gaps, gaps.map(([from, to]) => ({ senderId: "ann", inc: "x", from, to })))
  }
})

test("what was only counted is a gap for those who lack it", () => {
  const { log } = open()
  log.skip("ann", "x", 7)
  assert.deepEqual(log.missing([["ann", "x", 2]]), { entries: [], gaps: [{ senderId: "ann", inc: "x", from: 3, to: 7 }] })
})

test("the other side's hostile marks do no harm", () => {
  const { log, add } = open()
  add(1, 2)
  const many = Array.from({ length: 5_000 }, (_, index) => /** @type {[string, string, number]} */ ([`p${index}`, "x", Number.MAX_SAFE_INTEGER]))
  assert.deepEqual(ids(log.missing([...many, ["ann", "x", 1], ["__proto__", "constructor", 1]])), [2])
  assert.deepEqual(ids(log.missing([["ann", "x", 2], ["ann", "x", 1]])), [2])
})

test("keeps only so many messages", () => {
  const { log, add } = open()
  for (let id = 1; id <= MAX_LOG_MESSAGES + 5; id++) add(id)
  const { entries, gaps } = log.missing([])
  assert.deepEqual([entries.length, entries[0].id, gaps], [MAX_LOG_MESSAGES, 6, [{ senderId: "ann", inc: "x", from: 1, to: 5 }]])
})

test("keeps only so many characters, and counts what has gone out of them", () => {
  const { log } = open()
  const text = "x".repeat(MAX_LOG_CHARACTERS / 4)
  for (let id = 1; id <= 9; id++) log.add({ senderId: "ann", inc: "x", id }, EPOCH, text)
  assert.deepEqual(ids(log.missing([])), [6, 7, 8, 9])
  log.add({ senderId: "ann", inc: "x", id: 10 }, EPOCH, "short")
  assert.deepEqual(ids(log.missing([])), [7, 8, 9, 10])
})

test("keeps a message for so long, and what newcomers are shown for longer", () => {
  for (const [history, kept] of /** @type {[number, number[]][]} */ ([[0, []], [2, [2, 3]], [9, [1, 2, 3]]])) {
    const { clock, log, add } = open({ history })
    add(1, 2, 3)
    clock.advance(LOG_TERM_MS)
    assert.deepEqual(ids(log.missing([])), [1, 2, 3])
    clock.advance(1)
    assert.deepEqual(ids(log.missing([])), kept)
    clock.advance(100 * LOG_TERM_MS)
    assert.deepEqual(log.latest(99).map(({ id }) => id), kept)
  }
})

test("an app can't have more kept than may be", () => {
  const { log, add } = open({ history: Infinity })
  for (let id = 1; id <= MAX_LOG_MESSAGES + 1; id++) add(id)
  assert.equal(log.latest(Number.MAX_SAFE_INTEGER).length, MAX_LOG_MESSAGES)
})

test("a newcomer is shown the latest ones, as many as it wants", () => {
  const { log, add } = open()
  add(1, 2, 3)
  for (const [count, shown] of /** @type {[number, number[]][]} */ ([[0, []], [-1, []], [2, [2, 3]], [9, [1, 2, 3]], [Number.MAX_SAFE_INTEGER, [1, 2, 3]]])) {
    assert.deepEqual(log.latest(count).map(({ id }) => id), shown)
  }
})

test("remembers only so many senders, and forgets the one that has been quiet for longest", () => {
  const { log, add } = open()
  add(1)
  for (let number = 1; number < MAX_SENDERS; number++) log.skip(`p${number}`, "x", 1)
  add(2)
  log.skip("one more", "x", 1)
  assert.equal(log.marks.length, MAX_SENDERS)
  assert.deepEqual([log.lastId("ann", "x"), log.lastId("p1", "x"), log.lastId("p2", "x")], [2, undefined, 1])
})

test("one sender with many pages makes its own forgotten, and nobody else's", () => {
  const { log } = open()
  log.add({ senderId: "bob", inc: "x", id: 7 }, 1, "packet")
  for (let page = 0; page < 3 * MAX_SENDERS; page++) log.add({ senderId: "mallory", inc: `${page}`, id: 1 }, 1, "packet")
  assert.deepEqual([log.lastId("bob", "x"), log.marks.length], [7, 1 + MAX_PAGES_OF_SENDER])
  assert.deepEqual([log.lastId("mallory", "0"), log.lastId("mallory", `${3 * MAX_SENDERS - 1}`)], [undefined, 1])
})
