import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { PathSwitch } from "../../../static/js/transport/path_switch.js"

/** A path that keeps what is sent over it, or refuses it. */
class Track {
  /** @type {[string, any][]} */
  sent = []
  /** How many packets it takes before it refuses the next one. */
  room = Infinity

  /** @param {any} packet @param {string} [lane] */
  send(packet, lane = "messages") {
    if (this.room-- <= 0) throw new P2pError("rate_limited")
    this.sent.push([lane, packet])
  }

  sendFreshest(kind, packet) {
    this.sent.push([kind, packet])
  }

  get packets() {
    return this.sent.map(([, packet]) => packet)
  }

  /** The words about paths that were sent. */
  get resumes() {
    return this.packets.filter((packet) => packet.startsWith("{")).map((packet) => JSON.parse(packet))
  }
}

/** @param {boolean} isHost */
function side(isHost) {
  const log = []
  const made = new PathSwitch({ isHost, moved: () => log.push("moved"), failed: ({ code }) => log.push(code) })
  return { made, log, one: /** @type {any} */ (new Track()), two: /** @type {any} */ (new Track()) }
}

test("without a path, messages wait, and the other lanes are refused", () => {
  const { made, one } = side(false)
  made.send("a", "messages")
  for (const lane of /** @type {const} */ (["bulk", "fast"])) assert.throws(() => made.send("x", lane), { code: "not_joined" })
  made.sendFreshest("k", "x")
  made.choose(one)
  made.resume(one, { type: "Resume", n: 0, id: 1 })
  assert.deepEqual(one.packets.slice(1), ["a"])
})

test("a client names what has arrived, and from then on takes nothing and sends nothing until its host has answered", () => {
  const { made, log, one, two } = side(false)
  made.primary = one
  made.send("a", "messages")
  assert.equal(made.takes(one, "x", "messages"), true)
  made.choose(two)
  assert.deepEqual([two.resumes, made.isFlowing], [[{ type: "Resume", n: 1, id: 1 }], false])
  made.send("b", "messages")
  assert.deepEqual([made.takes(one, "y", "messages"), made.takes(two, "y", "messages"), two.packets.length], [false, false, 1])
  made.resume(two, { type: "Resume", n: 0, id: 1 })
  assert.deepEqual([two.packets.slice(1), log, made.isFlowing], [["a", "b"], ["moved"], true])
  assert.deepEqual([made.takes(one, "y", "messages"), made.takes(two, "y", "messages"), made.confirm()], [false, true, 2])
})

test("a host answers over the path that its client has chosen, and sends again what that lacks", () => {
  const { made, log, one, two } = side(true)
  made.primary = one
  for (const packet of ["a", "b", "c"]) made.send(packet, "messages")
  made.takes(one, "x", "messages")
  made.resume(two, { type: "Resume", n: 1, id: 1 })
  assert.deepEqual(two.resumes, [{ type: "Resume", n: 1, id: 1 }])
  assert.deepEqual([two.packets.slice(1), made.primary, log], [["b", "c"], two, ["moved"]])
})

test("only messages are counted and sent again", () => {
  const { made, one, two } = side(true)
  made.primary = one
  made.send("file", "bulk")
  made.send("a", "messages")
  made.takes(one, "x", "bulk")
  made.takes(one, "x", "fast")
  assert.equal(made.confirm(), 0)
  made.resume(two, { type: "Resume", n: 0, id: 1 })
  assert.deepEqual(two.packets.slice(1), ["a"])
})

test("a client doesn't heed the answer to a choice that a later one has overtaken, nor one over another path", () => {
  const { made, log, one, two } = side(false)
  made.choose(one)
  made.choose(two)
  made.resume(one, { type: "Resume", n: 0, id: 1 })
  made.resume(two, { type: "Resume", n: 0, id: 1 })
  made.resume(one, { type: "Resume", n: 0, id: 2 })
  assert.deepEqual([log, made.primary, made.isFlowing], [[], two, false])
  made.resume(two, { type: "Resume", n: 0, id: 2 })
  assert.deepEqual([log, made.isFlowing], [["moved"], true])
  made.resume(two, { type: "Resume", n: 0, id: 2 })
  assert.deepEqual(log, ["moved"])
})

test("a host doesn't heed a choice that a later one has overtaken, whatever it names", () => {
  const { made, log, one, two } = side(true)
  made.primary = one
  for (const packet of ["a", "b"]) made.send(packet, "messages")
  made.resume(two, { type: "Resume", n: 2, id: 2 })
  for (const n of [0, 1, 2, 7]) made.resume(one, { type: "Resume", n, id: 1 })
  made.resume(one, { type: "Resume", n: 0, id: 2 })
  assert.deepEqual([log, made.primary, one.packets.length], [["moved"], two, 2])
  made.resume(one, { type: "Resume", n: 2, id: 3 })
  assert.equal(made.primary, one)
})

test("who says that more has arrived than was sent, or lacks what isn't kept, is lost, and nothing is sent to it", () => {
  for (const isHost of [true, false]) for (const n of [3, 2 ** 53 - 1, 0]) {
    const { made, log, one, two } = side(isHost)
    made.primary = one
    for (const packet of ["a", "b"]) made.send(packet, "messages")
    made.confirmed(1)
    if (!isHost) made.choose(two)
    const { length } = two.sent
    made.resume(two, { type: "Resume", n, id: 1 })
    assert.deepEqual([log, two.sent.length], [["host_lost"], length])
  }
})

test("if what is sent again doesn't fit, the link is told why, and isn't said to go on", () => {
  for (const isHost of [true, false]) {
    const { made, log, one, two } = side(isHost)
    made.primary = one
    for (const packet of ["a", "b", "c"]) made.send(packet, "messages")
    if (!isHost) made.choose(two)
    two.room = 2
    made.resume(two, { type: "Resume", n: 0, id: 1 })
    assert.deepEqual(log, ["rate_limited"])
  }
})

test("a choice that can't be said is no error: its path is over, and the link is told so", () => {
  const { made, one } = side(false)
  one.room = 0
  made.choose(one)
  assert.equal(made.isFlowing, false)
  made.drop(one)
  assert.equal(made.primary, null)
})

test("a path that is over takes its unanswered choice with it; another path's end changes nothing", () => {
  const { made, log, one, two } = side(false)
  made.choose(one)
  made.drop(two)
  assert.equal(made.primary, one)
  made.drop(one)
  made.resume(one, { type: "Resume", n: 0, id: 1 })
  assert.deepEqual([log, made.primary], [[], null])
  made.choose(two)
  made.resume(two, { type: "Resume", n: 0, id: 2 })
  assert.deepEqual(log, ["moved"])
})

test("what a path refuses isn't counted as sent", () => {
  const { made, one, two } = side(true)
  made.primary = one
  one.room = 1
  made.send("a", "messages")
  assert.throws(() => made.send("b", "messages"), { code: "rate_limited" })
  made.resume(two, { type: "Resume", n: 0, id: 1 })
  assert.deepEqual(two.packets.slice(1), ["a"])
})
