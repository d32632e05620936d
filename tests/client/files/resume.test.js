import assert from "node:assert/strict"
import { test } from "node:test"

import { RETURN_MS, SILENCE_MS, STALL_MS, WINDOW_BYTES } from "../../../static/js/files/limits.js"
import { TestFile, noise } from "../support/file_room.js"
import { KIB, MIB, codes, open, same } from "../support/file_story.js"

/** Sends `bytes` from ann at 1,000 bytes a millisecond. */
function begin({ parties: [ann] }, bytes, to) {
  ann.up.rate = 1_000
  return ann.transfers.sendFile(new TestFile(bytes), { to })
}

test("goes on where it was when a recipient's connection breaks", async () => {
  const story = open("ann", "bob")
  const { room, taken, parties: [ann, bob] } = story
  const bytes = noise(8 * MIB)
  const sending = begin(story, bytes, "bob")
  await room.until(() => sending.transferred > 3 * MIB)
  room.drop("bob")
  await room.pass(RETURN_MS / 2)
  room.restore("bob")
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("bob")[0], bytes))
  assert.equal(bob.offers[0].verified, true)
  assert.ok(ann.sentBytes - bytes.length <= WINDOW_BYTES, `${ann.sentBytes - bytes.length} bytes were sent again`)
})

test("goes on where it was when the sender's connection breaks", async () => {
  const story = open("ann", "bob", "cay")
  const { room, taken, parties: [ann] } = story
  const bytes = noise(8 * MIB)
  const sending = begin(story, bytes, ["bob", "cay"])
  await room.until(() => sending.transferred > 3 * MIB)
  room.drop("ann")
  await room.pass(5_000)
  room.restore("ann")
  assert.equal((await room.settled(sending.done)).error, undefined)
  for (const peerId of ["bob", "cay"]) assert.ok(await same(await taken.get(peerId)[0], bytes))
  assert.ok(ann.sentBytes - bytes.length <= WINDOW_BYTES, `${ann.sentBytes - bytes.length} bytes were sent again`)
})

for (const order of [["ann", "bob"], ["bob", "ann"]]) {
  test(`goes on where it was under another host, ${order[0]} there first`, async () => {
    const story = open("ann", "bob", "cay")
    const { room, taken, parties: [ann, bob] } = story
    const bytes = noise(8 * MIB)
    const sending = begin(story, bytes, "bob")
    await room.until(() => sending.transferred > 3 * MIB)
    room.hostDies("cay")
    await room.pass(1_000)
    for (const peerId of order) {
      room.restore(peerId)
      await room.pass(700)
    }
    assert.equal((await room.settled(sending.done)).error, undefined)
    assert.ok(await same(await taken.get("bob")[0], bytes))
    assert.equal(bob.offers[0].verified, true)
    assert.ok(ann.sentBytes - bytes.length <= WINDOW_BYTES, `${ann.sentBytes - bytes.length} bytes were sent again`)
  })
}

test("goes on when sender or recipient becomes the host", async () => {
  for (const next of ["ann", "bob"]) {
    const story = open("ann", "bob")
    const { room, taken } = story
    const bytes = noise(6 * MIB)
    const sending = begin(story, bytes, "bob")
    await room.until(() => sending.transferred > 2 * MIB)
    for (const peerId of room.hostDies(next)) room.restore(peerId)
    assert.equal((await room.settled(sending.done)).error, undefined)
    assert.ok(await same(await taken.get("bob")[0], bytes))
  }
})

test("one that is out of reach doesn't hold up the others, and catches up when it is back", async () => {
  const story = open("ann", "bob", "cay")
  const { room, taken, parties: [ann, bob] } = story
  const bytes = noise(12 * MIB)
  const sending = begin(story, bytes, ["bob", "cay"])
  await room.until(() => sending.transferred > 2 * MIB)
  room.drop("cay")
  const before = bob.offers[0].transferred
  await room.pass(4_000)
  assert.ok(bob.offers[0].transferred > before + 3 * MIB)
  room.restore("cay")
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("cay")[0], bytes))
  assert.ok(ann.sentBytes < 2 * bytes.length)
})

test("one that doesn't come back is given up, at both ends, and the others get it", async () => {
  const story = open("ann", "bob", "cay")
  const { room, taken, parties: [, bob] } = story
  const sending = begin(story, noise(4 * MIB), ["bob", "cay"])
  await room.until(() => sending.transferred > MIB)
  room.drop("bob")
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.deepEqual(codes(sending.failures), { bob: "stalled" })
  await room.pass(2_000)
  assert.equal(bob.offers[0].error.code, "stalled")
  assert.equal((await taken.get("cay")[0]).size, 4 * MIB)
})

test("a chunk that is lost on the way is asked for, once", async () => {
  const story = open("ann", "bob")
  const { room, taken, parties: [ann] } = story
  let losses = 3
  room.onChunk = (_, offset) => offset % MIB > 0 || losses-- <= 0
  const bytes = noise(6 * MIB)
  const sending = begin(story, bytes, "bob")
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("bob")[0], bytes))
  assert.ok(ann.sentBytes - bytes.length <= 3 * WINDOW_BYTES, `${ann.sentBytes - bytes.length} bytes were sent again`)
})

