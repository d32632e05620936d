import assert from "node:assert/strict"
import { test } from "node:test"

import { P2pError } from "../../../static/js/base/errors.js"
import { CHUNK_BYTES, LEAST_PACE_MS, LEAST_WINDOW_BYTES, MAX_OFFERS, MAX_OFFERS_IN_ALL, MAX_QUEUED, OFFER_MS, SMALL_CHUNK_BYTES, WINDOW_BYTES } from "../../../static/js/files/limits.js"
import { TestFile, noise, subtle } from "../support/file_room.js"
import { KIB, MIB, codes, open, same } from "../support/file_story.js"

test("a file arrives as it was, with its name and type", async () => {
  const { room, taken, parties: [ann, bob] } = open("ann", "bob")
  const bytes = noise(3 * MIB + 77)
  const sending = ann.transfers.sendFile(new TestFile(bytes, "cat.png", { type: "image/png" }), { to: "bob" })
  assert.deepEqual([sending.name, sending.type, sending.size, sending.state], ["cat.png", "image/png", bytes.length, "offered"])
  const { error } = await room.settled(sending.done)
  assert.equal(error, undefined)
  const file = await taken.get("bob")[0]
  assert.deepEqual([file.name, file.type, file.size], ["cat.png", "image/png", bytes.length])
  assert.ok(await same(file, bytes))
  assert.deepEqual([sending.state, sending.transferred, bob.offers[0].state, bob.offers[0].verified], ["done", bytes.length, "done", true])
  assert.deepEqual(sending.peers, new Map([["bob", { state: "done", transferred: bytes.length }]]))
  assert.equal(ann.sentBytes, bytes.length)
  await room.pass(2_000)
  assert.equal(room.clock.pending, 0, "nothing goes on when nothing is on its way")
  assert.equal(ann.transfers.size + bob.transfers.size, 0)
})

test("goes to all that are connected, the host too; one chunk serves all who are as far", async () => {
  const { room, taken, parties: [ann, , , dan] } = open("ann", "bob", "cay", "dan")
  room.drop("dan")
  const bytes = noise(5 * MIB)
  const sending = ann.transfers.sendFile(bytes, { name: "x" })
  await room.settled(sending.done)
  for (const peerId of ["host", "bob", "cay"]) assert.ok(await same(await taken.get(peerId)[0], bytes))
  assert.equal(ann.sentBytes, bytes.length)
  assert.equal(dan.offers.length, 0)
})

test("a host sends as well as it passes on", async () => {
  const { room, taken } = open("ann", "bob")
  const bytes = noise(2 * MIB)
  await room.settled(room.host.transfers.sendFile(bytes, { to: ["ann", "bob"] }).done)
  assert.ok(await same(await taken.get("ann")[0], bytes))
  assert.ok(await same(await taken.get("bob")[0], bytes))
})

test("an empty file is a file, and so is a view of a part of a buffer", async () => {
  const { room, taken, parties: [ann] } = open("ann", "bob")
  const part = noise(100).subarray(10, 30)
  await room.settled(ann.transfers.sendFile(new Blob([]), { to: "bob" }).done)
  await room.settled(ann.transfers.sendFile(part, { to: "bob", name: "part", type: "nonsense" }).done)
  const [empty, view] = await Promise.all(taken.get("bob"))
  assert.deepEqual([empty.size, empty.name, empty.type], [0, "file", "application/octet-stream"])
  assert.deepEqual([view.name, view.type], ["part", "application/octet-stream"])
  assert.ok(await same(view, part))
})

test("what can't be sent is refused at once, with the reason", () => {
  const { parties: [ann] } = open("ann", "bob")
  const refuses = (data, to, code) => assert.throws(() => ann.transfers.sendFile(data, { to }), { code })
  for (const to of ["ann", [], ["ann"]]) refuses(new Blob([]), to, "no_such_peer")
  refuses(new Blob([]), Array.from({ length: 257 }, (_, number) => `p${number}`), "too_large")
  refuses(new (class extends Blob { get size() { return 2 ** 40 } })(), "bob", "too_large")
})

