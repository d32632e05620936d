import assert from "node:assert/strict"
import { test } from "node:test"

import fc from "fast-check"

import { ACK_PAUSE_MS, Receipts } from "../../../static/js/messaging/receipts.js"
import { RETURN_MS, Unicast } from "../../../static/js/messaging/unicast.js"
import { P2pError } from "../../../static/js/base/errors.js"
import { ANSWERS_PART, DIRECT_MESSAGES, MAX_DIRECT_CHARACTERS, MAX_DIRECT_MESSAGES, MAX_LANE_CHARACTERS, MAX_LANE_MESSAGES, SEND_TERM_MS } from "../../../static/js/base/limits.js"
import { FakeClock, settle } from "../support/fake_clock.js"
import { fate } from "../support/world.js"

const GONE = new P2pError("not_joined")

/** A host that hands frames on and forgets them, and the ends that it does so for. */
class Post {
  clock = new FakeClock()
  /** What is on its way, in order. @type {{ senderId: string, to: string, frame: any }[]} */
  flying = []
  /** @type {Map<string, End>} */
  ends = new Map()

  /** @param {...string} peerIds */
  constructor(...peerIds) {
    for (const peerId of peerIds) this.ends.set(peerId, new End(this, peerId))
  }

  get all() {
    return [...this.ends.values()]
  }

  /** @param {string} peerId @returns {End} */
  end(peerId) {
    return /** @type {End} */ (this.ends.get(peerId))
  }

  /** Brings what is on its way, and what that brings about. @param {number} [count] */
  fly(count = Infinity) {
    for (; count > 0 && this.flying.length > 0; count--) {
      const { senderId, to, frame } = this.flying.splice(0, 1)[0]
      this.end(to)?.take({ ...structuredClone(frame), senderId })
    }
  }

  /** @param {string} peerId */
  leave(peerId) {
    const end = this.end(peerId)
    end.isConnected = false
    this.flying = this.flying.filter(({ senderId, to }) => senderId !== peerId && to !== peerId)
    for (const other of this.all) other.unicast.update()
  }

  /** @param {string} peerId */
  come(peerId) {
    const end = this.end(peerId)
    end.isConnected = true
    end.unicast.resume()
    for (const other of this.all) {
      other.unicast.update()
      other.unicast.flush()
    }
  }

  /** Another host takes over, which knows of nothing. */
  migrate() {
    this.flying = []
    for (const { peerId } of this.all) this.leave(peerId)
    for (const { peerId } of this.all) this.come(peerId)
  }

  /** @param {string} peerId */
  reload(peerId) {
    this.leave(peerId)
    this.ends.set(peerId, new End(this, peerId, `${this.end(peerId).inc}+`))
    this.come(peerId)
  }
}

/** One page. */
class End {
  isConnected = true
  isPaced = false
  now = 0
  /** What it was shown, in order. @type {string[]} */
  shown = []
  /** What has been posted, in order. @type {any[]} */
  posted = []
  /** Why a frame can't be posted. @type {(frame: any) => string | null} */
  refuses = () => null

  /**
   * @param {Post} post
   * @param {string} peerId
   * @param {string} [inc]
   */
  constructor(post, peerId, inc = peerId.slice(0, 1)) {
    this.peerId = peerId
    this.inc = inc
    const end = this
    const uplink = {
      get role() {
        return end.isConnected ? { isPaced: end.isPaced } : null
      },
      reaches: (other) => this.isConnected && post.end(other)?.isConnected === true,
      route: ({ to, ...frame }) => {
        const code = this.isConnected ? this.refuses(frame) : "not_joined"
        if (code) throw new P2pError(/** @type {any} */ (code))
        this.posted.push(frame)
        post.flying.push({ senderId: peerId, to, frame })
      },
    }
    this.unicast = new Unicast({ clock: post.clock, uplink, stay: this })
    this.receipts = new Receipts({ clock: post.clock, uplink, reader: this })
  }

  letterReceived({ senderId, data }) {
    this.shown.push(`${senderId}: ${data}`)
  }

