import assert from "node:assert/strict"
import { test } from "node:test"

import { MAX_UNSTABLE_MESSAGES } from "../../../static/js/base/limits.js"
import { Acknowledgements, ACK_MESSAGES, ACK_PAUSE_MS, QUICK_ACK_PAUSE_MS, Stability } from "../../../static/js/messaging/stability.js"
import { FakeClock } from "../support/fake_clock.js"

/** A host's account, and how often it has looked at a client for it. */
function open() {
  const clock = new FakeClock()
  const state = { place: 0, own: 0, looks: 0 }
  const subscribers = new Map()
  const stability = new Stability({ clock, subscribers, lastPlace: () => state.place, settled: (place) => { state.own = place } })
  const join = (peerId) => {
    let shown = 0
    const looked = (value) => {
      state.looks += 1
      return value
    }
    const subscriber = {
      stable: 0, metAt: 0, client: { link: { isHeard: true } }, makeWitness: () => looked(undefined), tellStable: (place) => { subscriber.stable = looked(place) },
      get shown() { return looked(shown) },
      set shown(place) { shown = looked(place) },
    }
    subscribers.set(peerId, subscriber)
    stability.add(/** @type {any} */ (subscriber))
    return subscriber
  }
  const leave = (peerId) => {
    const subscriber = subscribers.get(peerId)
    subscribers.delete(peerId)
    stability.remove(subscriber)
  }
  const say = (sender) => stability.placed(++state.place, sender)
  return { clock, state, stability, join, leave, say }
}

/** How often a client is looked at for the acknowledgements of one message, with so many there. @param {number} count */
function looksOf(count) {
  const { state, stability, join, say } = open()
  const [sender, ...others] = Array.from({ length: count }, (_, index) => /** @type {any} */ (join(`peer-${index}`)))
  say(sender)
  return [others[0], sender].map((subscriber) => {
    state.looks = 0
    stability.acknowledged(subscriber, 1)
    return state.looks
  })
}

test("an acknowledgement costs the same with 2 and with 200 clients", () => {
  const [few, many] = [looksOf(2), looksOf(200)]
  assert.deepEqual(many, few)
  assert.ok(Math.max(...few) <= 10, few.join())
})

test("so it does where all say something all the time", () => {
  const cost = (count) => {
    const { state, stability, join, say } = open()
    const all = Array.from({ length: count }, (_, index) => /** @type {any} */ (join(`peer-${index}`)))
    for (let round = 0; round < 10; round++) for (const subscriber of all) say(subscriber)
    state.looks = 0
    for (let place = 1; place <= state.place; place++) for (const witness of all.slice(0, 2)) stability.acknowledged(witness, place)
    assert.ok(all.every(({ stable }) => stable > 9 * count))
    return state.looks / (2 * state.place)
  }
  assert.ok(cost(200) <= cost(2), `${cost(2)} and ${cost(200)}`)
})

test("each message is stable once another client has been shown it, however many wait before it", () => {
  const { stability, join, say } = open()
  const [ann, bob] = /** @type {any[]} */ ([join("ann"), join("bob")])
  for (let count = 0; count < 3; count++) say(ann)
  say(bob)
  stability.acknowledged(ann, 4)
  assert.deepEqual([ann.stable, bob.stable], [0, 4])
  stability.acknowledged(bob, 2)
  assert.equal(ann.stable, 2)
  stability.acknowledged(bob, 4)
  assert.equal(ann.stable, 3)
})

test("what the host has said is stable once anybody has been shown it, or when nobody is there", () => {
  const { state, stability, join, leave, say } = open()
  const ann = join("ann")
  say()
  assert.equal(state.own, 0)
  stability.acknowledged(/** @type {any} */ (ann), 1)
  assert.equal(state.own, 1)
  say()
  assert.equal(state.own, 1)
  leave("ann")
  assert.equal(state.own, 2)
  stability.stop()
})

test("when only its sender is left, a message is stable", () => {
  const { join, leave, say } = open()
  const [ann] = [join("ann"), join("bob")]
  say(/** @type {any} */ (ann))
  assert.equal(ann.stable, 0)
  leave("bob")
  assert.equal(ann.stable, 1)
})

test("so many messages wait for another's word; the sender of what was before them hears of that by its next one", () => {
  const { stability, join, say } = open()
  const [ann, bob] = /** @type {any[]} */ ([join("ann"), join("bob")])
  for (let count = 0; count < MAX_UNSTABLE_MESSAGES + 10; count++) say(ann)
  stability.acknowledged(bob, 5)
  assert.equal(ann.stable, 0)
  stability.acknowledged(bob, 20)
  assert.equal(ann.stable, 20)
})

// The client's side

test("says how far it has come a while after a message, sooner after many, and at once where the host wants it", () => {
  const clock = new FakeClock()
  const sent = /** @type {number[]} */ ([])
  const acknowledgements = new Acknowledgements({ clock, send: (place) => sent.push(place) })
  acknowledgements.add(1)
  clock.advance(ACK_PAUSE_MS - 1)
  assert.deepEqual(sent, [])
  clock.advance(1)
  for (let place = 2; place <= 1 + ACK_MESSAGES; place++) acknowledgements.add(place)
  assert.deepEqual(sent, [1, 1 + ACK_MESSAGES])
  acknowledgements.pace(0)
  clock.advance(QUICK_ACK_PAUSE_MS)
  acknowledgements.add(100)
  acknowledgements.add(101)
  assert.deepEqual(sent.slice(2), [100])
  clock.advance(QUICK_ACK_PAUSE_MS)
  assert.deepEqual([sent.slice(2), clock.pending], [[100, 101], 0])
})