test("a peer that isn't there can't be sent to", async () => {
  const { room, parties: [ann] } = open("ann", "bob")
  const sending = ann.transfers.sendFile(noise(10), { to: ["bob", "nobody"] })
  assert.equal((await room.settled(sending.done)).error, undefined, "one has it")
  assert.deepEqual(codes(sending.failures), { nobody: "no_such_peer" })
  const { error } = await room.settled(ann.transfers.sendFile(noise(10), { to: "nobody" }).done)
  assert.equal(error.code, "no_such_peer")
})

test("an offer that nobody looks after, or that is declined, or that nobody answers", async () => {
  const { room, parties: [ann, bob, cay, dan] } = open("ann", "bob", "cay", "dan")
  bob.onOffer = () => false
  cay.onOffer = (file) => {
    file.decline("No room on my desk.")
    return true
  }
  dan.onOffer = () => true
  const sending = ann.transfers.sendFile(noise(10), { to: ["bob", "cay", "dan"] })
  await room.pass(OFFER_MS - 5_000)
  assert.deepEqual(codes(sending.failures), { bob: "declined", cay: "declined" })
  assert.equal(sending.failures.get("cay").message, "No room on my desk.")
  const { error } = await room.settled(sending.done)
  assert.equal(error.code, "declined")
  await room.pass(3_000)
  assert.equal(dan.offers[0].state, "failed")
  await assert.rejects(dan.offers[0].accept(), { code: "declined" })
})

test("who accepts late gets it from the start", async () => {
  const { room, parties: [ann, bob, cay] } = open("ann", "bob", "cay")
  cay.onOffer = () => true
  ann.up.rate = 500
  const bytes = noise(12 * MIB)
  const sending = ann.transfers.sendFile(bytes, { to: ["bob", "cay"] })
  await room.until(() => bob.offers[0]?.transferred > 6 * MIB)
  const late = cay.offers[0].accept()
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await late, bytes))
  assert.equal(bob.offers[0].state, "done")
})

test("those who wait for one that catches up, however long, aren't given up and don't give up", async () => {
  const { room, parties: [ann, bob, cay] } = open("ann", "bob", "cay")
  cay.onOffer = () => true
  ann.up.rate = 300
  const bytes = noise(16 * MIB)
  const sending = ann.transfers.sendFile(bytes, { to: ["bob", "cay"] })
  await room.pass(50_000)
  const late = cay.offers[0].accept()
  const before = bob.offers[0].transferred
  await room.pass(40_000)
  assert.ok(bob.offers[0].transferred - before < 2 * MIB, "bob has waited all that time")
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.deepEqual([bob.offers[0].state, cay.offers[0].state], ["done", "done"])
  assert.ok(await same(await late, bytes))
})

test("while somebody talks little is under way, in small chunks, and all of the window again when it is quiet", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  Object.assign(bob.down, { rate: 2_000, latency: 1 })
  const sending = ann.transfers.sendFile(new TestFile(noise(32 * MIB)), { to: "bob" })
  let longest = 0
  room.onChunk = (_, offset, length) => { longest = Math.max(longest, length); return true }
  /** How much is under way at most, and in how long chunks, in a second that is like this. */
  const look = async (isTalking) => {
    let most = 0
    for (let step = 0; step < 400; step++) {
      if (isTalking) ann.transfers.yielding.note()
      await room.pass(5)
      if (step === 200) longest = 0
      if (step >= 200) most = Math.max(most, ann.sentBytes - sending.transferred)
    }
    return [most, longest]
  }
  assert.deepEqual(await look(false), [WINDOW_BYTES, CHUNK_BYTES])
  const [most, length] = await look(true)
  assert.ok(most <= 2 * LEAST_WINDOW_BYTES, `${most} bytes were under way`)
  assert.equal(length, SMALL_CHUNK_BYTES)
  assert.deepEqual(await look(false), [WINDOW_BYTES, CHUNK_BYTES])
  sending.cancel()
})

