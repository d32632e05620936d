import assert from "node:assert/strict"
import { test } from "node:test"

import { Content } from "../../../static/js/wire/content.js"
import { Broadcast } from "../../../static/js/messaging/broadcast.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { LOG_TERM_MS, MAX_LOG_MESSAGES } from "../../../static/js/messaging/message_log.js"
import { MARKS_PER_FRAME } from "../../../static/js/wire/frames.js"
import { FakeClock, settle } from "../support/fake_clock.js"
import { fate } from "../support/world.js"

/** A broadcast, and what it has told. @param {string} peerId @param {{ history?: number }} [options] */
function open(peerId = "ann", options = {}) {
  const clock = new FakeClock()
  const told = { shown: /** @type {any[]} */ ([]), gaps: /** @type {any[]} */ ([]), forks: 0 }
  const broadcast = new Broadcast({
    peerId, clock, ...options,
    reader: { messageShown: (message) => void told.shown.push(message) },
    delegate: {
      messagesMissed: (gap) => void told.gaps.push(gap),
      messagesForked: () => { told.forks += 1 },
    },
  })
  const receive = (senderId, inc, id, data = `${senderId} ${id}`) => {
    const frame = { type: /** @type {const} */ ("Data"), senderId, inc, id, n: id, data }
    broadcast.receive(frame, JSON.stringify(frame))
  }
  return { broadcast, clock, told, receive }
}

const parse = (texts) => texts.map((text) => JSON.parse(text))
const shown = ({ shown: messages }) => messages.map(({ data }) => data)
/** What a client is sent who has these marks. */
const welcome = (broadcast, hello) => parse(broadcast.welcome({ inc: "x", fresh: false, history: 0, seen: [], ...hello }))

// As a client

test("shows each message once, in its sender's order, however often and in whatever order it comes", () => {
  const { told, receive } = open()
  for (const id of [1, 1, 2, 5, 3, 2, 6]) receive("bob", "x", id)
  assert.deepEqual(shown(told), ["bob 1", "bob 2", "bob 5", "bob 6"])
  receive("bob", "other page", 1, "anew")
  assert.equal(shown(told).at(-1), "anew")
})

test("a number at the end of all numbers ends that page of that sender, and nobody else's", () => {
  const { told, receive } = open()
  receive("bob", "x", Number.MAX_SAFE_INTEGER)
  receive("bob", "x", 1)
  receive("cleo", "x", 1)
  assert.deepEqual(shown(told), [`bob ${Number.MAX_SAFE_INTEGER}`, "cleo 1"])
})

test("what can't be had is told once, and isn't shown if it comes after all", () => {
  const { broadcast, told, receive } = open()
  const gap = { type: /** @type {const} */ ("Gap"), senderId: "bob", inc: "x", from: 1, to: 3 }
  broadcast.miss(gap)
  broadcast.miss(gap)
  receive("bob", "x", 3)
  receive("bob", "x", 4)
  broadcast.miss({ ...gap, from: 2, to: 4 })
  assert.deepEqual([told.gaps, shown(told)], [[{ senderId: "bob", from: 1, to: 3 }], ["bob 4"]])
})

test("what a reader said all the same is passed over", () => {
  const { broadcast, told, receive } = open()
  broadcast.ignore({ type: "Data", senderId: "bob", inc: "x", id: 2, data: 0 })
  receive("bob", "x", 2)
  receive("bob", "x", 3)
  assert.deepEqual(shown(told), ["bob 3"])
})

test("says hello as a newcomer until it has met a host, and says then how far it has come", () => {
  const { broadcast, receive } = open("ann", { history: 5 })
  const [first] = parse(broadcast.hello(1))
  assert.deepEqual([first.fresh, first.history, first.seen, first.inc], [true, 5, [], broadcast.inc])
  assert.equal(parse(broadcast.hello(1))[0].fresh, true)
  broadcast.meet([["bob", "x", 7]])
  receive("bob", "x", 8)
  const [again] = parse(broadcast.hello(2))
  assert.deepEqual([again.fresh, again.seen], [false, [["bob", "x", 8]]])
})