  /** @param {P2pError} error */
  leave(error) {
    this.unicast.leave(error)
    this.receipts.leave()
  }

  take(frame) {
    if (!this.isConnected) return
    if (frame.type === "Direct") this.receipts.receive(frame)
    else this.unicast.acknowledged(frame)
  }

  /** @param {string} to @param {any} data @param {number} [size] */
  say(to, data, size) {
    const result = fate(this.unicast.send(to, { data }, size, this.now))
    this.unicast.flush()
    return result
  }
}

const is = (results) => results.map((result) => result.is)

/** Lets time pass, and promises settle. @param {Post} post @param {number} [ms] */
async function pass(post, ms = ACK_PAUSE_MS) {
  post.fly()
  await settle()
  post.clock.advance(ms)
  post.fly()
  await settle()
}

test("goes to the one that it is for, once and in order, and is done when that one says so", async () => {
  const post = new Post("ann", "bob", "cleo")
  const [ann, bob, cleo] = post.all
  const results = [1, 2, 3].map((data) => ann.say("bob", data))
  results.push(ann.say("cleo", "x"))
  await settle()
  assert.deepEqual([is(results), bob.shown], [["pending", "pending", "pending", "pending"], []])
  await pass(post)
  assert.deepEqual([bob.shown, cleo.shown], [["ann: 1", "ann: 2", "ann: 3"], ["ann: x"]])
  assert.deepEqual(is(results), ["resolved", "resolved", "resolved", "resolved"])
  post.clock.advance(ACK_PAUSE_MS)
  assert.equal(post.clock.pending, 0)
})

test("what was told twice is shown once, and acknowledged", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  const results = [1, 2].map((data) => ann.say("bob", data))
  post.flying.push(...post.flying, ...post.flying)
  await pass(post)
  assert.deepEqual([bob.shown, is(results)], [["ann: 1", "ann: 2"], ["resolved", "resolved"]])
})

test("what was on its way when the host went goes again over the next one, in order and once", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  const results = [1, 2, 3].map((data) => ann.say("bob", data))
  post.fly(1)
  post.migrate()
  results.push(ann.say("bob", 4))
  await pass(post)
  assert.deepEqual([bob.shown, is(results)], [["ann: 1", "ann: 2", "ann: 3", "ann: 4"], ["resolved", "resolved", "resolved", "resolved"]])
})

test("what comes after a hole isn't shown before the hole is filled", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  const results = [1, 2, 3].map((data) => ann.say("bob", data))
  post.flying.shift()
  await pass(post)
  assert.deepEqual([bob.shown, is(results)], [[], ["pending", "pending", "pending"]])
  post.leave("bob")
  post.come("bob")
  await pass(post)
  assert.deepEqual([bob.shown, is(results)], [["ann: 1", "ann: 2", "ann: 3"], ["resolved", "resolved", "resolved"]])
})

test("numbers that went to others, or are done with, make no hole", async () => {
  const post = new Post("ann", "bob", "cleo")
  const [ann, bob] = post.all
  ann.say("bob", 1)
  ann.say("cleo", "x")
  ann.say("bob", 2)
  await pass(post)
  ann.say("cleo", "y")
  ann.say("bob", 3)
  ann.say("bob", 4)
  assert.deepEqual(ann.posted.filter(({ type }) => type === "Direct").map(({ id, after }) => [id, after]), [[1, 0], [2, 0], [3, 1], [4, 0], [5, 0], [6, 5]])
  await pass(post)
  assert.deepEqual(bob.shown, ["ann: 1", "ann: 2", "ann: 3", "ann: 4"])
})

test("a lost acknowledgement is given again, and nothing is shown again", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  const result = ann.say("bob", 1)
  post.fly(1)
  post.flying = [] // the acknowledgement
  await pass(post, 10_000)
  assert.equal(result.is, "pending")
  post.migrate()
  await pass(post)
  assert.deepEqual([bob.shown, result.is], [["ann: 1"], "resolved"])
})