test("over a thin line chunks are small, also for those beside it who have a better one", async () => {
  const { room, parties: [ann, bob, cay] } = open("ann", "bob", "cay")
  Object.assign(bob.down, { rate: 50, latency: 100 })
  Object.assign(cay.down, { rate: 2_000, latency: 1 })
  const sending = ann.transfers.sendFile(new TestFile(noise(MIB)), { to: ["bob", "cay"] })
  const lengths = new Set()
  room.onChunk = (_, offset, length) => { lengths.add(length); return true }
  for (let step = 0; step < 100; step++) {
    ann.transfers.yielding.note()
    await room.pass(100)
    if (step === 50) lengths.clear()
  }
  assert.deepEqual([...lengths], [2 * 1024]) // half of what the line carries in CHUNK_MS, or more
  sending.cancel()
})

test("several files at once take turns, and those beyond wait for theirs", async () => {
  const { room, taken, parties: [ann, bob] } = open("ann", "bob")
  ann.up.rate = 2_000
  const files = Array.from({ length: 6 }, (_, number) => noise(3 * MIB, number + 1))
  const sendings = files.map((bytes) => ann.transfers.sendFile(bytes, { to: "bob" }))
  await room.pass(4_000)
  assert.equal(sendings.filter(({ transferred }) => transferred > MIB).length, 3)
  assert.deepEqual(sendings.map(({ state }) => state), ["active", "active", "active", "offered", "offered", "offered"])
  for (const sending of sendings) assert.equal((await room.settled(sending.done)).error, undefined)
  const received = await Promise.all(taken.get("bob"))
  for (const [number, bytes] of files.entries()) assert.ok(await same(received[number], bytes))
  assert.equal(bob.transfers.receiving.droppedChunks, 0)
})

test("one sender whose files get on slowly leaves room for another's", async () => {
  const { room, taken, parties: [mallory, ann] } = open("mallory", "ann", "bob")
  mallory.up.rate = 8
  for (let number = 0; number < 10; number++) mallory.transfers.sendFile(noise(3 * MIB, number), { to: "bob" })
  await room.until(() => taken.get("bob")?.length === 10)
  const sending = ann.transfers.sendFile(noise(3 * MIB, 99), { to: "bob" })
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("bob").at(-1), noise(3 * MIB, 99)))
})

test("one recipient that takes next to nothing doesn't keep the others from a file for long", async () => {
  const { room, taken, parties: [ann, , mallory] } = open("ann", "bob", "mallory")
  mallory.down.rate = 8
  const sending = ann.transfers.sendFile(noise(4 * MIB), { to: ["bob", "mallory"] })
  await room.until(() => sending.peers.get("mallory")?.state === "active")
  const begun = room.clock.now()
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(room.clock.now() - begun < 2 * LEAST_PACE_MS)
  assert.deepEqual([sending.peers.get("bob")?.state, sending.failures.get("mallory")?.code], ["done", "stalled"])
  assert.ok(await same(await taken.get("bob")[0], noise(4 * MIB)))
})

test("senders that bring next to nothing don't keep others from sending for long", async () => {
  const { room, taken, parties: [bob, ...slow] } = open("bob", "mallory", "eve")
  const cleo = room.join("cleo")
  const large = noise(4 * MIB)
  for (const party of slow) party.up.rate = 1
  const sendings = slow.flatMap(({ transfers }) => Array.from({ length: 4 }, () => transfers.sendFile(large, { to: "bob" })))
  await room.until(() => bob.offers.filter(({ state }) => state === "active").length === 4)
  const begun = room.clock.now()
  const sending = cleo.transfers.sendFile(noise(3 * MIB), { to: "bob" })
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(room.clock.now() - begun < 3 * LEAST_PACE_MS)
  assert.ok(await same(await taken.get("bob").at(-1), noise(3 * MIB)))
  for (const { done } of sendings) void done.catch(() => undefined)
  assert.ok(sendings.some(({ failures }) => failures.get("bob")?.code === "stalled"))
})