test("says how far it has come in as many parts as it takes", () => {
  const { broadcast } = open()
  const marks = Array.from({ length: 2 * MARKS_PER_FRAME + 1 }, (_, index) => /** @type {any} */ ([`p${index}`, "x", 1]))
  broadcast.meet(marks)
  const parts = parse(broadcast.hello(2))
  assert.deepEqual(parts.map(({ seen, more = false }) => [seen.length, more]), [[MARKS_PER_FRAME, true], [MARKS_PER_FRAME, true], [1, false]])
  assert.deepEqual(parts.flatMap(({ seen }) => seen), marks)
  assert.equal(parse(broadcast.welcome({ inc: "x", fresh: true, history: 0, seen: [] })).length, 3)
})

test("a newcomer owes nothing and is owed nothing: what was before it counts as seen", () => {
  const { broadcast, told, receive } = open()
  broadcast.hello(1)
  assert.deepEqual(broadcast.meet([["bob", "x", 7]]), [])
  receive("bob", "x", 7)
  receive("bob", "x", 8)
  assert.deepEqual([shown(told), told.gaps], [["bob 8"], []])
})

test("gives a host what it lacks: others' words and its own, except what it sends anyway", async () => {
  const { broadcast, receive } = open()
  broadcast.meet([])
  const results = ["a", "b", "c"].map((data) => fate(broadcast.outbox.add(Content.of(data))))
  broadcast.outbox.flush(() => undefined)
  receive("bob", "x", 1)
  receive("ann", broadcast.inc, 1, "a")
  receive("ann", broadcast.inc, 2, "b")
  broadcast.outbox.stable(1)
  await settle()
  assert.deepEqual(results.map(({ is }) => is), ["resolved", "pending", "pending"])

  const { inc } = broadcast
  broadcast.hello(2)
  const frames = parse(broadcast.meet([]))
  assert.deepEqual(frames.map(({ senderId, inc: page, id, data }) => [senderId, page, id, data]), [["bob", "x", 1, "bob 1"], ["ann", inc, 1, "a"]])
  const sent = []
  broadcast.outbox.flush((id, content) => void sent.push([id, content.read().data]))
  assert.deepEqual(sent, [[2, "b"], [3, "c"]])
})

test("what the next host has of its own is stable", async () => {
  const { broadcast } = open()
  broadcast.meet([])
  const results = ["a", "b"].map((data) => fate(broadcast.outbox.add(Content.of(data))))
  broadcast.outbox.flush(() => undefined)
  broadcast.hello(2)
  broadcast.meet([["ann", broadcast.inc, 1], ["ann", "other page", 9]])
  await settle()
  assert.deepEqual(results.map(({ is }) => is), ["resolved", "pending"])
})

test("shows its own messages that the next host has only heard of, in order and once", async () => {
  const { broadcast, told, receive } = open()
  broadcast.meet([])
  const { inc } = broadcast
  const results = ["a", { b: 2 }, new Uint8Array([3]), "d", "e"].map((data) => fate(broadcast.outbox.add(Content.of(data))))
  let room = 4
  broadcast.outbox.flush(() => { if (room-- === 0) throw new P2pError("rate_limited") })
  receive("ann", inc, 1, "a")
  broadcast.hello(2)
  const gap = { type: /** @type {const} */ ("Gap"), senderId: "ann", inc, from: 2, to: 3 }
  for (const to of [3, 3, 99]) broadcast.miss({ ...gap, to })
  receive("ann", inc, 3, "never")
  receive("ann", inc, 4, "d")
  broadcast.meet([["ann", inc, 4]])
  await settle()
  assert.deepEqual([shown(told), told.gaps], [["a", { b: 2 }, new Uint8Array([3]), "d"], []])
  assert.deepEqual(results.map(({ is }) => is), ["resolved", "resolved", "resolved", "resolved", "pending"])
  // It can give them to the host after that one.
  broadcast.hello(3)
  const frames = parse(broadcast.meet([["ann", inc, 1]]).filter((packet) => typeof packet === "string"))
  assert.deepEqual(frames.map(({ id, epoch }) => [id, epoch]), [[2, 2], [4, 2]])
})

