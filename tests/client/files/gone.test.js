import assert from "node:assert/strict"
import { test } from "node:test"

import { PATIENCE_MS, RETURN_MS, WINDOW_BYTES } from "../../../static/js/files/limits.js"
import { BlobSink } from "../../../static/js/files/receiving/sinks.js"
import { TestFile, noise } from "../support/file_room.js"
import { MIB, codes, open } from "../support/file_story.js"

/** Where files go, and how many of them are open. */
class CountedSinks {
  opened = 0

  async open(file) {
    const sink = new BlobSink(file)
    const end = () => { this.opened -= 1 }
    this.opened += 1
    return {
      write: (block) => sink.write(block),
      close: () => sink.close().finally(end),
      abort: () => sink.abort().finally(end),
    }
  }

  tidy() {}

  async dispose() {}
}

/** A file from ann to bob, who takes it, and `others` that he takes from cay meanwhile, so slowly that these last. @param {{ others?: number, to?: WritableStream }} [options] */
async function begin({ others = 0, to } = {}) {
  const { room, parties: [ann, cay, dan] } = open("ann", "cay", "dan")
  const sinks = new CountedSinks()
  const taken = []
  const bob = room.join("bob", { sinks, onOffer: (file) => taken.push(file.accept(file.senderId === "ann" ? { ...(to && { to }) } : {})) })
  ann.up.rate = 1_000
  for (const party of [cay, dan]) party.up.rate = 64
  for (let number = 0; number < others; number++) (number < 3 ? cay : dan).transfers.sendFile(new TestFile(noise(3 * WINDOW_BYTES)), { to: "bob" })
  await room.until(() => bob.offers.length === others)
  const sending = ann.transfers.sendFile(new TestFile(noise(3 * WINDOW_BYTES)), { to: "bob" })
  await room.until(() => sending.transferred > MIB || others > 0 && bob.offers.length > others)
  return { room, ann, bob, sinks, others, sending, file: bob.offers.at(-1), taken: taken.at(-1) }
}

const assertStates = ({ file, sending }, state) => assert.deepEqual([file.state, sending.state], [state, state])

/** How far a file may be when one of the two goes. @type {Record<string, () => ReturnType<typeof begin>>} */
const STATES = {
  "is on its way": () => begin(),
  "its recipient has paused": async () => {
    const story = await begin()
    story.file.pause()
    await story.room.pass(1_000)
    assertStates(story, "paused")
    return story
  },
  "its sender has paused": async () => {
    const story = await begin()
    story.sending.pause()
    await story.room.pass(1_000)
    assertStates(story, "paused")
    return story
  },
  "waits for its turn": async () => {
    const story = await begin({ others: 4 })
    await story.room.pass(1_000)
    assertStates(story, "offered")
    return story
  },
}

test("a file that its sender has paused, and never goes on with, is given up in the end", async () => {
  const story = await begin()
  story.sending.pause()
  await story.room.pass(1_000)
  for (let ms = 0; ms < PATIENCE_MS; ms += 5_000) story.file.pass(5_000)
  assert.equal((await story.room.settled(story.taken)).error.code, "stalled")
})

/** Of the file nothing is left: nothing of its sender, and nothing that is open. */
const assertLeft = ({ bob, sinks, others }) => assert.deepEqual([sinks.opened, bob.transfers.size], [others, Math.min(2, others)])

for (const [name, arrange] of Object.entries(STATES)) {
  test(`a file that ${name} ends soon when its sender's page is loaded anew`, async () => {
    const { room, bob, sinks, taken, file, others } = await arrange()
    const ann = await room.reload("ann")
    const { error } = await room.settled(taken, 5_000)
    assert.deepEqual([error.code, file.state, ann.transfers.size], ["cancelled", "failed", 0])
    assertLeft({ bob, sinks, others })
  })

  test(`a file that ${name} ends when its sender has gone for good`, async () => {
    const { room, bob, sinks, taken, others } = await arrange()
    room.close("ann")
    const { error } = await room.settled(taken, RETURN_MS + 5_000)
    assert.equal(error.code, "stalled")
    assertLeft({ bob, sinks, others })
  })

  test(`a file that ${name} ends soon when its recipient's page is loaded anew`, async () => {
    const { room, ann, sending } = await arrange()
    const bob = await room.reload("bob")
    const { error } = await room.settled(sending.done, 5_000)
    assert.deepEqual([error.code, codes(sending.failures), ann.transfers.size, bob.transfers.size], ["cancelled", { bob: "cancelled" }, 0, 0])
  })

  test(`a file that ${name} ends when its recipient has gone for good`, async () => {
    const { room, ann, sending } = await arrange()
    room.close("bob")
    const { error } = await room.settled(sending.done, RETURN_MS + 5_000)
    assert.deepEqual([error.code, ann.transfers.size], ["stalled", 0])
  })
}

test("a file whose recipient was given up while it was away and had paused ends there, too, when it is back", async () => {
  const { room, ann, bob, sinks, sending, file, taken } = await begin()
  const cay = room.parties.get("cay")
  const toBoth = ann.transfers.sendFile(new TestFile(noise(3 * WINDOW_BYTES)), { to: ["bob", "cay"] })
  await room.until(() => toBoth.peers.get("bob").transferred > MIB && toBoth.peers.get("cay").transferred > MIB)
  for (const offer of bob.offers) offer.pause()
  await room.pass(1_000)
  room.drop("bob")
  for (const each of [sending, toBoth]) each.pause()
  await room.until(() => toBoth.failures.size > 0) // the pause didn't reach it in time
  await room.pass(1_000)
  room.restore("bob")
  assert.equal((await room.settled(taken, 5_000)).error.code, "cancelled")
  await room.until(() => bob.offers.every((offer) => offer.error), 5_000)
  assert.deepEqual([file.error.code, bob.offers[1].error.code, sinks.opened, bob.transfers.size], ["cancelled", "no_such_peer", 0, 0])
  toBoth.resume()
  assert.equal((await room.settled(toBoth.done)).error, undefined)
  assert.equal(cay.offers[0].state, "done")
})

/** A stream of an app's, and why it was aborted. */
function stream() {
  const own = { abortedFor: /** @type {string | null} */ (null), to: new WritableStream({ abort: ({ code }) => { own.abortedFor = code } }) }
  return own
}

test("a stream whose file fails while it waits for its turn is aborted", async () => {
  for (const [code, end] of /** @type {[string, (story: any) => void][]} */ ([
    ["stalled", ({ room }) => room.close("ann")],
    ["cancelled", ({ sending }) => sending.cancel()],
    ["cancelled", ({ file }) => file.cancel()],
    ["not_joined", ({ room }) => room.close("bob")],
  ])) {
    const own = stream()
    const story = await begin({ others: 4, to: own.to })
    await story.room.pass(1_000)
    assertStates(story, "offered")
    end(story)
    assert.equal((await story.room.settled(story.taken, RETURN_MS + 5_000)).error.code, code)
    assert.equal(own.abortedFor, code)
  }
})

test("so is one that comes when its file has failed already", async () => {
  const { room, sending, file } = await begin()
  sending.cancel()
  await room.pass(100)
  const own = stream()
  await assert.rejects(file.accept({ to: own.to }), { code: "cancelled" })
  assert.equal(own.abortedFor, "cancelled")
})