test("a thousand small files all arrive", async () => {
  const { room, taken, parties: [ann] } = open("ann", "bob")
  const sendings = Array.from({ length: 1_000 }, (_, number) => ann.transfers.sendFile(noise(number), { to: ["bob"], name: `${number}.txt` }))
  await room.until(() => sendings.every(({ state }) => state === "done"))
  const received = await Promise.all(taken.get("bob"))
  assert.deepEqual(received.map(({ name, size }) => [name, size]), sendings.map(({ name }, number) => [name, number]))
})

test("only so many files may wait, here and at a recipient", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  bob.onOffer = () => true
  const empty = new Blob([])
  for (let count = 0; count < MAX_QUEUED; count++) ann.transfers.sendFile(empty, { to: "bob" })
  assert.throws(() => ann.transfers.sendFile(empty, { to: "bob" }), { code: "rate_limited" })
  await room.pass(100)
  assert.equal(bob.offers.length, 16)
  for (let number = 0; number < MAX_OFFERS; number++) bob.transfers.noted("eve", { kind: "offer", id: `e${number}`, name: "x", type: "", size: 1 })
  const eve = room.join("eve")
  const told = []
  eve.transfers.noted = (_, note) => told.push(note.code)
  bob.transfers.noted("eve", { kind: "offer", id: "more", name: "x", type: "", size: 1 })
  await room.pass(100)
  assert.deepEqual(told, ["rate_limited"])
  assert.equal(bob.offers.length, 16 + MAX_OFFERS)
  ann.transfers.leave(new P2pError("not_joined"))
  assert.equal(ann.transfers.size, 0)
})

test("only so many files wait, however many senders there are said to be, and what is over makes room", async () => {
  const { room, parties: [bob] } = open("bob")
  bob.onOffer = () => true
  const offer = (sender) => bob.transfers.noted(`sender-${sender}`, { kind: "offer", id: "f", name: "x", type: "", size: 1 })
  for (let sender = 0; sender < MAX_OFFERS_IN_ALL + 50; sender++) offer(sender)
  assert.equal(bob.offers.length, MAX_OFFERS_IN_ALL)
  bob.offers[7].decline()
  for (const sender of ["one more", "too many"]) offer(sender)
  assert.equal(bob.offers.length, MAX_OFFERS_IN_ALL + 1)
  bob.transfers.leave(new P2pError("not_joined"))
  await room.pass(100)
})

test("a name or type that lies is cleaned at both ends", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  assert.equal(ann.transfers.sendFile(new Blob([]), { to: "bob", name: "../../etc/passwd" }).name, "passwd")
  bob.transfers.noted("ann", { kind: "offer", id: "x1", name: "C:\\evil\u202Egpj.exe", type: "text/html\r\nX: y", size: 0 })
  assert.deepEqual([bob.offers[0].name, bob.offers[0].type], ["evilgpj.exe", "application/octet-stream"])
  await room.pass(100)
})