test("what was rejected is not shown, and nothing is after the app has left", async () => {
  const { broadcast, told } = open()
  broadcast.meet([])
  const { inc } = broadcast
  const results = ["a", "b", "c"].map((data) => fate(broadcast.outbox.add(Content.of(data))))
  broadcast.outbox.flush(() => undefined)
  broadcast.outbox.refuse(1, new P2pError("forbidden"))
  broadcast.hello(2)
  told.shown.push = (message) => {
    broadcast.leave(new P2pError("not_joined"))
    return Array.prototype.push.call(told.shown, message)
  }
  broadcast.miss({ type: "Gap", senderId: "ann", inc, from: 1, to: 3 })
  await settle()
  assert.deepEqual([shown(told), results.map(({ is }) => is)], [["b"], ["forbidden", "not_joined", "not_joined"]])
})

test("tells of a fork if either half had something that the other lacked, and only then", () => {
  for (const [theirs, mine, forks] of [[0, 0, 0], [1, 0, 1], [0, 1, 1]]) {
    const { broadcast, told, receive } = open()
    broadcast.meet([["bob", "x", 1]])
    if (mine) receive("cleo", "x", 1)
    broadcast.fork()
    broadcast.hello(3)
    if (theirs) receive("bob", "x", 2)
    broadcast.meet([["bob", "x", 1 + theirs]])
    assert.equal(told.forks, forks)
    broadcast.hello(4)
    broadcast.meet([])
    assert.equal(told.forks, forks)
  }
})

test("who leaves takes nothing along: what wasn't stable is rejected, and who comes back is a newcomer", async () => {
  const { broadcast, told, receive } = open()
  broadcast.meet([])
  receive("bob", "x", 1)
  const { inc } = broadcast
  const result = fate(broadcast.outbox.add(Content.of("late")))
  broadcast.leave(new P2pError("not_joined"))
  await settle()
  assert.equal(result.is, "not_joined")
  assert.notEqual(broadcast.inc, inc)
  const [hello] = parse(broadcast.hello(5))
  assert.deepEqual([hello.fresh, hello.seen], [true, []])
  receive("bob", "x", 1)
  assert.deepEqual(shown(told), ["bob 1", "bob 1"])
  fate(broadcast.outbox.add(Content.of("anew")))
  broadcast.outbox.flush((id) => assert.equal(id, 1))
})

// As a host

const message = (senderId, id, data = `${senderId} ${id}`) => ({ senderId, inc: "x", id, content: Content.of(data) })

test("gives each message its place, once", () => {
  const { broadcast } = open("host")
  broadcast.host(1)
  const places = [["ann", 1], ["bob", 1], ["ann", 1], ["ann", 2]].map(([senderId, id]) => broadcast.admit(message(senderId, id))?.place ?? null)
  assert.deepEqual(places, [1, 2, null, 3])
  assert.equal(broadcast.lastPlace, 3)
})

test("says which numbers a sender left out, but not of one it hears for the first time", () => {
  const { broadcast } = open("host")
  broadcast.host(1)
  assert.equal(broadcast.admit(message("ann", 5))?.gap, null)
  assert.deepEqual(broadcast.admit(message("ann", 9))?.gap, { type: "Gap", senderId: "ann", inc: "x", from: 6, to: 8 })
  assert.equal(broadcast.admit(message("ann", 10))?.gap, null)
})

test("a number that isn't passed on leaves no hole", () => {
  const { broadcast } = open("host")
  broadcast.host(1)
  broadcast.admit(message("ann", 1))
  broadcast.skip("ann", "x", 2)
  assert.equal(broadcast.admit(message("ann", 2)), null)
  assert.equal(broadcast.admit(message("ann", 3))?.gap, null)
})

test("who comes back is sent what it lacks, and then how far the host has come", () => {
  const { broadcast } = open("host")
  broadcast.host(1)
  for (const id of [1, 2, 3]) broadcast.admit(message("ann", id))
  const frames = welcome(broadcast, { seen: [["ann", "x", 1]] })
  assert.deepEqual(frames.map(({ type, id, n }) => [type, id, n]), [["Data", 2, 2], ["Data", 3, 3], ["Sync", undefined, 3]])
  assert.deepEqual(frames.at(-1).seen, [["ann", "x", 3]])
})