test("who comes back is sent what it lacks; others are sent nothing again", async () => {
  const post = new Post("ann", "bob", "cleo")
  const [ann, bob, cleo] = post.all
  ann.say("bob", 1)
  ann.say("cleo", 1)
  post.leave("bob")
  ann.say("bob", 2)
  const { length } = ann.posted
  post.come("bob")
  assert.deepEqual(ann.posted.slice(length).map(({ data }) => data), [1, 2])
  await pass(post)
  assert.deepEqual([bob.shown, cleo.shown], [["ann: 1", "ann: 2"], ["ann: 1"]])
})

test("what is said while one is away waits for it, and while this peer is away, too", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  post.leave("ann")
  post.leave("bob")
  const results = [1, 2].map((data) => ann.say("bob", data))
  post.come("ann")
  results.push(ann.say("bob", 3))
  await pass(post, 1_000)
  assert.deepEqual(is(results), ["pending", "pending", "pending"])
  post.come("bob")
  await pass(post)
  assert.deepEqual([bob.shown, is(results)], [["ann: 1", "ann: 2", "ann: 3"], ["resolved", "resolved", "resolved"]])
})

test("a page that was reloaded counts anew, and is heard", async () => {
  const post = new Post("ann", "bob")
  const bob = post.end("bob")
  for (const data of [1, 2, 3]) post.end("ann").say("bob", data)
  await pass(post)
  post.reload("ann")
  const result = post.end("ann").say("bob", "anew")
  await pass(post)
  assert.deepEqual([bob.shown, result.is], [["ann: 1", "ann: 2", "ann: 3", "ann: anew"], "resolved"])
})

test("the next page of a recipient is shown what its page before had not acknowledged, and nothing else", async () => {
  const post = new Post("ann", "bob")
  const ann = post.end("ann")
  ann.say("bob", 1)
  await pass(post)
  const result = ann.say("bob", 2)
  post.reload("bob")
  await pass(post)
  assert.deepEqual([post.end("bob").shown, result.is], [["ann: 2"], "resolved"])
})

test("what an earlier stay of a page was told is none of the present one's", async () => {
  const post = new Post("ann", "bob")
  const [ann] = post.all
  const before = ann.say("bob", 1)
  ann.leave(GONE)
  ann.inc = "a2"
  const result = ann.say("bob", 2)
  ann.unicast.acknowledged({ type: "Received", senderId: "bob", inc: "a", id: 99 })
  await settle()
  assert.deepEqual([before.is, result.is], ["not_joined", "pending"])
})

test("an acknowledgement counts only of whom a message was for, and only so far", async () => {
  const post = new Post("ann", "bob", "cleo")
  const [ann] = post.all
  const results = [1, 2].map((data) => ann.say("bob", data))
  ann.unicast.acknowledged({ type: "Received", senderId: "cleo", inc: "a", id: 2 })
  ann.unicast.acknowledged({ type: "Received", senderId: "dave", inc: "a", id: 2 })
  ann.unicast.acknowledged({ type: "Received", senderId: "bob", inc: "b", id: 2 })
  await settle()
  assert.deepEqual(is(results), ["pending", "pending"])
  ann.unicast.acknowledged({ type: "Received", senderId: "bob", inc: "a", id: 1 })
  await settle()
  assert.deepEqual(is(results), ["resolved", "pending"])
})

test("acknowledgements are paced: the first at once, then one for all", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  for (let number = 1; number <= 100; number++) ann.say("bob", number)
  post.fly()
  assert.deepEqual(bob.posted.map(({ id }) => id), [1])
  post.clock.advance(ACK_PAUSE_MS)
  assert.deepEqual(bob.posted.map(({ id }) => id), [1, 100])
  post.clock.advance(ACK_PAUSE_MS)
  assert.equal(post.clock.pending, 0)
})

test("an acknowledgement that finds no room is given when there is some", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  bob.refuses = () => "rate_limited"
  const result = ann.say("bob", 1)
  await pass(post)
  bob.refuses = () => null
  await pass(post)
  await pass(post)
  assert.equal(result.is, "resolved")
})

