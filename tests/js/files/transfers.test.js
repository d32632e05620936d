import assert from "node:assert/strict"
import { test } from "node:test"

import { FileRoom, TestFile, noise } from "../support/file_room.js"

const KIB = 1024
const MIB = 1024 * KIB

/** A room with a host, and others who take whatever comes; `taken` holds what came of it. */
function open(...peerIds) {
  const room = new FileRoom()
  const taken = new Map()
  const parties = peerIds.map((peerId) => room.join(peerId, { onOffer: (file) => {
    taken.set(peerId, file.accept())
    return true
  } }))
  return { room, taken, parties }
}

const bytesOf = async (file) => new Uint8Array(await file.arrayBuffer())

/** Whether a file holds these bytes: a readable answer in place of a difference of megabytes. */
async function same(file, bytes) {
  return Buffer.compare(await bytesOf(file), bytes) === 0
}

test("a file arrives as it was, with its name and type", async () => {
  const { room, taken, parties: [ann, bob] } = open("ann", "bob")
  const bytes = noise(3 * MIB + 77)
  const sending = ann.transfers.sendFile(new TestFile(bytes, "cat.png", { type: "image/png" }), { to: "bob" })
  assert.deepEqual([sending.name, sending.type, sending.size, sending.state], ["cat.png", "image/png", bytes.length, "offered"])
  const { error } = await room.settled(sending.done)
  assert.equal(error, undefined)
  const file = await taken.get("bob")
  assert.deepEqual([file.name, file.type, file.size], ["cat.png", "image/png", bytes.length])
  assert.ok(await same(file, bytes))
  assert.deepEqual([sending.state, sending.transferred, bob.offers[0].state, bob.offers[0].verified], ["done", bytes.length, "done", true])
  assert.equal(ann.sentBytes, bytes.length)
  await room.pass(2_000)
  assert.equal(room.clock.pending, 0)
})

test("one chunk serves all who are as far, and the host only passes on", async () => {
  const { room, taken, parties: [ann] } = open("ann", "bob", "cay", "dan")
  const bytes = noise(5 * MIB)
  const sending = ann.transfers.sendFile(bytes, { to: ["bob", "cay", "dan"], name: "x" })
  await room.settled(sending.done)
  for (const peerId of ["bob", "cay", "dan"]) assert.ok(await same(await taken.get(peerId), bytes))
  assert.equal(ann.sentBytes, bytes.length)
})

test("an empty file is a file", async () => {
  const { room, taken, parties: [ann] } = open("ann", "bob")
  await room.settled(ann.transfers.sendFile(new Blob([]), { to: "bob" }).done)
  assert.equal((await taken.get("bob")).size, 0)
})

test("goes on where it was when the line breaks, and when the host changes", async () => {
  const { room, taken, parties: [ann, bob] } = open("ann", "bob", "cay")
  ann.up.rate = 4_000
  const bytes = noise(16 * MIB)
  const sending = ann.transfers.sendFile(new TestFile(bytes), { to: ["bob"] })
  await room.until(() => sending.transferred > 3 * MIB)
  room.drop("bob")
  await room.pass(2_000)
  room.restore("bob")
  await room.until(() => sending.transferred > 8 * MIB)
  const others = room.hostDies("cay")
  await room.pass(1_000)
  for (const peerId of others) {
    room.restore(peerId)
    await room.pass(300)
  }
  await room.settled(sending.done)
  assert.ok(await same(await taken.get("bob"), bytes))
  assert.equal(bob.offers[0].verified, true)
  const again = ann.sentBytes - bytes.length
  assert.ok(again < 2 * 2 * MIB, `${again} bytes were sent again`)
})