test("who was away for too long is told what it has missed, before what is left", () => {
  const { broadcast, clock } = open("host")
  broadcast.host(1)
  for (const id of [1, 2]) broadcast.admit(message("ann", id))
  clock.advance(LOG_TERM_MS + 1)
  broadcast.admit(message("ann", 3))
  assert.deepEqual(welcome(broadcast, { seen: [["ann", "x", 1]] }).map(({ type, from, to, id }) => [type, from ?? id, to]), [["Gap", 2, 2], ["Data", 3, undefined], ["Sync", undefined, undefined]])
})

test("a newcomer is shown as many of the latest as it wants, and no gap, however long ago that was", () => {
  const { broadcast, clock } = open("host", { history: 2 })
  broadcast.host(1)
  for (const id of [1, 2, 3, 4]) broadcast.admit(message("ann", id))
  clock.advance(100 * LOG_TERM_MS)
  for (const [history, ids] of /** @type {[number, number[]][]} */ ([[0, []], [1, [4]], [Number.MAX_SAFE_INTEGER, [3, 4]]])) {
    const frames = welcome(broadcast, { fresh: true, history, seen: [["ann", "x", Number.MAX_SAFE_INTEGER]] })
    assert.deepEqual(frames.map(({ type, id }) => (type === "Data" ? id : type)), [...ids, "Sync"])
  }
})

test("what the app does with a message changes nothing for those who come later", () => {
  const { broadcast, told } = open("host")
  broadcast.host(1)
  const said = message("ann", 1, /** @type {any} */ ({ list: [1] }))
  broadcast.admit(said)
  broadcast.present(said, Infinity)
  told.shown[0].data.list.push("mine")
  told.shown[0].senderId = "eve"
  const [{ senderId, data }] = welcome(broadcast, {})
  assert.deepEqual([senderId, data], ["ann", { list: [1] }])
})

test("a host that came as a newcomer passes on what was said before it, and isn't shown it", () => {
  const { broadcast, told } = open("host")
  broadcast.host(5)
  for (const [id, epoch] of [[1, 0], [2, 4], [3, 5], [4, Infinity]]) {
    const said = message("ann", id)
    assert.ok(broadcast.admit(said))
    broadcast.present(said, epoch)
  }
  broadcast.presentGap({ type: "Gap", senderId: "ann", inc: "x", from: 1, to: 2 }, 4)
  broadcast.presentGap({ type: "Gap", senderId: "ann", inc: "x", from: 5, to: 6 }, 5)
  assert.deepEqual([shown(told), told.gaps], [["ann 3", "ann 4"], [{ senderId: "ann", from: 5, to: 6 }]])
  assert.equal(welcome(broadcast, {}).length, 5)
})

test("a host that was here before is shown all that it hasn't seen", () => {
  const { broadcast, told } = open("host")
  broadcast.hello(3)
  broadcast.meet([["ann", "x", 1]])
  broadcast.host(5)
  const said = message("ann", 2)
  broadcast.admit(said)
  broadcast.present(said, 3)
  assert.deepEqual(shown(told), ["ann 2"])
})

test("takes others' word for those it knows and for those who were here, not for strangers, and never for itself", () => {
  const { broadcast } = open("host")
  broadcast.meet([["ann", "x", 3]])
  broadcast.host(5)
  const accepts = (senderId, inc, id, wasHere = false) => broadcast.accepts({ senderId, inc, id, content: Content.of(0) }, wasHere)
  assert.deepEqual([accepts("ann", "x", 3), accepts("ann", "x", 4), accepts("ann", "x", 3 + MAX_LOG_MESSAGES), accepts("ann", "x", 4 + MAX_LOG_MESSAGES)], [false, true, true, false])
  assert.equal(accepts("ann", "x", Number.MAX_SAFE_INTEGER), false)
  assert.deepEqual([accepts("bob", "x", 1), accepts("bob", "x", 1, true)], [false, true])
  for (const id of [1, Number.MAX_SAFE_INTEGER]) assert.equal(accepts("host", broadcast.inc, id, true), false)
})