// What doesn't go

test("what finds no room waits, and what comes after it too", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  ann.refuses = ({ data }) => (data === 2 ? "rate_limited" : null)
  const results = [1, 2, 3].map((data) => ann.say("bob", data))
  assert.equal(ann.unicast.flush(), false)
  await pass(post)
  assert.deepEqual(bob.shown, ["ann: 1"])
  ann.refuses = () => null
  assert.equal(ann.unicast.flush(), true)
  await pass(post)
  assert.deepEqual([bob.shown, is(results)], [["ann: 1", "ann: 2", "ann: 3"], ["resolved", "resolved", "resolved"]])
})

test("what no channel takes is refused, and leaves no hole", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  ann.refuses = ({ data }) => (data === 2 ? "too_large" : null)
  const results = [1, 2, 3].map((data) => ann.say("bob", data))
  post.migrate()
  await pass(post)
  assert.deepEqual([bob.shown, is(results)], [["ann: 1", "ann: 3"], ["resolved", "too_large", "resolved"]])
})

test("only so many messages wait for one peer, and what is acknowledged makes room", async () => {
  const post = new Post("ann", "bob")
  const [ann] = post.all
  for (let number = 0; number < MAX_LANE_MESSAGES; number++) ann.say("bob", number)
  assert.throws(() => ann.say("bob", "one more"), { code: "rate_limited", message: /1000 messages to bob/ })
  await pass(post)
  ann.say("bob", "one more")
})

test("one that acknowledges nothing fills its own room, and not that of the others", async () => {
  const post = new Post("ann", "mallory", "bob")
  const [ann, mallory, bob] = post.all
  mallory.take = () => undefined
  for (let number = 0; number < MAX_LANE_MESSAGES; number++) ann.say("mallory", number)
  ann.say("bob", "hello")
  await pass(post)
  assert.deepEqual(bob.shown, ["ann: hello"])
  assert.throws(() => ann.say("mallory", "one more"), { code: "rate_limited" })
  const large = Array.from({ length: 4 }, () => ann.say("bob", "large", MAX_LANE_CHARACTERS / 4))
  await pass(post)
  assert.deepEqual(is(large), ["resolved", "resolved", "resolved", "resolved"])
})

test("only so much waits for all together", () => {
  const [ann] = new Post("ann").all
  for (let number = 0; number < MAX_DIRECT_MESSAGES; number++) ann.say(`peer-${number % 10}`, number)
  assert.throws(() => ann.say("bob", "one more"), { code: "rate_limited", message: /5000 to all/ })
  const [cleo] = new Post("cleo").all
  for (let number = 0; number < MAX_DIRECT_CHARACTERS / MAX_LANE_CHARACTERS; number++) cleo.say(`peer-${number}`, "large", MAX_LANE_CHARACTERS)
  assert.throws(() => cleo.say("bob", "one more", 1), { code: "rate_limited" })
})

test("what many ask for leaves room for what this peer says by itself", () => {
  const [ann] = new Post("ann").all
  const answers = (MAX_DIRECT_CHARACTERS / MAX_LANE_CHARACTERS) * ANSWERS_PART
  const answer = (/** @type {number} */ number, /** @type {number} */ size) => void ann.unicast.send(`peer-${number}`, { data: 1, answer: 1 }, size).catch(() => undefined)
  for (let number = 0; number < answers; number++) answer(number, MAX_LANE_CHARACTERS)
  assert.throws(() => answer(answers, 1), { code: "rate_limited" })
  ann.say("bob", "by itself", MAX_LANE_CHARACTERS)
})

