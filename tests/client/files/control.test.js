import assert from "node:assert/strict"
import { test } from "node:test"

import { RETURN_MS } from "../../../static/js/files/limits.js"
import { TestFile, noise } from "../support/file_room.js"
import { MIB, codes, open, same } from "../support/file_story.js"

/** A transfer of `bytes` to each of `to` that has come a good way. */
async function under({ room, parties: [ann] }, bytes, ...to) {
  ann.up.rate = 1_000
  const file = new TestFile(bytes)
  const sending = ann.transfers.sendFile(file, { to })
  await room.until(() => sending.transferred > MIB)
  return { sending, file }
}

const states = (progress) => progress.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1])

test("the sender pauses for all, for as long as it likes, and goes on", async () => {
  const story = open("ann", "bob", "cay")
  const { room, taken, parties: [ann, bob] } = story
  const bytes = noise(6 * MIB)
  const { sending } = await under(story, bytes, "bob", "cay")
  sending.pause()
  sending.pause()
  await room.pass(4_000)
  const { sentBytes } = ann
  assert.deepEqual([sending.state, bob.offers[0].state, bob.offers[0].rate], ["paused", "paused", 0])
  await room.pass(3 * RETURN_MS)
  assert.equal(ann.sentBytes, sentBytes)
  sending.resume()
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("cay")[0], bytes))
  assert.equal(ann.sentBytes, bytes.length)
  assert.deepEqual(states(bob.progress), ["active", "paused", "active", "done"])
  assert.deepEqual(states(ann.progress.filter(({ peerId }) => peerId === "bob")), ["offered", "active", "paused", "active", "done"])
})

test("a file that is paused before anybody takes it waits", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  const sending = ann.transfers.sendFile(noise(MIB), { to: "bob" })
  sending.pause()
  await room.pass(2 * RETURN_MS)
  assert.deepEqual([ann.sentBytes, bob.offers[0].state], [0, "paused"])
  sending.resume()
  assert.equal((await room.settled(sending.done)).error, undefined)
})

test("a recipient pauses for itself; the others go on, and it catches up", async () => {
  const story = open("ann", "bob", "cay")
  const { room, taken, parties: [, bob, cay] } = story
  const bytes = noise(6 * MIB)
  const { sending } = await under(story, bytes, "bob", "cay")
  const [file] = cay.offers
  file.pause()
  await room.until(() => bob.offers[0].state === "done")
  await room.pass(2 * RETURN_MS)
  assert.deepEqual([file.state, sending.state, sending.peers.get("cay").state], ["paused", "paused", "paused"])
  file.resume()
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("cay")[0], bytes))
})

test("a recipient pauses before its turn has come", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  bob.onOffer = () => true
  const sending = ann.transfers.sendFile(noise(MIB), { to: "bob" })
  await room.pass(100)
  const file = bob.offers[0].accept()
  bob.offers[0].pause()
  await room.pass(2 * RETURN_MS)
  assert.deepEqual([bob.offers[0].state, sending.state], ["paused", "paused"])
  bob.offers[0].resume()
  assert.equal((await room.settled(file)).value.size, MIB)
})

test("the sender cancels", async () => {
  const story = open("ann", "bob")
  const { room, parties: [ann, bob] } = story
  const { sending } = await under(story, noise(6 * MIB), "bob")
  sending.cancel("Wrong file.")
  sending.cancel()
  sending.pause()
  await assert.rejects(sending.done, { code: "cancelled", message: "Wrong file." })
  await room.pass(100)
  await assert.rejects(bob.offers[0].accept(), { code: "cancelled", message: "Wrong file." })
  assert.deepEqual([ann.progress.at(-1).state, ann.progress.at(-1).error.code, bob.progress.at(-1).state], ["failed", "cancelled", "failed"])
})

test("a recipient cancels for itself", async () => {
  const story = open("ann", "bob", "cay")
  const { room, parties: [, bob] } = story
  const { sending } = await under(story, noise(4 * MIB), "bob", "cay")
  bob.offers[0].cancel()
  await assert.rejects(bob.offers[0].accept(), { code: "cancelled" })
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.deepEqual(codes(sending.failures), { bob: "cancelled" })
})

test("what is cancelled before it was offered was never there", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  bob.onOffer = () => true
  const sendings = Array.from({ length: 20 }, () => ann.transfers.sendFile(noise(9), { to: "bob" }))
  sendings[19].cancel()
  await assert.rejects(sendings[19].done, { code: "cancelled" })
  sendings[0].cancel()
  await room.pass(100)
  assert.equal(bob.offers.length, 17)
  assert.equal(bob.offers[0].state, "failed")
})

test("a file that changes while it is sent", async () => {
  for (const onRead of [
    () => { throw new DOMException("gone", "NotReadableError") },
    (bytes) => bytes.slice(1),
  ]) {
    const story = open("ann", "bob")
    const { room, parties: [, bob] } = story
    const { sending, file } = await under(story, noise(6 * MIB), "bob")
    file.onRead = onRead
    assert.equal((await room.settled(sending.done)).error.code, "file_changed")
    await room.pass(100)
    await assert.rejects(bob.offers[0].accept(), { code: "cancelled", message: /changed/ })
  }
})

test("a file that has changed where somebody has read it before", async () => {
  const story = open("ann", "bob", "cay")
  const { room, taken, parties: [, , cay] } = story
  const bytes = noise(6 * MIB)
  const { sending, file } = await under(story, bytes, "bob", "cay")
  cay.offers[0].pause()
  await room.until(() => sending.peers.get("bob").state === "done")
  file.onRead = (read) => read.map((byte) => byte ^ 1)
  cay.offers[0].resume()
  assert.equal((await room.settled(sending.done)).error, undefined, "bob has it as it was")
  assert.ok(await same(await taken.get("bob")[0], bytes))
  assert.deepEqual(codes(sending.failures), { cay: "file_changed" })
})

test("a digest that doesn't fit fails at both ends", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  const post = room.post.bind(room)
  room.post = (from, to, note) => post(from, to, note.kind === "end" ? { ...note, digest: "0".repeat(64) } : note)
  const sending = ann.transfers.sendFile(noise(MIB), { to: "bob" })
  assert.equal((await room.settled(sending.done)).error.code, "corrupt")
  await assert.rejects(bob.offers[0].accept(), { code: "corrupt" })
})
