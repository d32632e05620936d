import assert from "node:assert/strict"
import { test } from "node:test"

import { ANNOUNCEMENTS, STATES_PER_FRAME } from "../../../static/js/base/limits.js"
import { Announcements } from "../../../static/js/topology/announcements.js"
import { decodeFrame } from "../../../static/js/wire/frames.js"
import { FakeClock, pass } from "../support/fake_clock.js"
import { World } from "../support/world.js"

/** @param {(peerId: string) => boolean} [isReader] */
function open(isReader = () => false) {
  const clock = new FakeClock()
  const state = { told: 0, epoch: 7 }
  /** @type {any[]} */
  const frames = []
  const announcements = new Announcements({
    peerId: "host", clock, epoch: () => state.epoch, isReader,
    announce: (packet) => frames.push(decodeFrame(packet)),
    changed: () => { state.told += 1 },
  })
  return { clock, state, frames, announcements }
}

const crowd = (count) => Array.from({ length: count }, (_, index) => `peer-${index}`)

test("what changes within a turn is told together, the last of each peer's states", async () => {
  const { clock, state, frames, announcements } = open()
  for (const peerId of crowd(50)) for (const is of ["negotiating", "connecting", "connected"]) announcements.set(peerId, /** @type {any} */ (is))
  assert.equal(frames.length, 0)
  await pass(clock, 0)
  assert.deepEqual(frames.map(({ data }) => data), [Object.fromEntries(crowd(50).map((peerId) => [peerId, "connected"]))])
  assert.equal(state.told, 1)
})

test("however long changes go on, so many frames tell of them in a second, and the last one of all", async () => {
  const { clock, frames, announcements } = open()
  for (let number = 0; number < 1_000; number++) {
    announcements.set(`peer-${number}`, "negotiating")
    await pass(clock, 2)
  }
  await pass(clock, 1_000 / ANNOUNCEMENTS.rate)
  assert.ok(frames.length <= ANNOUNCEMENTS.burst + 2 * ANNOUNCEMENTS.rate + 1, `${frames.length}`)
  assert.equal(new Set(frames.flatMap(({ data }) => Object.keys(data))).size, 1_000)
})

test("that a peer was away for a moment isn't hidden by its being back", async () => {
  const { clock, frames, announcements } = open()
  announcements.set("ann", "connected")
  await pass(clock, 0)
  announcements.set("ann", "negotiating")
  announcements.set("ann", "connected")
  await pass(clock, 0)
  assert.deepEqual(frames.map(({ data }) => data.ann), ["connected", "negotiating", "connected"])
})

test("who says something is told of before that, and nobody else's news is told for it", async () => {
  const { clock, frames, announcements } = open()
  announcements.set("ann", "connected")
  announcements.precede("bob")
  assert.deepEqual(frames, [])
  announcements.precede("ann")
  announcements.precede("ann")
  await pass(clock, 1_000)
  assert.deepEqual(frames.map(({ data }) => data), [{ ann: "connected" }])
})

test("what can't wait uses up nothing that it doesn't find", async () => {
  const { clock, frames, announcements } = open()
  for (const peerId of crowd(10 * ANNOUNCEMENTS.burst)) {
    announcements.set(peerId, "connected")
    announcements.precede(peerId)
  }
  announcements.set("last", "connected")
  await pass(clock, 1_000 / ANNOUNCEMENTS.rate)
  assert.deepEqual(frames.at(-1).data, { last: "connected" })
})

test("each frame tells the epoch, and a later one is told at once", () => {
  const { state, frames, announcements } = open()
  state.epoch = 8
  announcements.announce()
  assert.deepEqual(frames, [{ type: "Data.Connection.State", senderId: "host", data: {}, epoch: 8 }])
})

test("the whole picture goes in as many frames as it takes, of which the first one takes the place of what was told before; with the longest ids they can be read", () => {
  const { announcements } = open(() => true)
  const ids = Array.from({ length: STATES_PER_FRAME }, (_, index) => String.fromCharCode(1 + (index % 8)).repeat(125) + `${index}`.padStart(3, "0"))
  for (const peerId of ids) announcements.set(peerId, "connected")
  const frames = announcements.snapshot.map((packet) => /** @type {any} */ (decodeFrame(packet)))
  assert.deepEqual(frames.map(({ full = false }) => full), [true, false, false])
  assert.deepEqual(new Set(frames.flatMap(({ data }) => Object.keys(data))), new Set(["host", ...ids]))
  assert.deepEqual(new Set(frames.flatMap(({ readers }) => readers)), new Set(["host", ...ids]))
  announcements.stop()
})

// In a session

/** So many join at once; returns how many frames of states each has got then. @param {number} count */
async function framesOfBurst(count) {
  const world = new World()
  await world.session("host")
  const pages = crowd(count).map((peerId) => world.page(peerId))
  for (const { peer } of pages) peer.start()
  await world.pass(1_000)
  for (const page of pages) assert.equal(Object.values(page.presence).filter((state) => state === "connected").length, count + 1)
  const channels = world.network.all.flatMap((end) => end.channels)
  const received = channels.map(({ frames }) => frames.filter((text) => typeof text === "string" && text.startsWith('{"type":"Data.Connection.State"')).length).filter((frames) => frames > 0)
  for (const { peer } of pages) peer.abort()
  return received
}

test("a burst of joins costs each client as many frames of states, whether ten join or sixty", async () => {
  const [few, many] = [await framesOfBurst(10), await framesOfBurst(60)]
  assert.deepEqual([few.length, many.length], [10, 60])
  assert.equal(Math.max(...many), Math.max(...few))
  assert.ok(Math.max(...many) <= 3, `${Math.max(...many)}`)
})