test("a client hands no more to its host than that passes on, and each recipient has its turn", async () => {
  const post = new Post("ann", "mallory", "bob")
  const [ann, mallory, bob] = post.all
  ann.isPaced = true
  mallory.take = () => undefined
  for (let number = 0; number < DIRECT_MESSAGES.burst; number++) ann.say("mallory", number)
  ann.say("bob", "early")
  assert.deepEqual([post.flying.length, ann.unicast.flush()], [DIRECT_MESSAGES.burst, false])
  post.clock.advance(1_000)
  assert.equal(ann.unicast.flush(), true)
  await pass(post)
  post.clock.advance(10_000)
  ann.unicast.resume()
  for (let number = 0; number < DIRECT_MESSAGES.burst; number++) ann.say("bob", number)
  assert.equal(ann.unicast.flush(), false)
  const sent = (to) => post.flying.filter((flying) => flying.to === to).length
  assert.equal(sent("mallory") + sent("bob"), DIRECT_MESSAGES.burst)
  ann.unicast.resume()
  post.flying = []
  post.clock.advance(1_000)
  ann.unicast.flush()
  assert.deepEqual([sent("mallory"), sent("bob")], [DIRECT_MESSAGES.rate / 2, DIRECT_MESSAGES.rate / 2])
  await pass(post)
  assert.deepEqual(bob.shown.slice(0, 2), ["ann: early", "ann: 0"])
})

test("what nobody acknowledges is given up in the end, and its room is free again", async () => {
  const post = new Post("ann", "mallory")
  const [ann, mallory] = post.all
  mallory.take = () => undefined
  const old = Array.from({ length: MAX_LANE_MESSAGES }, (_, number) => ann.say("mallory", number))
  ann.now = 1_000
  ann.unicast.expire(ann.now - SEND_TERM_MS, GONE)
  assert.equal(is(old)[0], "pending")
  ann.now = SEND_TERM_MS + 1
  ann.unicast.expire(ann.now - SEND_TERM_MS, GONE)
  const young = ann.say("mallory", "young")
  await pass(post)
  assert.deepEqual([new Set(is(old)), young.is, ann.unicast.size], [new Set(["not_joined"]), "pending", 1])
  assert.equal(ann.unicast.flush(), true)
})

test("only so many characters wait, and what is acknowledged, refused or given up makes room", async () => {
  const post = new Post("ann", "bob")
  const [ann] = post.all
  const fill = () => {
    ann.say("bob", "half", MAX_LANE_CHARACTERS / 2)
    ann.say("bob", "half", MAX_LANE_CHARACTERS / 2)
    assert.throws(() => ann.say("bob", "one more", 1), { code: "rate_limited" })
  }
  fill()
  await pass(post)
  post.leave("bob")
  fill()
  await pass(post, RETURN_MS)
  post.come("bob")
  ann.refuses = () => "too_large"
  ann.say("bob", "half", MAX_LANE_CHARACTERS)
  ann.refuses = () => null
  fill()
  ann.leave(GONE)
  fill()
  ann.leave(GONE)
})

test("who doesn't come in time is no peer any more; what comes after that begins anew", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  const early = ann.say("bob", 1)
  post.leave("bob")
  const results = [ann.say("bob", 2)]
  await pass(post, RETURN_MS - 1)
  results.push(ann.say("bob", 3))
  assert.deepEqual([early.is, ...is(results)], ["pending", "pending", "pending"])
  await pass(post, 1)
  assert.deepEqual([early.is, ...is(results)], ["no_such_peer", "no_such_peer", "no_such_peer"])
  const late = ann.say("bob", 4)
  await pass(post, RETURN_MS - 1)
  post.come("bob")
  await pass(post)
  assert.deepEqual([late.is, bob.shown], ["resolved", ["ann: 4"]])
  await pass(post, RETURN_MS)
  assert.equal(post.clock.pending, 0)
})

test("who comes back in time has all its time again when it goes another time", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  ann.refuses = () => "rate_limited"
  const result = ann.say("bob", 1)
  for (let time = 0; time < 3; time++) {
    post.leave("bob")
    await pass(post, RETURN_MS - 1)
    post.come("bob")
  }
  assert.equal(result.is, "pending")
  ann.refuses = () => null
  ann.unicast.flush()
  await pass(post)
  assert.deepEqual(bob.shown, ["ann: 1"])
})