test("the last chunk that is lost is asked for too", async () => {
  const story = open("ann", "bob")
  const { room, taken } = story
  let losses = 1
  const bytes = noise(MIB + 5)
  room.onChunk = (_, offset) => offset < MIB || losses-- <= 0
  const sending = begin(story, bytes, "bob")
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("bob")[0], bytes))
})

test("chunks that come twice are taken once", async () => {
  const story = open("ann", "bob")
  const { room, taken, parties: [ann, bob] } = story
  room.onChunk = () => 2
  const bytes = noise(2 * MIB + 9)
  await room.settled(begin(story, bytes, "bob").done)
  assert.ok(await same(await taken.get("bob")[0], bytes))
  assert.equal(bob.transfers.receiving.droppedChunks, 33)
  assert.equal(ann.sentBytes, bytes.length)
})

test("a slow recipient sets the pace, and is waited for", async () => {
  const { room, taken, parties: [ann, bob, cay] } = open("ann", "bob", "cay")
  cay.down.rate = 100
  const bytes = noise(4 * MIB)
  const sending = ann.transfers.sendFile(bytes, { to: ["bob", "cay"] })
  await room.pass(5_000)
  assert.ok(bob.offers[0].transferred - cay.offers[0].transferred <= WINDOW_BYTES)
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("cay")[0], bytes))
  assert.ok(room.clock.now() > 40_000)
})

test("one so slow that a block takes longer than patience lasts is waited for all the same", async () => {
  const { room, taken, parties: [ann, bob] } = open("ann", "bob")
  bob.down.rate = 16
  const bytes = noise(700 * KIB)
  assert.equal((await room.settled(ann.transfers.sendFile(bytes, { to: "bob" }).done)).error, undefined)
  assert.ok(await same(await taken.get("bob")[0], bytes))
})

test("on a slow connection several files arrive, though each waits long behind the others", async () => {
  const { room, taken, parties: [ann] } = open("ann", "bob", "cay")
  ann.up.rate = 60
  const files = [noise(3 * MIB, 1), noise(MIB, 2)]
  const first = ann.transfers.sendFile(files[0], { to: "bob" })
  await room.pass(15_000)
  const second = ann.transfers.sendFile(files[1], { to: "cay" })
  assert.equal((await room.settled(first.done, 300_000)).error, undefined)
  assert.equal((await room.settled(second.done, 300_000)).error, undefined)
  assert.ok(await same(await taken.get("bob")[0], files[0]))
  assert.ok(await same(await taken.get("cay")[0], files[1]))
  assert.ok(ann.sentBytes <= 4 * MIB, "nothing is sent twice because it is late")
})

test("one that stalls is dropped and told so, and the others go on", async () => {
  const story = open("ann", "bob", "cay")
  const { room, taken, parties: [, , cay] } = story
  const bytes = noise(8 * MIB)
  let isFrozen = false
  room.onChunk = (to) => to !== "cay" || !isFrozen
  const sending = begin(story, bytes, ["bob", "cay"])
  await room.until(() => sending.transferred > MIB)
  isFrozen = true
  const since = room.clock.now()
  await room.until(() => sending.failures.size > 0)
  const waited = room.clock.now() - since
  assert.ok(waited >= STALL_MS - 1_000 && waited < STALL_MS + 5_000, `${waited} ms`)
  assert.deepEqual(codes(sending.failures), { cay: "stalled" })
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("bob")[0], bytes))
  assert.equal(cay.offers[0].error.code, "stalled")
})

test("a page that was asleep holds none of it against the others", async () => {
  const story = open("ann", "bob")
  const { room, taken } = story
  const bytes = noise(4 * MIB)
  const sending = begin(story, bytes, "bob")
  await room.until(() => sending.transferred > MIB)
  room.clock.leap(10 * RETURN_MS)
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("bob")[0], bytes))
})

test("a sender that stops halfway is given up", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  ann.transfers.noted = () => {} // it hangs
  bob.transfers.noted("ann", { kind: "offer", id: "half", name: "x", type: "", size: MIB })
  await room.pass(10)
  for (let offset = 0; offset < MIB / 2; offset += 64 * KIB) bob.transfers.receiving.chunkReceived("ann", { transfer: "half", offset }, noise(64 * KIB))
  const [file] = bob.offers
  const { error } = await room.settled(file.accept())
  assert.equal(error.code, "stalled")
  assert.ok(room.clock.now() >= RETURN_MS && room.clock.now() < RETURN_MS + 5_000)
  assert.equal(bob.transfers.size, 0)
})

test("chunks that get lost again and again, faster than is asked for them, hold a file up for no longer than a look at it takes", async () => {
  const { room, taken, parties: [ann] } = open("ann", "bob")
  const bytes = noise(2 * MIB)
  let count = 0
  room.onChunk = () => ++count % 10 !== 3
  const sending = ann.transfers.sendFile(new TestFile(bytes), { to: "bob" })
  await room.settled(sending.done)
  assert.ok(await same(await taken.get("bob")[0], bytes))
  assert.ok(room.clock.now() < 2 * SILENCE_MS, `It took ${room.clock.now()} ms.`)
})