test("bad notes, chunks and credits change nothing", async () => {
  const { room, taken, parties: [ann, bob] } = open("ann", "bob")
  for (const note of [null, "x", 7, {}, { kind: "offer" }, { kind: "offer", id: "a b", name: "", type: "", size: 0 }, { kind: "offer", id: "ab", name: "", type: "", size: -1 }, { kind: "done", id: "zz" }]) bob.transfers.noted("ann", note)
  assert.equal(bob.offers.length, 0)
  ann.up.rate = 1_000
  const bytes = noise(4 * MIB)
  const sending = ann.transfers.sendFile(bytes, { to: "bob" })
  await room.until(() => sending.transferred > MIB)
  const { id: transfer } = sending
  const { droppedChunks } = bob.transfers.receiving
  const chunk = new Uint8Array(64 * KIB)
  for (const offset of [0, 8 * MIB, -1, 1.5, NaN, "0", null, 64 * KIB + 1]) bob.transfers.receiving.chunkReceived("ann", { transfer, offset }, chunk)
  bob.transfers.receiving.chunkReceived("eve", { transfer, offset: 0 }, chunk)
  bob.transfers.receiving.chunkReceived("ann", { transfer: "unknown", offset: 0 }, chunk)
  assert.equal(bob.transfers.receiving.droppedChunks - droppedChunks, 10)
  for (const offset of [-1, 64 * MIB, 0.5, NaN, "9", null]) for (const resume of [true, false]) ann.transfers.creditReceived("bob", { transfer, offset, resume })
  ann.transfers.creditReceived("eve", { transfer, offset: 0 })
  ann.transfers.noted("eve", { kind: "fail", id: transfer, code: "cancelled" })
  ann.transfers.noted("bob", { kind: "done", id: transfer })
  bob.transfers.noted("ann", { kind: "offer", id: transfer, name: "again", type: "", size: 3 })
  assert.equal((await room.settled(sending.done)).error, undefined)
  assert.ok(await same(await taken.get("bob")[0], bytes))
  assert.equal(bob.offers.length, 1)
})

test("without a digest it arrives all the same, and isn't called verified", async () => {
  const { room, taken, parties: [ann] } = open("ann", "bob")
  const eve = room.join("eve", { subtle: null })
  const bytes = noise(MIB)
  await room.settled(eve.transfers.sendFile(bytes, { to: "bob" }).done)
  assert.ok(await same(await taken.get("bob")[0], bytes))
  eve.onOffer = (file) => Boolean(file.accept())
  await room.settled(ann.transfers.sendFile(bytes, { to: "eve" }).done)
  assert.ok(await same(await eve.offers[0].accept(), bytes))
  assert.deepEqual([eve.offers[0].state, eve.offers[0].verified], ["done", false])
})

test("tells both sides how it gets on: not too often, and once at the end", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  ann.up.rate = 1_000
  const size = 8 * MIB
  const sending = ann.transfers.sendFile(noise(size), { to: "bob", name: "x", type: "text/plain" })
  await room.settled(sending.done)
  for (const [party, direction, peerId] of [[ann, "out", "bob"], [bob, "in", "ann"]]) {
    const { progress } = party
    assert.ok(progress.every((entry) => entry.id === sending.id && entry.direction === direction && entry.peerId === peerId && entry.name === "x" && entry.size === size))
    assert.deepEqual([...new Set(progress.map(({ state }) => state))].filter((state) => state !== "offered"), ["active", "done"])
    assert.equal(progress.filter(({ state }) => state === "done").length, 1)
    assert.equal(progress.at(-1).transferred, size)
    const moved = progress.map(({ transferred }) => transferred)
    assert.deepEqual(moved, moved.toSorted((a, b) => a - b))
    assert.ok(progress.length > 10 && progress.length <= size / 1_000 / 100 + 5, `${progress.length} reports in ${size / 1_000} ms`)
    const { rate } = progress.at(-3)
    assert.ok(rate > 800_000 && rate < 1_200_000, `${rate} bytes/s`)
  }
})

test("who leaves ends everything, and asks nothing of those that stay", async () => {
  const { room, parties: [ann, bob] } = open("ann", "bob")
  const sending = ann.transfers.sendFile(noise(40 * MIB), { to: "bob" })
  await room.until(() => sending.transferred > MIB)
  const received = bob.offers[0].accept()
  ann.transfers.leave(new P2pError("not_joined"))
  await assert.rejects(sending.done, { code: "not_joined" })
  room.drop("ann")
  room.parties.delete("ann")
  assert.equal((await room.settled(received)).error.code, "stalled")
  assert.equal(ann.transfers.size + bob.transfers.size, 0)
})

test("digests are those of SHA-256", async () => {
  assert.deepEqual(await subtle.digest("SHA-256", noise(9)), await crypto.subtle.digest("SHA-256", noise(9)))
})