test("a peer that isn't connected itself gives nobody up", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  post.leave("bob")
  const result = ann.say("bob", 1)
  await pass(post, RETURN_MS - 1)
  post.leave("ann")
  await pass(post, 10 * RETURN_MS)
  post.come("ann")
  await pass(post, RETURN_MS - 1)
  assert.equal(result.is, "pending")
  post.come("bob")
  await pass(post)
  assert.deepEqual([result.is, bob.shown], ["resolved", ["ann: 1"]])
})

test("leaving rejects what waits, forgets what was seen, and leaves nothing behind", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  const results = [ann.say("bob", 1), ann.say("cleo", 1)]
  ann.receipts.receive({ type: "Direct", senderId: "bob", inc: "b", id: 1, after: 0, data: "x" })
  ann.leave(GONE)
  await settle()
  assert.deepEqual([is(results), post.clock.pending], [["not_joined", "not_joined"], 0])
  post.flying = []
  ann.unicast.acknowledged({ type: "Received", senderId: "bob", inc: "a", id: 1 })
  ann.receipts.receive({ type: "Direct", senderId: "bob", inc: "b", id: 1, after: 0, data: "x" })
  assert.deepEqual(ann.shown, ["bob: x", "bob: x"])
  assert.deepEqual(bob.shown, [])
})

test("an app that leaves from within what it is shown leaves nothing behind", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  bob.shown.push = () => {
    bob.leave(GONE)
    return 0
  }
  ann.say("bob", 1)
  post.fly()
  assert.deepEqual([bob.posted, post.clock.pending], [[], 0])
})

test("an app that sends from within what it is shown keeps the order", async () => {
  const post = new Post("ann", "bob")
  const [ann, bob] = post.all
  const show = bob.shown.push.bind(bob.shown)
  bob.shown.push = (text) => {
    bob.say("ann", `re ${text}`)
    return show(text)
  }
  for (const data of [1, 2]) ann.say("bob", data)
  await pass(post)
  assert.deepEqual(ann.shown, ["bob: re ann: 1", "bob: re ann: 2"])
})

test("whatever is lost on the way, all is shown once and in order, and every promise is kept", async () => {
  const names = ["ann", "bob", "cleo"]
  const who = fc.constantFrom(...names)
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ act: fc.constant("say"), who, whom: who }) },
    { weight: 5, arbitrary: fc.record({ act: fc.constant("fly"), count: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant("leave"), who }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant("come"), who }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("migrate") }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("repeat") }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant("wait"), ms: fc.constantFrom(10, ACK_PAUSE_MS, 3_000) }) },
  )
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (/** @type {any[]} */ steps) => {
    const post = new Post(...names)
    const said = []
    for (const { act, who: one, whom: other, count, ms } of steps) {
      if (act === "say" && one !== other) said.push({ one, other, data: said.length, result: post.end(one).say(other, said.length) })
      else if (act === "fly") post.fly(count)
      else if (act === "leave") post.leave(one)
      else if (act === "come" && !post.end(one).isConnected) post.come(one)
      else if (act === "migrate") post.migrate()
      else if (act === "repeat") post.flying.push(...post.flying)
      else if (act === "wait") post.clock.advance(ms)
    }
    await settle()
    const given = said.filter(({ result }) => result.is === "pending" || result.is === "resolved")
    for (const { peerId, isConnected } of post.all) if (!isConnected) post.come(peerId)
    for (let time = 0; time < 3; time++) await pass(post)
    for (const { result } of given) assert.equal(result.is, "resolved")
    for (const other of names) for (const one of names) {
      const expected = given.filter((entry) => entry.one === one && entry.other === other).map(({ data }) => data)
      const shown = post.end(other).shown.filter((text) => text.startsWith(`${one}: `)).map((text) => Number(text.slice(one.length + 2)))
      assert.deepEqual(shown, [...new Set(shown)].toSorted((a, b) => a - b))
      assert.deepEqual(shown.filter((data) => expected.includes(data)), expected)
    }
  }), { numRuns: 300 })
})
